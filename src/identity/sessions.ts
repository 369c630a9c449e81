import {
  type Clock,
  type Database,
  fail,
  type Locale,
  type Logger,
  newId,
  randomToken,
  toBase64Url,
} from '../common/index.ts';
import {
  type Bearer,
  type Caller,
  type Challenge,
  type Connect,
  connectText,
  helloText,
  LIMITS,
  PROTOCOL_RANGE,
  type Renew,
  renewText,
  type SessionProof,
  type Surface,
} from '../protocol/index.ts';
import type { Callers } from './callers.ts';
import type { Epochs } from './epochs.ts';
import type { CredentialKind, FailureLimiter } from './failure-limiter.ts';
import type { SigningKey } from './key-folder.ts';
import type { Device } from './records.ts';
import { device as findDevice, touchDevice } from './repository.ts';
import { isSignedBy, sha256 } from './signatures.ts';

/** Where a credential came from, as the box itself saw it. */
export interface Source {
  address: string;
  /** The HTTP `Origin` header; null when there was none, which no browser can arrange. */
  origin: string | null;
}

/** A proof that holds on one socket. Opaque outside this room: hand it back to `callerFor`, `renew` and `end`. */
export interface Session {
  readonly sessionId: string;
  readonly connId: string;
  readonly deviceId: string;
  readonly locale: Locale;
  /** The newest protocol number both sides speak. */
  readonly protocol: number;
}

interface LiveSession extends Session {
  requestedScopes: readonly string[];
  epoch: number;
  /** Monotonic milliseconds. */
  endsAt: number;
}

const DAY = 86_400_000;
/** A device that is not used for so long must be paired again; using it moves the end. */
export const DEVICE_LIFE_MS = 365 * DAY;
const TOUCH_EVERY_MS = 3_600_000;
const MOST_CHALLENGES = 10_000;
const MOST_BEARERS = 10_000;

export interface SessionsOptions {
  boxId: string;
  identityKey: SigningKey;
  spki: () => string;
  db: Database;
  clock: Clock;
  log: Logger;
  epochs: Epochs;
  callers: Callers;
  limiter: FailureLimiter;
}

/**
 * Challenges, sessions and REST bearers. All in memory: a restart ends every one, and devices prove themselves again.
 * A session says only who proved what and until when; rights are read from the records at each request.
 */
export class Sessions {
  readonly #o: SessionsOptions;
  readonly #challenges = new Map<string, { challenge: Challenge; endsAt: number }>();
  readonly #sessions = new Map<string, LiveSession>();
  readonly #bearers = new Map<string, { deviceId: string; epoch: number; endsAt: number; session: LiveSession }>();

  constructor(options: SessionsOptions) {
    this.#o = options;
  }

  /** A fresh challenge for a connection; answerable once, within 10 s. A new one for the same `connId` voids the old. */
  makeChallenge(connId: string = newId('conn', this.#o.clock.now())): Challenge {
    const challenge: Challenge = {
      connId,
      boxId: this.#o.boxId,
      nonce: randomToken(32),
      protocol: [...PROTOCOL_RANGE],
      limits: { frameBytes: LIMITS.frameBytesBeforeHello, answerMs: LIMITS.helloMs },
    };
    this.#challenges.delete(connId);
    this.#challenges.set(connId, { challenge, endsAt: this.#o.clock.monotonic() + LIMITS.helloMs });
    dropOldest(this.#challenges, MOST_CHALLENGES);
    return challenge;
  }

  /**
   * Checks the answer to a challenge and opens a session. Every failure but a protocol mismatch counts against the
   * source. Throws LOCKED_OUT, CHALLENGE_INVALID, DEVICE_UNKNOWN, SIGNATURE_INVALID, SPKI_MISMATCH, DEVICE_REVOKED,
   * DEVICE_EXPIRED, PERSON_SUSPENDED, PROTOCOL_UNSUPPORTED.
   */
  connect(connId: string, connect: Connect, source: Source): { session: Session; caller: Caller; proof: SessionProof } {
    return this.#guarded(source, 'connect', () => {
      const challenge = this.#takeChallenge(connId);
      const device = findDevice(this.#o.db, connect.deviceId);
      if (!device) throw fail('DEVICE_UNKNOWN');
      const text = connectText(source.origin, challenge, connect);
      if (!isSignedBy(device.keyAlg, device.publicKey, text, connect.signature)) throw fail('SIGNATURE_INVALID');
      this.#assertSpki(device, connect.spki);
      const epoch = this.#o.epochs.ofDevice(device.deviceId);
      if (device.expiresAt <= this.#o.clock.now()) throw fail('DEVICE_EXPIRED');
      const session: LiveSession = {
        sessionId: newId('session', this.#o.clock.now()),
        connId,
        deviceId: device.deviceId,
        locale: connect.locale ?? 'en',
        protocol: commonProtocol(connect.protocol),
        requestedScopes: connect.requestedScopes,
        epoch,
        endsAt: this.#o.clock.monotonic() + LIMITS.sessionMs,
      };
      this.#sessions.set(session.sessionId, session);
      this.#touch(device);
      const proof = this.#proof(session, challenge, connect.clientNonce);
      return { session, caller: this.callerFor(session, 'ws'), proof };
    });
  }

  /** Renews in place, for the same device and socket. Counts failures as `connect` does. */
  renew(session: Session, renew: Renew, source: Source): SessionProof {
    return this.#guarded(source, 'connect', () => {
      const live = this.#live(session);
      const challenge = this.#takeChallenge(live.connId);
      const device = findDevice(this.#o.db, live.deviceId);
      if (!device) throw fail('DEVICE_UNKNOWN');
      const text = renewText(source.origin, challenge, live.deviceId, renew);
      if (!isSignedBy(device.keyAlg, device.publicKey, text, renew.signature)) throw fail('SIGNATURE_INVALID');
      this.#assertSpki(device, renew.spki);
      live.endsAt = this.#o.clock.monotonic() + LIMITS.sessionMs;
      return this.#proof(live, challenge, renew.clientNonce);
    });
  }

  /** Today's caller of a session. Throws SESSION_EXPIRED, DEVICE_REVOKED or PERSON_SUSPENDED. */
  callerFor(session: Session, surface: Surface): Caller {
    const live = this.#live(session);
    const { sessionId, locale, requestedScopes } = live;
    return this.#o.callers.forDevice(live.deviceId, { surface, sessionId, locale, requestedScopes });
  }

  /** Milliseconds until the session ends; 0 when it has. */
  expiresInMs(session: Session): number {
    const live = this.#sessions.get(session.sessionId);
    return live ? Math.max(0, Math.floor(live.endsAt - this.#o.clock.monotonic())) : 0;
  }

  /** The socket closed. Harmless when the session is gone already. */
  end(session: Session): void {
    this.#sessions.delete(session.sessionId);
  }

  /** A REST credential for the device of a live session. It carries that device and today's epoch, not the socket. */
  issueBearer(session: Session): Bearer {
    const live = this.#live(session);
    const bearer = `jb_${randomToken(32)}`;
    const endsAt = this.#o.clock.monotonic() + LIMITS.sessionMs;
    this.#bearers.set(hashOf(bearer), { deviceId: live.deviceId, epoch: live.epoch, endsAt, session: live });
    dropOldest(this.#bearers, MOST_BEARERS);
    return { bearer, expiresInMs: LIMITS.sessionMs };
  }

  /** The caller behind a bearer. Throws SESSION_EXPIRED, DEVICE_REVOKED, PERSON_SUSPENDED or LOCKED_OUT. */
  callerForBearer(bearer: string, source: Source): Caller {
    this.#o.limiter.assertOpen(source.address, 'bearer');
    const key = hashOf(bearer);
    const known = this.#bearers.get(key);
    if (!known) {
      this.#o.limiter.failed(source.address, 'bearer');
      throw fail('SESSION_EXPIRED');
    }
    if (known.endsAt <= this.#o.clock.monotonic() || known.epoch !== this.#o.epochs.ofDevice(known.deviceId)) {
      this.#bearers.delete(key);
      throw fail('SESSION_EXPIRED');
    }
    const { sessionId, locale, requestedScopes } = known.session;
    return this.#o.callers.forDevice(known.deviceId, { surface: 'rest', sessionId, locale, requestedScopes });
  }

  #live(session: Session): LiveSession {
    const live = this.#sessions.get(session.sessionId);
    if (!live) throw fail('SESSION_EXPIRED');
    const epoch = this.#o.epochs.ofDevice(live.deviceId);
    if (live.endsAt <= this.#o.clock.monotonic() || epoch !== live.epoch) {
      this.#sessions.delete(session.sessionId);
      throw fail('SESSION_EXPIRED');
    }
    return live;
  }

  #guarded<T>(source: Source, kind: CredentialKind, check: () => T): T {
    const { limiter, log } = this.#o;
    limiter.assertOpen(source.address, kind);
    try {
      return check();
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code !== 'PROTOCOL_UNSUPPORTED' && limiter.failed(source.address, kind)) {
        log.warn({ address: source.address, kind }, 'source-locked');
      }
      throw error;
    }
  }

  #takeChallenge(connId: string): Challenge {
    const kept = this.#challenges.get(connId);
    this.#challenges.delete(connId);
    if (!kept || kept.endsAt <= this.#o.clock.monotonic()) throw fail('CHALLENGE_INVALID');
    return kept.challenge;
  }

  /** A native client says which TLS key it saw; another one than ours means somebody relays. */
  #assertSpki(device: Device, seen: string | null): void {
    if (seen === null ? device.class !== 'browser' : seen !== this.#o.spki()) throw fail('SPKI_MISMATCH');
  }

  #proof(session: LiveSession, challenge: Challenge, clientNonce: string): SessionProof {
    const text = helloText(challenge, clientNonce, session.deviceId, this.#o.spki());
    const signature = toBase64Url(this.#o.identityKey.sign(text));
    return { sessionId: session.sessionId, expiresInMs: this.expiresInMs(session), signature };
  }

  /** Moves `last seen` and the end of the pairing, at most once an hour: it is a durable write. */
  #touch(device: Device): void {
    const { clock, db, log } = this.#o;
    const now = clock.now();
    if (Math.abs(now - device.lastSeenAt) < TOUCH_EVERY_MS) return;
    db.write((tx) => touchDevice(tx, device.deviceId, now, now + DEVICE_LIFE_MS)).catch((error: unknown) =>
      log.warn({ deviceId: device.deviceId, reason: String(error) }, 'device-not-touched'),
    );
  }
}

function commonProtocol([least = 1, most = 1]: readonly number[]): number {
  const [ourLeast, ourMost] = PROTOCOL_RANGE;
  const chosen = Math.min(most, ourMost);
  if (chosen < Math.max(least, ourLeast)) {
    throw fail('PROTOCOL_UNSUPPORTED', { ours: `${ourLeast}-${ourMost}`, theirs: `${least}-${most}` });
  }
  return chosen;
}

function hashOf(secret: string): string {
  return sha256(secret).toString('base64url');
}

function dropOldest<K, V>(map: Map<K, V>, most: number): void {
  if (map.size > most) map.delete(map.keys().next().value!);
}
