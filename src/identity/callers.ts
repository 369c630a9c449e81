import { fail, type Locale, type Reader } from '../common/index.ts';
import {
  BROWSER_CEILING,
  boxCaller,
  type Caller,
  joinLabels,
  type Label,
  ORGANISATION,
  PERSON,
  ROLES,
  type Role,
  SCOPES,
  type Scope,
  type Surface,
  scopesOf,
} from '../protocol/index.ts';
import type { Epochs } from './epochs.ts';
import type { Device, Person, Token } from './records.ts';
import { device as findDevice, person as findPerson, token as findToken } from './repository.ts';

/** The one record of the local operator: whoever the operating system lets open the box's own socket. */
export const CONSOLE_PERSON = 'person_console';
export const ALL_ROLES = Object.keys(ROLES) as Role[];
const ALL_SCOPES = scopesOf(ALL_ROLES);
export const ADMIN_ROLES: ReadonlySet<Role> = new Set<Role>(['system-admin', 'security-admin', 'auditor']);

/** What an agent may ever use, whoever it acts for: no admin scope, and it never answers an approval. */
export const AGENT_SCOPES: ReadonlySet<Scope> = new Set<Scope>([
  'doc.read',
  'doc.write',
  'task.read',
  'task.submit',
  'infer',
  'box.read',
]);
/** What a token can never hold. */
export const NEVER_FOR_TOKENS: ReadonlySet<Scope> = new Set<Scope>([
  'approval.answer',
  ...SCOPES.filter((scope) => scope.endsWith('.admin')),
]);

/** Rights common to all principals of a call. Invariant: adding a principal never widens them. */
export function commonScopes(...principals: readonly Iterable<Scope>[]): Scope[] {
  const [first = [], ...rest] = principals.map((scopes) => new Set(scopes));
  return SCOPES.filter((scope) => new Set(first).has(scope) && rest.every((scopes) => scopes.has(scope)));
}

/** Roles that take effect on this device: its ceiling cuts every role the person may have. */
export function rolesOn(person: Person, device: Pick<Device, 'ceiling'>): Role[] {
  return device.ceiling === 'full' ? person.roles : person.roles.filter((role) => role === 'member');
}

export function scopesOn(person: Person, device: Pick<Device, 'ceiling' | 'class'>): Scope[] {
  const ceiling = device.ceiling === 'full' ? SCOPES : scopesOf(['member']);
  const trusted = isCutBrowser(device) ? SCOPES.filter((scope) => !BROWSER_CEILING.has(scope)) : SCOPES;
  return commonScopes(scopesOf(person.roles), ceiling, trusted);
}

function isCutBrowser(device: Pick<Device, 'ceiling' | 'class'>): boolean {
  return device.class === 'browser' && device.ceiling !== 'full';
}

export interface DeviceCallOptions {
  surface: Surface;
  sessionId: string | null;
  locale: Locale;
  /** A wish for less; empty means everything. */
  requestedScopes?: readonly string[];
}

/**
 * Builds callers from today's records, at every request. Nothing a client says of itself enters, and nothing is kept
 * from the time it connected.
 */
export class Callers {
  readonly #db: Reader;
  readonly #epochs: Epochs;

  constructor(options: { db: Reader; epochs: Epochs }) {
    this.#db = options.db;
    this.#epochs = options.epochs;
  }

  /** Throws DEVICE_UNKNOWN, DEVICE_REVOKED or PERSON_SUSPENDED. */
  forDevice(deviceId: string, options: DeviceCallOptions): Caller {
    const epoch = this.#epochs.ofDevice(deviceId);
    const device = findDevice(this.#db, deviceId)!;
    const person = this.#person(device.personId);
    const granted = scopesOn(person, device);
    const wanted = options.requestedScopes?.length ? (options.requestedScopes as Scope[]) : granted;
    return {
      kind: 'device',
      surface: options.surface,
      personId: person.personId,
      personName: person.name,
      deviceId,
      sessionId: options.sessionId,
      agent: null,
      taskId: null,
      roles: rolesOn(person, device),
      scopes: commonScopes(granted, wanted),
      // A browser that an administrator vouched for counts like any other device from then on.
      deviceClass: isCutBrowser(device) ? 'browser' : 'native',
      label: PERSON,
      locale: options.locale,
      epoch,
    };
  }

  /** The operator at the box itself. Holds every role: a small office has one person for all of them. */
  forConsole(locale: Locale): Caller {
    const epoch = this.#epochs.ofPerson(CONSOLE_PERSON);
    return {
      kind: 'console',
      surface: 'console',
      personId: CONSOLE_PERSON,
      personName: this.#person(CONSOLE_PERSON).name,
      deviceId: null,
      sessionId: null,
      agent: null,
      taskId: null,
      roles: ALL_ROLES,
      scopes: ALL_SCOPES,
      deviceClass: 'none',
      label: { ...PERSON, integrity: 3 },
      locale,
      epoch,
    };
  }

  /** Throws TOKEN_INVALID or PERSON_SUSPENDED. `now` is wall time: a token's end is a date. */
  forToken(tokenId: string, surface: Surface, now: number, locale: Locale): Caller {
    const epoch = this.#epochs.ofToken(tokenId);
    const token = findToken(this.#db, tokenId)!;
    if (token.expiresAt <= now) throw fail('TOKEN_INVALID');
    const person = this.#person(token.personId);
    return {
      kind: 'token',
      surface,
      personId: person.personId,
      personName: person.name,
      deviceId: null,
      sessionId: tokenId,
      agent: null,
      taskId: null,
      roles: ['api-client'],
      scopes: scopesOfToken(person, token),
      deviceClass: 'none',
      // A program typed this, not the person it belongs to.
      label: ORGANISATION,
      locale,
      epoch,
    };
  }

  /**
   * The agent acting for `base` in a task: what both may do. Its words are those of a model, so they count as
   * organisation content at best, however much its principal is trusted.
   */
  forAgent(base: Caller, taskId: string): Caller {
    return {
      ...base,
      kind: 'agent',
      surface: 'agent',
      agent: 'agent@box',
      taskId,
      roles: [],
      scopes: commonScopes(base.scopes, AGENT_SCOPES),
      label: joinLabels(base.label, ORGANISATION),
    };
  }

  /** The box acting for nobody: only what it is given here by name. */
  internal(scopes: readonly Scope[], label: Label = ORGANISATION): Caller {
    return { ...boxCaller(commonScopes(scopes), label), epoch: this.#epochs.box };
  }

  /** Today's epoch of what the caller stands on. Throws when it has lost its standing. */
  epochOf(caller: Caller): number {
    if (caller.kind === 'internal') return this.#epochs.box;
    if (caller.deviceId !== null) return this.#epochs.ofDevice(caller.deviceId);
    if (caller.sessionId?.startsWith('token_')) return this.#epochs.ofToken(caller.sessionId);
    if (caller.personId !== null) return this.#epochs.ofPerson(caller.personId);
    throw fail('UNAUTHENTICATED');
  }

  /** Throws DEVICE_REVOKED, PERSON_SUSPENDED or TOKEN_INVALID; SESSION_EXPIRED if rights changed since it was built. */
  assertCurrent(caller: Caller): void {
    if (this.epochOf(caller) !== caller.epoch) throw fail('SESSION_EXPIRED');
  }

  #person(personId: string): Person {
    const person = findPerson(this.#db, personId);
    if (!person) throw fail('PERSON_NOT_FOUND', { personId });
    return person;
  }
}

export function scopesOfToken(person: Person, token: Pick<Token, 'scopes'>): Scope[] {
  const allowed = SCOPES.filter((scope) => !NEVER_FOR_TOKENS.has(scope));
  return commonScopes(token.scopes, allowed, scopesOf([...person.roles, 'api-client']));
}
