import { type Clock, type Database, fail, newId, randomToken, type Tx } from '../common/index.ts';
import type { Caller } from '../protocol/index.ts';
import type { ApprovalRow, ApprovalState, Card, ExactAction } from './approval-records.ts';
import { digestOf } from './digest.ts';
import type { EventLog } from './event-log.ts';

/** Default life of a question or an approval. Expired means no. */
export const APPROVAL_MS = 24 * 3600 * 1000;

/**
 * Approvals and questions are durable rows, never prompts. Every change is a compare-and-set on `rev` and `state`:
 * the first valid answer wins, the second is told who won.
 */
export class Approvals {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #events: EventLog;
  readonly #operatorId: string;
  readonly #resolved = new Set<(row: ApprovalRow) => void>();

  constructor(options: { db: Database; clock: Clock; events: EventLog; operatorId: string }) {
    this.#db = options.db;
    this.#clock = options.clock;
    this.#events = options.events;
    this.#operatorId = options.operatorId;
  }

  /** Calls back after the commit of every resolution, in order. */
  onResolved(listener: (row: ApprovalRow) => void): () => void {
    this.#resolved.add(listener);
    return () => this.#resolved.delete(listener);
  }

  park(
    tx: Tx,
    request: {
      caller: Caller;
      operation: string;
      key: string;
      input: unknown;
      action: ExactAction;
      card: Card;
    },
  ): ApprovalRow {
    return this.#insert(tx, {
      kind: 'approve',
      person: request.caller.personId ?? this.#operatorId,
      task: request.caller.taskId,
      operation: request.operation,
      key: request.key,
      caller: JSON.stringify(request.caller),
      input: JSON.stringify(request.input),
      action: request.action,
      card: request.card,
      expiresInMs: APPROVAL_MS,
    });
  }

  ask(tx: Tx, request: { personId: string; taskId: string | null; card: Card; expiresInMs?: number }): ApprovalRow {
    return this.#insert(tx, {
      kind: 'ask',
      person: request.personId,
      task: request.taskId,
      operation: null,
      key: null,
      caller: null,
      input: null,
      action: null,
      card: request.card,
      expiresInMs: request.expiresInMs ?? APPROVAL_MS,
    });
  }

  get(id: string): ApprovalRow | undefined {
    return this.#db.get<ApprovalRow>('SELECT * FROM door_approval WHERE id = ?', id);
  }

  /** Open rows first come first; all of them, never only the newest. */
  list(filter: { person: string | null; states: readonly ApprovalState[]; limit: number }): ApprovalRow[] {
    const states = filter.states.map(() => '?').join(', ');
    const who = filter.person === null ? '' : 'AND person = ?';
    return this.#db.all<ApprovalRow>(
      `SELECT * FROM door_approval WHERE state IN (${states}) ${who} ORDER BY created_at, id LIMIT ?`,
      ...filter.states,
      ...(filter.person === null ? [] : [filter.person]),
      filter.limit,
    );
  }

  /** Throws APPROVAL_NOT_FOUND, APPROVAL_ALREADY_DECIDED or APPROVAL_STALE; otherwise the row is resolved. */
  answer(
    tx: Tx,
    id: string,
    answer: { rev: number; state: 'approved' | 'denied' | 'answered'; answer: string; note: string | null; by: string },
  ): ApprovalRow {
    const row = tx.get<ApprovalRow>('SELECT * FROM door_approval WHERE id = ?', id);
    if (!row) throw fail('APPROVAL_NOT_FOUND', { approvalId: id });
    if (row.state !== 'pending')
      throw fail('APPROVAL_ALREADY_DECIDED', { state: row.state, by: row.answered_by ?? 'the box', approvalId: id });
    if (row.expires_at <= this.#clock.now()) throw fail('APPROVAL_EXPIRED', { approvalId: id });
    if (row.rev !== answer.rev) throw fail('APPROVAL_STALE', { approvalId: id, rev: row.rev });
    return this.#resolve(tx, row, answer.state, { answer: answer.answer, note: answer.note, by: answer.by });
  }

  /** Ends a row that nobody answered: expiry, a cancelled task, a revoked person. Does nothing if it is not pending. */
  close(tx: Tx, id: string, state: 'expired' | 'withdrawn'): void {
    const row = tx.get<ApprovalRow>("SELECT * FROM door_approval WHERE id = ? AND state = 'pending'", id);
    if (row) this.#resolve(tx, row, state, { answer: null, note: null, by: null });
  }

  closeOfTask(tx: Tx, taskId: string): void {
    for (const row of tx.all<{ id: string }>(
      "SELECT id FROM door_approval WHERE task = ? AND state = 'pending'",
      taskId,
    )) {
      this.close(tx, row.id, 'withdrawn');
    }
  }

  /** The second acknowledgement: the approved action was carried out, or found to have changed. */
  finish(tx: Tx, row: ApprovalRow, state: 'executed' | 'void', outcome: Record<string, unknown>): void {
    tx.run(
      "UPDATE door_approval SET state = ?, rev = rev + 1, outcome = ? WHERE id = ? AND state = 'approved'",
      state,
      JSON.stringify(outcome),
      row.id,
    );
    for (const topic of this.#topics(row))
      this.#events.emit(tx, topic, 'approval-executed', { approvalId: row.id, state, ...outcome });
    tx.afterCommit(() => this.#tell(row.id));
  }

  /** Approved but not carried out when the box went down. */
  unfinished(): ApprovalRow[] {
    return this.#db.all<ApprovalRow>("SELECT * FROM door_approval WHERE state = 'approved' ORDER BY answered_at");
  }

  async expire(): Promise<void> {
    const now = this.#clock.now();
    const due = this.#db.all<{ id: string }>(
      "SELECT id FROM door_approval WHERE state = 'pending' AND expires_at <= ?",
      now,
    );
    if (due.length === 0) return;
    await this.#db.write((tx) => {
      for (const { id } of due) this.close(tx, id, 'expired');
    });
  }

  /** Per person, so that `seq` has no gaps for the one who follows it; the local operator sees all. */
  static topicOf(person: string): string {
    return `approvals:${person}`;
  }

  #topics(row: ApprovalRow): string[] {
    return [...new Set([Approvals.topicOf(row.person), Approvals.topicOf(this.#operatorId)])];
  }

  #insert(
    tx: Tx,
    r: {
      kind: ApprovalRow['kind'];
      person: string;
      task: string | null;
      operation: string | null;
      key: string | null;
      caller: string | null;
      input: string | null;
      action: ExactAction | null;
      card: Card;
      expiresInMs: number;
    },
  ): ApprovalRow {
    const now = this.#clock.now();
    const id = newId('apr', now);
    const expires = now + r.expiresInMs;
    // The id and a nonce enter the hash, so a signature for one row is worth nothing for another.
    const action = r.action ? { ...r.action, approvalId: id, nonce: randomToken(16), expiresAt: expires } : null;
    tx.run(
      `INSERT INTO door_approval (id, rev, kind, state, person, task, operation, key, caller, input, action, action_hash, card, created_at, expires_at)
       VALUES (?, 1, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      id,
      r.kind,
      r.person,
      r.task,
      r.operation,
      r.key,
      r.caller,
      r.input,
      action === null ? null : JSON.stringify(action),
      action === null ? null : digestOf(action),
      JSON.stringify(r.card),
      now,
      expires,
    );
    const row = tx.get<ApprovalRow>('SELECT * FROM door_approval WHERE id = ?', id)!;
    for (const topic of this.#topics(row)) {
      this.#events.emit(tx, topic, 'approval-requested', {
        approvalId: id,
        kind: r.kind,
        taskId: r.task,
        title: r.card.title,
      });
    }
    return row;
  }

  #resolve(
    tx: Tx,
    row: ApprovalRow,
    state: ApprovalState,
    by: { answer: string | null; note: string | null; by: string | null },
  ): ApprovalRow {
    const changed = tx.run(
      `UPDATE door_approval SET state = ?, rev = rev + 1, answer = ?, note = ?, answered_by = ?, answered_at = ?
       WHERE id = ? AND rev = ? AND state = 'pending'`,
      state,
      by.answer,
      by.note,
      by.by,
      this.#clock.now(),
      row.id,
      row.rev,
    );
    if (changed.changes !== 1) throw fail('APPROVAL_STALE', { approvalId: row.id });
    for (const topic of this.#topics(row)) {
      this.#events.emit(tx, topic, 'approval-resolved', { approvalId: row.id, state, by: by.by, taskId: row.task });
    }
    tx.afterCommit(() => this.#tell(row.id));
    return { ...row, rev: row.rev + 1, state, answer: by.answer, note: by.note, answered_by: by.by };
  }

  #tell(id: string): void {
    const row = this.get(id);
    if (row) for (const listener of [...this.#resolved]) listener(row);
  }
}
