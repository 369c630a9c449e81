import type { Reader, Tx } from '../../common/index.ts';
import type { Actor, Label } from '../../protocol/index.ts';
import type { OpRow } from '../rows.ts';

type Raw = Record<string, never>;
const OP = `SELECT file, v AS version, base_v AS base, call, actor, task, source, args, splices, note, label, ts AS at,
  bytes, newlines, digest, prev FROM doc_op`;

function opOf(raw: Raw): OpRow {
  const row = raw as unknown as OpRow & { actor: unknown; label: unknown };
  return {
    ...row,
    actor: JSON.parse(row.actor as unknown as string) as Actor,
    label: JSON.parse(row.label as unknown as string) as Label,
  };
}

export function opAt(db: Reader, file: string, version: number): OpRow | undefined {
  const raw = db.get<Raw>(`${OP} WHERE file = ? AND v = ?`, file, version);
  return raw && opOf(raw);
}

/** Versions `after` < v <= `upTo`, oldest first. */
export function opsBetween(db: Reader, file: string, after: number, upTo: number): OpRow[] {
  return db.all<Raw>(`${OP} WHERE file = ? AND v > ? AND v <= ? ORDER BY v`, file, after, upTo).map(opOf);
}

/** Only the packed splices of the same run: the hot path of rebase and replay. */
export function splicesBetween(db: Reader, file: string, after: number, upTo: number): Uint8Array[] {
  return db
    .all<{ splices: Uint8Array }>(
      'SELECT splices FROM doc_op WHERE file = ? AND v > ? AND v <= ? ORDER BY v',
      file,
      after,
      upTo,
    )
    .map((row) => row.splices);
}

export function newestOps(db: Reader, file: string, before: number, max: number): OpRow[] {
  return db.all<Raw>(`${OP} WHERE file = ? AND v < ? ORDER BY v DESC LIMIT ?`, file, before, max).map(opOf);
}

export function opsOfCall(db: Reader, call: string): OpRow[] {
  return db.all<Raw>(`${OP} WHERE call = ? ORDER BY seq`, call).map(opOf);
}

export function opsOfTask(db: Reader, task: string): OpRow[] {
  return db.all<Raw>(`${OP} WHERE task = ? ORDER BY seq`, task).map(opOf);
}

export function newestVersionAtTime(db: Reader, file: string, at: number): number | undefined {
  return (
    db.get<{ v: number | null }>('SELECT max(v) AS v FROM doc_op WHERE file = ? AND ts <= ?', file, at)?.v ?? undefined
  );
}

export function insertOp(tx: Tx, op: OpRow): void {
  tx.run(
    `INSERT INTO doc_op (file, v, base_v, call, actor, task, source, args, splices, note, label, ts, bytes, newlines, digest, prev)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    op.file,
    op.version,
    op.base,
    op.call,
    JSON.stringify(op.actor),
    op.task,
    op.source,
    op.args,
    op.splices,
    op.note,
    JSON.stringify(op.label),
    op.at,
    op.bytes,
    op.newlines,
    op.digest,
    op.prev,
  );
}

export function undoLinks(db: Reader, file: string): { v: number; by: number }[] {
  return db.all<{ v: number; by: number }>('SELECT v, by_v AS by FROM doc_undo WHERE file = ? ORDER BY by_v', file);
}

export function linkUndo(tx: Tx, file: string, version: number, by: number): void {
  tx.run('INSERT INTO doc_undo (file, v, by_v) VALUES (?, ?, ?)', file, version, by);
}
