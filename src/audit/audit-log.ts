import { type Clock, type Database, fail, type Logger, type Tx } from '../common/index.ts';
import { endProblem } from './end-check.ts';
import {
  checkpointText,
  isKeyName,
  type NoteSigner,
  type SignedCheckpoint,
  signHandover,
  signNote,
  verifierKey,
} from './note.ts';
import {
  type AuditEntry,
  type AuditInput,
  CLOCK_MOVED,
  callIdOf,
  INTENT,
  KEY_ADDED,
  NO_LEAF,
  OUTCOME,
  stored,
} from './record.ts';
import { auditSql, type EventRow, entryOf } from './repository.ts';
import { consistencyPath, inclusionPath, newNodes, rootAt } from './tree.ts';

export interface AuditLogOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  /** Used for nothing else. */
  key: NoteSigner;
  /** Names this log in checkpoints and never changes; no spaces, no plus sign. */
  origin: string;
}

export const CHECKPOINT_EVENTS = 256;
export const CHECKPOINT_MS = 60_000;
/** Backward steps up to this are clock discipline, not a moved clock. */
const CLOCK_SLACK_MS = 1_000;
const MAX_BODY = 1024 * 1024;

/**
 * The record of the box. Appending is part of the caller's transaction; everything about the position of a record is
 * read from that transaction, never kept in memory, so a rollback leaves nothing behind.
 */
export class AuditLog {
  readonly origin: string;
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #log: Logger;
  #key: NoteSigner;
  #started = false;
  #uncovered = 0;
  #cancelTimer: (() => void) | undefined;
  #isCheckpointing = false;
  readonly #listeners = new Set<(checkpoint: SignedCheckpoint) => void>();

  constructor(options: AuditLogOptions) {
    if (!isKeyName(options.origin)) throw new TypeError(`"${options.origin}" cannot name a log`);
    this.origin = options.origin;
    this.#db = options.db;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#key = options.key;
  }

  /**
   * Begins a new log with its key, or checks that the key and the end of the log belong together and covers what a
   * crash left uncovered. Throws AUDIT_KEY_UNKNOWN, AUDIT_BROKEN.
   */
  async start(): Promise<void> {
    const announced = auditSql.keyEvents(this.#db).at(-1);
    if (!auditSql.last(this.#db)) {
      await this.#db.write((tx) => this.#announceKey(tx, this.#key, null));
    } else {
      if (!announced || entryOf(announced).body['verifier'] !== this.verifier()) throw fail('AUDIT_KEY_UNKNOWN');
      const problem = endProblem(this.#db, (size) => this.root(size));
      if (problem !== undefined) throw fail('AUDIT_BROKEN', { reason: problem });
    }
    this.#started = true;
    await this.checkpoint();
  }

  /** Signs a last checkpoint if it can. Harmless when called twice or before `start`; never throws. */
  async stop(): Promise<void> {
    if (!this.#started) return;
    this.#started = false;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    await this.checkpoint().catch((error: unknown) => this.#warn(error));
  }

  /**
   * Adds one record inside `tx`. Throws TypeError for a body that JSON cannot carry and TOO_LARGE beyond 1 MiB; the
   * caller's transaction then rolls back, so nothing happens without its record.
   */
  append(tx: Tx, input: AuditInput): { seq: number; leaf: Uint8Array } {
    if (!/^[a-z][a-z0-9]*([.-][a-z0-9]+)*$/.test(input.type)) throw new TypeError(`audit type "${input.type}"`);
    let last: { seq: number; ts: number; leaf: Uint8Array } | undefined = auditSql.last(tx);
    let ts = this.#clock.now();
    if (last && ts < last.ts) {
      if (last.ts - ts <= CLOCK_SLACK_MS) ts = last.ts;
      else last = this.#insert(tx, last, ts, { type: CLOCK_MOVED, actor: null, body: { from: last.ts, to: ts } });
    }
    const made = this.#insert(tx, last, ts, input);
    if (input.type === INTENT) auditSql.openIntent(tx, callIdOf(input), made.seq);
    if (input.type === OUTCOME) auditSql.closeIntent(tx, callIdOf(input));
    tx.afterCommit(() => this.#appended());
    return made;
  }

  /** Records of effects that were begun and whose end is not known, oldest first. Read at start, before any call runs. */
  orphanIntents(): AuditEntry[] {
    return auditSql.openIntents(this.#db).map(entryOf);
  }

  /** The newest signed checkpoint. Throws UNAVAILABLE before `start` of a new log has finished. */
  head(): SignedCheckpoint {
    const head = auditSql.newestCheckpoint(this.#db);
    if (!head) throw fail('UNAVAILABLE', { reason: 'the audit log has not started' });
    return head;
  }

  /** Committed records, covered by a checkpoint or not. */
  size(): number {
    return auditSql.last(this.#db)?.seq ?? 0;
  }

  /** Base64 hashes proving that the first `from` records of the log of `to` records are unchanged. Throws AUDIT_RANGE. */
  consistency(from: number, to: number): string[] {
    this.#checkSize(to);
    if (!Number.isSafeInteger(from) || from < 1 || from > to) throw fail('AUDIT_RANGE', { reason: `${from} to ${to}` });
    return consistencyPath(from, to, auditSql.nodeAt(this.#db)).map((h) => h.toString('base64'));
  }

  /** Base64 hashes proving that record `seq` is in the log of `size` records. Throws AUDIT_RANGE. */
  inclusion(seq: number, size: number): { index: number; leaf: string; proof: string[] } {
    this.#checkSize(size);
    if (!Number.isSafeInteger(seq) || seq < 1 || seq > size) throw fail('AUDIT_RANGE', { reason: `${seq} of ${size}` });
    const at = auditSql.nodeAt(this.#db);
    const proof = inclusionPath(seq - 1, size, at).map((h) => h.toString('base64'));
    return { index: seq - 1, leaf: Buffer.from(at(0, seq - 1)).toString('base64'), proof };
  }

  /** Root over the first `size` records, base64. Throws AUDIT_RANGE. */
  root(size: number): string {
    this.#checkSize(size);
    return rootAt(size, auditSql.nodeAt(this.#db)).toString('base64');
  }

  /** Signs and stores the current head; answers the newest one when nothing was added since. */
  async checkpoint(): Promise<SignedCheckpoint> {
    const made = await this.#db.write((tx) => {
      const size = auditSql.last(tx)?.seq ?? 0;
      const newest = auditSql.newestCheckpoint(tx);
      if (newest?.size === size) return { checkpoint: newest, isNew: false };
      const root = rootAt(size, auditSql.nodeAt(tx));
      const checkpoint: SignedCheckpoint = {
        origin: this.origin,
        size,
        root: root.toString('base64'),
        note: signNote(checkpointText(this.origin, size, root), this.origin, this.#key),
        at: this.#clock.now(),
      };
      auditSql.insertCheckpoint(tx, checkpoint);
      return { checkpoint, isNew: true };
    });
    this.#uncovered = this.size() - made.checkpoint.size;
    if (made.isNew) for (const listener of this.#listeners) listener(made.checkpoint);
    return made.checkpoint;
  }

  /** Hands signing over to `next`, with a statement signed by the present key, then signs a checkpoint with it. */
  async rotateKey(next: NoteSigner): Promise<void> {
    await this.checkpoint();
    const old = this.#key;
    try {
      // Set inside the transaction: a checkpoint later in the same commit must already carry the new key.
      await this.#db.write((tx) => {
        this.#announceKey(tx, next, old);
        this.#key = next;
      });
    } catch (error) {
      this.#key = old;
      throw error;
    }
    await this.checkpoint();
  }

  /** Called after each durable checkpoint, in order. The returned function unsubscribes. */
  onCheckpoint(listener: (checkpoint: SignedCheckpoint) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The key that signs now, in the form a client pins: C2SP verifier key. */
  verifier(): string {
    return verifierKey(this.origin, this.#key);
  }

  #insert(
    tx: Tx,
    last: { seq: number; leaf: Uint8Array } | undefined,
    ts: number,
    input: AuditInput,
  ): { seq: number; ts: number; leaf: Uint8Array } {
    const seq = (last?.seq ?? 0) + 1;
    const prev = last?.leaf ?? NO_LEAF;
    const { type, actor, body } = input;
    const policyHash = input.policyHash ?? null;
    const texts = stored(prev, { seq, ts, type, actor, policyHash, body });
    const { leaf } = texts;
    const row: EventRow = { seq, ts, type, policy_hash: policyHash, prev, ...texts };
    if (row.body.length > MAX_BODY) throw fail('TOO_LARGE', { bytes: row.body.length, limit: MAX_BODY });
    auditSql.insertEvent(tx, row);
    for (const n of newNodes(seq - 1, leaf, auditSql.nodeAt(tx))) auditSql.insertNode(tx, n.level, n.index, n.hash);
    return { seq, ts, leaf };
  }

  #announceKey(tx: Tx, next: NoteSigner, previous: NoteSigner | null): void {
    const verifier = verifierKey(this.origin, next);
    const before = previous === null ? null : verifierKey(this.origin, previous);
    const signature = signHandover(before, verifier, previous ?? next);
    this.append(tx, { type: KEY_ADDED, actor: null, body: { verifier, previous: before, signature } });
  }

  #appended(): void {
    this.#uncovered++;
    if (!this.#started) return;
    if (this.#uncovered >= CHECKPOINT_EVENTS) this.#checkpointSoon();
    else this.#cancelTimer ??= this.#clock.after(CHECKPOINT_MS, () => this.#checkpointSoon());
  }

  #checkpointSoon(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#isCheckpointing) return;
    this.#isCheckpointing = true;
    this.checkpoint()
      .catch((error: unknown) => {
        // Records stay durable without a checkpoint; the next one covers them.
        this.#warn(error);
        if (this.#started) this.#cancelTimer ??= this.#clock.after(CHECKPOINT_MS, () => this.#checkpointSoon());
      })
      .finally(() => {
        this.#isCheckpointing = false;
      });
  }

  #warn(error: unknown): void {
    this.#log.warn({ reason: error instanceof Error ? error.message : String(error) }, 'audit-checkpoint-failed');
  }

  #checkSize(size: number): void {
    if (!Number.isSafeInteger(size) || size < 1 || size > this.size()) {
      throw fail('AUDIT_RANGE', { reason: `size ${size}, the log has ${this.size()}` });
    }
  }
}
