import { type Clock, type Database, fail, type Tx } from '../common/index.ts';
import type { Caller, InvokeResult } from '../protocol/index.ts';

/** Outcomes are kept this long; a key may be used again afterwards. */
const KEEP_MS = 7 * 24 * 3600 * 1000;
/** Rows looked at in one transaction. */
const BATCH = 500;

export interface KeyRow {
  call_id: string;
  input_hash: string;
  state: 'parked' | 'running' | 'done' | 'failed' | 'unknown';
  approval_id: string | null;
  outcome: string | null;
}

export interface KeyScope {
  person: string;
  operation: string;
  key: string;
}

/**
 * Stored outcomes by person + operation + key, so that a second device of the same person can finish what the first
 * began. The row is written in the same transaction as the effect.
 */
export class Idempotency {
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(options: { db: Database; clock: Clock }) {
    this.#db = options.db;
    this.#clock = options.clock;
  }

  /** The stored row; throws IDEMPOTENCY_CONFLICT if the key was used with other input. */
  find(scope: KeyScope, inputHash: string): KeyRow | undefined {
    return this.#check(this.#db.get<KeyRow>(SELECT, scope.person, scope.operation, scope.key), inputHash);
  }

  /** The same inside a transaction: closes the race between two calls that both found nothing. */
  findIn(tx: Tx, scope: KeyScope, inputHash: string): KeyRow | undefined {
    return this.#check(tx.get<KeyRow>(SELECT, scope.person, scope.operation, scope.key), inputHash);
  }

  put(
    tx: Tx,
    scope: KeyScope,
    row: { inputHash: string; callId: string; state: KeyRow['state']; approvalId?: string | null; outcome?: unknown },
  ): void {
    tx.run(
      `INSERT INTO door_idempotency (person, operation, key, input_hash, call_id, state, approval_id, outcome, at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (person, operation, key) DO UPDATE SET
         state = excluded.state, call_id = excluded.call_id, outcome = excluded.outcome,
         approval_id = coalesce(excluded.approval_id, approval_id), at = excluded.at`,
      scope.person,
      scope.operation,
      scope.key,
      row.inputHash,
      row.callId,
      row.state,
      row.approvalId ?? null,
      row.outcome === undefined ? null : JSON.stringify(row.outcome),
      this.#clock.now(),
    );
  }

  drop(tx: Tx, scope: KeyScope): void {
    tx.run(
      'DELETE FROM door_idempotency WHERE person = ? AND operation = ? AND key = ?',
      scope.person,
      scope.operation,
      scope.key,
    );
  }

  /** Rows whose outside effect was started and whose end is not known, after a crash. */
  running(tx: Tx): (KeyRow & KeyScope)[] {
    return tx.all<KeyRow & KeyScope>("SELECT * FROM door_idempotency WHERE state = 'running'");
  }

  /** Forgets what is over, the oldest first, in small batches so that the writer is never held long. */
  async prune(): Promise<void> {
    const before = this.#clock.now() - KEEP_MS;
    for (let after = 0; ; ) {
      const rows = await this.#db.write((tx) => {
        const sql = 'SELECT id, state, at FROM door_idempotency WHERE id > ? ORDER BY id LIMIT ?';
        const batch = tx.all<{ id: number; state: KeyRow['state']; at: number }>(sql, after, BATCH);
        for (const { id, state, at } of batch) {
          if (at < before && state !== 'parked') tx.run('DELETE FROM door_idempotency WHERE id = ?', id);
        }
        return batch;
      });
      // Rows that are parked, or were touched again, lie among older ones.
      if (rows.length < BATCH || rows.every(({ at }) => at >= before)) return;
      after = rows.at(-1)!.id;
    }
  }

  #check(row: KeyRow | undefined, inputHash: string): KeyRow | undefined {
    if (row && row.input_hash !== inputHash) throw fail('IDEMPOTENCY_CONFLICT');
    return row;
  }
}

const SELECT =
  'SELECT call_id, input_hash, state, approval_id, outcome FROM door_idempotency WHERE person = ? AND operation = ? AND key = ?';

/** Whose key it is: the person, or the kind of caller where there is none. */
export function keyScope(caller: Caller, operation: string, key: string): KeyScope {
  return { person: caller.personId ?? caller.kind, operation, key };
}

export function storedResult(row: KeyRow): InvokeResult {
  return { ...(JSON.parse(row.outcome ?? 'null') as InvokeResult), replayed: true };
}
