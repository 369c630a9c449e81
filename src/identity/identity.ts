import { type Clock, type Database, fail, type Locale, type Logger } from '../common/index.ts';
import {
  type Bearer,
  type Caller,
  type Challenge,
  type Connect,
  joinLabels,
  type Label,
  type PairBegin,
  type PairBegun,
  type PairProve,
  type PairProven,
  type PairStatus,
  type PairStatusAnswer,
  type Renew,
  type Scope,
  type SessionProof,
  type Surface,
} from '../protocol/index.ts';
import { ALL_ROLES, Callers, CONSOLE_PERSON, commonScopes } from './callers.ts';
import { Epochs, type Revocation } from './epochs.ts';
import { FailureLimiter } from './failure-limiter.ts';
import type { KeyFolder } from './key-folder.ts';
import { Pairing } from './pairing.ts';
import type { IdentityJournal } from './ports.ts';
import { boxRow, insertBox, insertPerson, person } from './repository.ts';
import { type Session, Sessions, type Source } from './sessions.ts';
import { Tokens } from './tokens.ts';

export interface IdentityOptions {
  keys: KeyFolder;
  /** SHA-256 of the SPKI of the TLS key in force, base64url (`TlsMaterial.spkiSha256`). */
  spki: () => string;
  /** Where the box is reached, for pairing links. */
  endpoints: () => Endpoints;
  db: Database;
  clock: Clock;
  log: Logger;
  journal: IdentityJournal;
}

export interface Endpoints {
  /** `host:port`, most useful first. */
  addresses: string[];
  /** `https://<name or address>[:port]` of the web page, for a phone's camera. */
  page: string;
}

/**
 * Who is calling. Keeps people, devices, tokens, pairing windows and sessions, and builds the caller of every request
 * from today's records. It decides nothing about what a caller may do with an object: that is `policy`.
 */
export class Identity {
  readonly boxId: string;
  /** The local operator, who sees every open approval. */
  readonly operatorId = CONSOLE_PERSON;
  readonly epochs = new Epochs();
  /** Shared by everything that takes credentials: also the gateway's own checks. */
  readonly limiter: FailureLimiter;
  readonly callers: Callers;
  readonly pairing: Pairing;
  readonly sessions: Sessions;
  readonly tokens: Tokens;
  readonly #o: IdentityOptions;

  constructor(options: IdentityOptions) {
    const { keys, spki, endpoints, db, clock, log, journal } = options;
    this.#o = options;
    this.boxId = keys.boxId;
    this.limiter = new FailureLimiter(clock);
    const { epochs, limiter, boxId } = this;
    this.callers = new Callers({ db, epochs });
    const { callers } = this;
    const identityKey = keys.identity;
    const addresses = () => endpoints().addresses;
    this.pairing = new Pairing({ boxId, identityKey, spki, addresses, db, clock, log, callers, limiter, journal });
    this.sessions = new Sessions({ boxId, identityKey, spki, db, clock, log, epochs, callers, limiter });
    this.tokens = new Tokens({ db, clock, epochs, callers, limiter });
  }

  /** Makes the records of a first start and closes pairing windows of a former run. Throws BOX_MISMATCH. */
  async start(): Promise<void> {
    const { db, clock } = this.#o;
    await db.write((tx) => {
      const box = boxRow(tx);
      if (!box) insertBox(tx, this.boxId);
      else if (box.boxId !== this.boxId) throw fail('BOX_MISMATCH', { found: this.boxId, expected: box.boxId });
      if (!person(tx, CONSOLE_PERSON)) {
        const roles = ALL_ROLES.filter((role) => role !== 'api-client');
        const createdAt = clock.now();
        const record = { name: 'console', kind: 'console', state: 'active', roles, epoch: 1, createdAt } as const;
        insertPerson(tx, { ...record, personId: CONSOLE_PERSON });
      }
      this.pairing.recover(tx);
    });
    this.epochs.load(db);
  }

  stop(): void {
    this.pairing.stop();
  }

  endpoints(): Endpoints {
    return this.#o.endpoints();
  }

  /** Called in the turn of the commit that ended something: close sockets, drop grants. Returns how to unsubscribe. */
  onRevoked(fn: (revocation: Revocation) => void): () => void {
    return this.epochs.onRevoked(fn);
  }

  makeChallenge(connId?: string): Challenge {
    return this.sessions.makeChallenge(connId);
  }

  connect(connId: string, connect: Connect, source: Source): { session: Session; caller: Caller; proof: SessionProof } {
    return this.sessions.connect(connId, connect, source);
  }

  renew(session: Session, renew: Renew, source: Source): SessionProof {
    return this.sessions.renew(session, renew, source);
  }

  endSession(session: Session): void {
    this.sessions.end(session);
  }

  issueBearer(session: Session): Bearer {
    return this.sessions.issueBearer(session);
  }

  pairBegin(begin: PairBegin, source: Source): Promise<PairBegun> {
    return this.pairing.begin(begin, source);
  }

  pairProve(prove: PairProve, source: Source): Promise<PairProven> {
    return this.pairing.prove(prove, source);
  }

  pairStatus(status: PairStatus, source: Source, signal?: AbortSignal): Promise<PairStatusAnswer> {
    return this.pairing.status(status, source, signal);
  }

  callerForSession(session: Session, surface: Surface = 'ws'): Caller {
    return this.sessions.callerFor(session, surface);
  }

  callerForBearer(bearer: string, source: Source): Caller {
    return this.sessions.callerForBearer(bearer, source);
  }

  callerForToken(token: string, surface: Surface, source: Source, locale: Locale = 'en'): Caller {
    return this.tokens.callerFor(token, surface, source, locale);
  }

  /** For the box's own unix socket, which only its user and root can open. Never for a network listener. */
  consoleCaller(locale: Locale = 'en'): Caller {
    return this.callers.forConsole(locale);
  }

  agentCaller(base: Caller, taskId: string): Caller {
    return this.callers.forAgent(base, taskId);
  }

  internalCaller(scopes: readonly Scope[] = ['doc.read', 'doc.write', 'box.read'], label?: Label): Caller {
    return this.callers.internal(scopes, label);
  }

  epochOf(caller: Caller): number {
    return this.callers.epochOf(caller);
  }

  assertCurrent(caller: Caller): void {
    this.callers.assertCurrent(caller);
  }

  /**
   * A stored caller (a parked call, a task that resumes) from today's records: never more than it held then, never
   * more than its principals hold now. Throws if one of them has lost its standing.
   */
  rebuild(caller: Caller): Caller {
    const { kind, surface, sessionId, locale, taskId } = caller;
    if (kind === 'internal') return this.callers.internal(caller.scopes, caller.label);
    const fresh = this.#principal(caller);
    const now = kind === 'agent' && taskId !== null ? this.callers.forAgent(fresh, taskId) : fresh;
    const scopes = commonScopes(now.scopes, caller.scopes);
    return { ...now, surface, sessionId, locale, scopes, label: joinLabels(now.label, caller.label) };
  }

  #principal(caller: Caller): Caller {
    const { deviceId, sessionId, personId, surface, locale } = caller;
    if (deviceId !== null) return this.callers.forDevice(deviceId, { surface, sessionId, locale });
    if (sessionId?.startsWith('token_')) {
      return this.callers.forToken(sessionId, surface, this.#o.clock.now(), locale);
    }
    if (personId === CONSOLE_PERSON) return this.callers.forConsole(locale);
    throw fail('UNAUTHENTICATED');
  }
}
