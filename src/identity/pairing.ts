import { randomBytes } from 'node:crypto';
import {
  type Clock,
  type Database,
  fail,
  type JinguError,
  type Logger,
  newId,
  randomToken,
  type Tx,
  toBase64Url,
} from '../common/index.ts';
import {
  boxTranscript,
  checkNumber,
  type PairBegin,
  type PairBegun,
  type PairingLink,
  type PairProve,
  type PairProven,
  type PairStatus,
  type PairStatusAnswer,
  pairStatusText,
  pairTranscript,
  type Role,
} from '../protocol/index.ts';
import type { Callers } from './callers.ts';
import type { FailureLimiter } from './failure-limiter.ts';
import type { SigningKey } from './key-folder.ts';
import { PairingGuard } from './pairing-guard.ts';
import { PairingRecords } from './pairing-records.ts';
import { pairingStatus } from './pairing-status.ts';
import { type PairingWindow, PairingWindows } from './pairing-windows.ts';
import type { IdentityJournal } from './ports.ts';
import type { PairingClaim } from './records.ts';
import { bindPairing, closeAllPairings, closePairing, pairing as findPairing, insertPairing } from './repository.ts';
import type { Source } from './sessions.ts';
import { hmac, isSame, isSignedBy, pairKey, readDeviceKey, sha256 } from './signatures.ts';

const MOST_BEGUN = 8;
const LONG_POLL_MOST_MS = 30_000;

export interface MintedWindow {
  pairingId: string;
  secret: string;
  key: Buffer;
}

export interface PairingOptions {
  boxId: string;
  identityKey: SigningKey;
  spki: () => string;
  /** `host:port` addresses for the link, most useful first. */
  addresses: () => string[];
  db: Database;
  clock: Clock;
  log: Logger;
  callers: Callers;
  limiter: FailureLimiter;
  journal: IdentityJournal;
}

/**
 * Pairing windows (`jingu-pair/1`). Invariant: at most one device comes out of one window, and never without
 * somebody's confirmation. A window lives in memory on monotonic time, so a restart closes it and a moved clock does
 * not; that its link was used, and by which key, is a durable row.
 */
export class Pairing {
  readonly #o: PairingOptions;
  readonly #windows: PairingWindows;
  readonly #records: PairingRecords;
  readonly #guard: PairingGuard;

  constructor(options: PairingOptions) {
    this.#o = options;
    this.#windows = new PairingWindows(options.clock);
    this.#records = new PairingRecords(options);
    this.#guard = new PairingGuard(options, this.#records);
  }

  /** Closes what a former run left open. Call it inside the transaction of the start. */
  recover(tx: Tx): void {
    closeAllPairings(tx, 'restart');
    this.#guard.recover(tx);
  }

  stop(): void {
    this.#windows.clear();
  }

  get isLocked(): boolean {
    return this.#guard.isLocked;
  }

  mint(): MintedWindow {
    const pairingId = newId('pair', this.#o.clock.now());
    const secret = randomBytes(16);
    return { pairingId, secret: toBase64Url(secret), key: pairKey(secret, pairingId) };
  }

  /** Opens a minted window in the caller's transaction. At the console it also lifts the lock. */
  open(tx: Tx, minted: MintedWindow, by: { personId: string; isConsole: boolean }, role: Role, ms: number): void {
    if (this.isLocked && !by.isConsole) throw fail('PAIRING_LOCKED');
    this.#windows.assertRoom();
    const { pairingId, key } = minted;
    insertPairing(tx, pairingId, by.personId, role, this.#o.clock.now());
    if (by.isConsole) this.#guard.forgive(tx);
    tx.afterCommit(() => this.#windows.open(pairingId, key, ms, () => this.#expire(pairingId)));
  }

  /** What the link of a minted window carries. */
  link(minted: MintedWindow, ms: number): PairingLink {
    const { boxId, addresses, spki, clock } = this.#o;
    const { pairingId, secret } = minted;
    return { boxId, addresses: addresses(), spki: spki(), pairingId, secret, exp: clock.now() + ms };
  }

  /** Milliseconds until an open window closes; 0 when it is not open. */
  expiresInMs(pairingId: string): number {
    return this.#windows.expiresInMs(pairingId);
  }

  /** First step. Throws PAIRING_LINK_INVALID, PAIRING_TAKEN, PAIRING_LOCKED, SPKI_MISMATCH, INPUT_INVALID, LOCKED_OUT. */
  async begin(begin: PairBegin, source: Source): Promise<PairBegun> {
    return await this.#guard.run(source, async () => {
      const window = this.#window(begin.pairingId);
      if (!readDeviceKey(begin.keyAlg, begin.devicePub)) {
        throw fail('INPUT_INVALID', { pointer: '/devicePub', reason: `not a ${begin.keyAlg} public key` });
      }
      if (isTaken(window, begin.devicePub)) throw await this.#taken(window, source);
      if (begin.spki !== null && begin.spki !== this.#o.spki()) {
        await this.#records.alarm(begin.pairingId, 'spki-mismatch', source);
        throw fail('SPKI_MISMATCH');
      }
      const boxNonce = randomToken(32);
      window.begun.delete(begin.devicePub);
      window.begun.set(begin.devicePub, { begin, boxNonce, source });
      if (window.begun.size > MOST_BEGUN) window.begun.delete(window.begun.keys().next().value!);
      const { boxId, identityKey } = this.#o;
      const boxKey = toBase64Url(identityKey.publicKey);
      return { boxId, boxKey, boxNonce, expiresInMs: this.expiresInMs(window.pairingId) };
    });
  }

  /**
   * Second step: the secret, the nonce promised in `begin`, and the device key. Binds the window to that key in a
   * durable row before it answers. The same key may repeat it until the window ends, any other is refused and reported.
   */
  async prove(prove: PairProve, source: Source): Promise<PairProven> {
    return await this.#guard.run(source, async () => {
      const window = this.#window(prove.pairingId);
      const begun = window.begun.get(prove.devicePub);
      // No await from this look to the claim in `#bind`: of two phones in one turn, the second sees it taken.
      if (isTaken(window, prove.devicePub)) throw await this.#taken(window, source);
      if (!begun) throw fail('PAIRING_LINK_INVALID');
      const { begin, boxNonce } = begun;
      const { boxId, identityKey } = this.#o;
      const { spki, keyAlg, requestedRole, pairingId, devicePub } = begin;
      const fields = { boxId, spki, pairingId, clientNonce: prove.nonce, boxNonce, devicePub, keyAlg, requestedRole };
      const transcript = pairTranscript(fields);
      const nonce = Buffer.from(prove.nonce, 'base64url');
      const isOpened = isSame(sha256(nonce), begin.nonceHash);
      if (!isSame(hmac(window.key, transcript), prove.proof) || !isOpened) {
        await this.#guard.countFailure(window.pairingId, source);
        if (this.isLocked) for (const id of this.#windows.ids()) this.finish(id);
        throw fail('PAIRING_LINK_INVALID');
      }
      if (!isSignedBy(keyAlg, devicePub, transcript, prove.signature)) throw fail('SIGNATURE_INVALID');
      if (window.proven !== transcript) await this.#bind(window, transcript, begin, begun.source);
      const answer = boxTranscript(transcript);
      return {
        proof: toBase64Url(hmac(window.key, answer)),
        signature: toBase64Url(identityKey.sign(answer)),
        expiresInMs: this.expiresInMs(window.pairingId),
      };
    });
  }

  /** Third step, repeated until the end is known. Proved by the device key; answers from the row, so a restart is fine. */
  async status(status: PairStatus, source: Source, signal?: AbortSignal): Promise<PairStatusAnswer> {
    return await this.#guard.run(source, async () => {
      const { pairingId, devicePub, signature } = status;
      const claim = findPairing(this.#o.db, pairingId)?.claim;
      if (claim?.devicePub !== devicePub) throw fail('PAIRING_LINK_INVALID');
      const text = pairStatusText(this.#o.boxId, pairingId, devicePub);
      if (!isSignedBy(claim.keyAlg, devicePub, text, signature)) throw fail('SIGNATURE_INVALID');
      const answer = pairingStatus(pairingId, this.expiresInMs(pairingId), this.#o);
      const waitMs = Math.min(status.waitMs ?? 0, LONG_POLL_MOST_MS);
      if (answer.state !== 'waiting' || waitMs === 0) return answer;
      await this.#windows.changed(pairingId, waitMs, signal);
      return pairingStatus(pairingId, this.expiresInMs(pairingId), this.#o);
    });
  }

  /** Throws PAIRING_NOT_FOUND unless the window is open right now, by the monotonic clock. */
  assertLive(pairingId: string): void {
    if (this.expiresInMs(pairingId) === 0) throw fail('PAIRING_NOT_FOUND', { pairingId });
  }

  /** The end of a window is committed: forget it and wake whoever waits. */
  finish(pairingId: string): void {
    this.#windows.finish(pairingId);
  }

  #window(pairingId: string): PairingWindow {
    if (this.isLocked) throw fail('PAIRING_LOCKED');
    const window = this.#windows.live(pairingId);
    // Expired, spent, cancelled, of a former run or never there: one answer, so that guessing teaches nothing.
    if (!window) throw fail('PAIRING_LINK_INVALID');
    return window;
  }

  async #taken(window: PairingWindow, source: Source): Promise<JinguError> {
    await this.#records.alarm(window.pairingId, 'second-device', source);
    return fail('PAIRING_TAKEN');
  }

  async #bind(window: PairingWindow, transcript: string, begin: PairBegin, source: Source): Promise<void> {
    const { pairingId, devicePub, keyAlg, name, model, platform, requestedRole } = begin;
    const claim: PairingClaim = {
      devicePub,
      keyAlg,
      class: isBrowserClaim(begin, source) ? 'browser' : 'native',
      name,
      model,
      platform,
      requestedRole,
      address: source.address,
      checkNumber: checkNumber(sha256(transcript)),
    };
    const before = window.boundTo;
    window.boundTo = devicePub;
    try {
      await this.#o.db.write((tx) => {
        if (!bindPairing(tx, pairingId, claim)) throw fail('PAIRING_LINK_INVALID');
        this.#records.bound(tx, pairingId, claim);
      });
    } catch (error) {
      window.boundTo = before;
      throw error;
    }
    window.proven = transcript;
  }

  #expire(pairingId: string): void {
    this.#o.db
      .write((tx) => {
        if (closePairing(tx, pairingId, 'expired')) this.#records.expired(tx, pairingId);
      })
      .catch((error: unknown) => this.#o.log.error({ reason: String(error) }, 'pairing-not-closed'))
      .finally(() => this.finish(pairingId));
  }
}

function isTaken(window: PairingWindow, devicePub: string): boolean {
  return window.boundTo !== undefined && window.boundTo !== devicePub;
}

/** A page cannot hide its Origin header, and only a browser is excused from naming the TLS key it sees. */
function isBrowserClaim(begin: PairBegin, source: Source): boolean {
  return source.origin !== null || begin.spki === null;
}
