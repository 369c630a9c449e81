import { type Reader, type Tx, toHex } from '../../common/index.ts';
import type { Actor, Label } from '../../protocol/index.ts';
import type { OpRow } from '../rows.ts';
import { isFullSplices, packArgs, unpackArgs } from '../text/codec.ts';
import { internWord, wordId } from './words.ts';

interface Raw {
  v: number;
  span: number;
  base: number;
  call: string;
  actor: string;
  task: string | null;
  source: OpRow['source'];
  args: string | Uint8Array;
  splices: Uint8Array;
  note: string | null;
  label: string;
  at: number;
  bytes: number;
  newlines: number;
  digest: Uint8Array;
  seal: Uint8Array | null;
  file: string;
}

/** Subqueries, not joins: a row of a join of several tables takes SQLite and the driver ten times as long. */
const WORD = '(SELECT text FROM doc_word WHERE id =';
const OP = `SELECT o.v, o.span, o.base_v AS base, o.call, ${WORD} o.actor) AS actor, ${WORD} o.task) AS task, o.source,
  o.args, o.splices, o.note, ${WORD} o.label) AS label, o.ts AS at, o.bytes, o.newlines, o.digest, o.seal,
  ${WORD} o.file) AS file FROM doc_op o`;
const OF_FILE = `${OP} WHERE o.file = (SELECT id FROM doc_word WHERE text = ?)`;
/** Before the first version there is nothing: the chain begins here. */
export const CHAIN_START = '0'.repeat(64);

function opOf(raw: Raw, prev: string): OpRow {
  const { v, actor, label, digest, seal, args, ...rest } = raw;
  return {
    ...rest,
    version: v,
    isFull: isFullSplices(raw.splices),
    actor: JSON.parse(actor) as Actor,
    label: JSON.parse(label) as Label,
    args: unpackArgs(args, raw.splices),
    digest: toHex(digest),
    seal: seal && toHex(seal),
    prev,
  };
}

/** Rows of one document in order of version, each with the digest of the one before it. */
function inChain(db: Reader, file: string, raws: readonly Raw[]): OpRow[] {
  let before: Raw | undefined;
  return raws.map((raw) => {
    const start = raw.v - raw.span;
    const prev = before?.v === start ? toHex(before.digest) : digestAt(db, file, start);
    before = raw;
    return opOf(raw, prev);
  });
}

/** Digest of a version, or where the chain starts. A version that is missing has none, and nothing will fit to it. */
function digestAt(db: Reader, file: string, version: number): string {
  if (version === 0) return CHAIN_START;
  const row = db.get<{ digest: Uint8Array }>(
    'SELECT digest FROM doc_op WHERE file = (SELECT id FROM doc_word WHERE text = ?) AND v = ?',
    file,
    version,
  );
  return row ? toHex(row.digest) : '';
}

/** The version as it is in the log; `undefined` if there is none, or if it was thinned out. */
export function opAt(db: Reader, file: string, version: number): OpRow | undefined {
  return inChain(db, file, db.all<Raw>(`${OF_FILE} AND o.v = ?`, file, version))[0];
}

/** Versions `after` < v <= `upTo`, oldest first. */
export function opsBetween(db: Reader, file: string, after: number, upTo: number): OpRow[] {
  return inChain(db, file, db.all<Raw>(`${OF_FILE} AND o.v > ? AND o.v <= ? ORDER BY o.v`, file, after, upTo));
}

/** Only the packed splices of the same run: the hot path of rebase and replay. */
export function splicesBetween(db: Reader, file: string, after: number, upTo: number): Uint8Array[] {
  return db
    .all<{ splices: Uint8Array }>(
      `SELECT splices FROM doc_op WHERE file = (SELECT id FROM doc_word WHERE text = ?) AND v > ? AND v <= ? ORDER BY v`,
      file,
      after,
      upTo,
    )
    .map((row) => row.splices);
}

/** Up to `max` versions below `before`, newest first. */
export function newestOps(db: Reader, file: string, before: number, max: number): OpRow[] {
  const raws = db.all<Raw>(`${OF_FILE} AND o.v < ? ORDER BY o.v DESC LIMIT ?`, file, before, max);
  return inChain(db, file, raws.reverse()).reverse();
}

export function opsOfCall(db: Reader, call: string): OpRow[] {
  return ofMany(
    db,
    db.all<Raw>(`${OP} WHERE substr(o.call, -8) = ? AND o.call = ? ORDER BY o.seq`, call.slice(-8), call),
  );
}

export function opsOfTask(db: Reader, task: string): OpRow[] {
  const id = wordId(db, task);
  return id === undefined ? [] : ofMany(db, db.all<Raw>(`${OP} WHERE o.task = ? ORDER BY o.seq`, id));
}

function ofMany(db: Reader, raws: readonly Raw[]): OpRow[] {
  return raws.map((raw) => opOf(raw, digestAt(db, raw.file, raw.v - raw.span)));
}

export function newestVersionAtTime(db: Reader, file: string, at: number): number | undefined {
  const sql = 'SELECT max(v) AS v FROM doc_op WHERE file = (SELECT id FROM doc_word WHERE text = ?) AND ts <= ?';
  return db.get<{ v: number | null }>(sql, file, at)?.v ?? undefined;
}

export function insertOp(tx: Tx, op: OpRow): void {
  const args = packArgs(op.args, op.splices);
  tx.run(
    `INSERT INTO doc_op (file, v, span, base_v, call, actor, task, source, args, splices, note, label, ts, bytes, newlines, digest, seal)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    internWord(tx, op.file),
    op.version,
    op.span,
    op.base,
    op.call,
    internWord(tx, JSON.stringify(op.actor)),
    op.task === null ? null : internWord(tx, op.task),
    op.source,
    args,
    op.splices,
    op.note,
    internWord(tx, JSON.stringify(op.label)),
    op.at,
    op.bytes,
    op.newlines,
    Buffer.from(op.digest, 'hex'),
    op.seal === null ? null : Buffer.from(op.seal, 'hex'),
  );
}

export function undoLinks(db: Reader, file: string): { v: number; by: number }[] {
  return db.all<{ v: number; by: number }>('SELECT v, by_v AS by FROM doc_undo WHERE file = ? ORDER BY by_v', file);
}

export function linkUndo(tx: Tx, file: string, version: number, by: number): void {
  tx.run('INSERT INTO doc_undo (file, v, by_v) VALUES (?, ?, ?)', file, version, by);
}
