import { type Reader, type Tx, toHex } from '../../common/index.ts';
import type { Actor, Label } from '../../protocol/index.ts';
import { CHAIN_START } from '../history/chain.ts';
import type { OpRow } from '../rows.ts';
import type { LoggedOp } from '../storage/pack.ts';
import { isFullSplices, packArgs, unpackArgs, unpackChange } from '../text/codec.ts';
import type { Change } from '../text/splice.ts';
import {
  changesOfPack,
  factsOfPack,
  opsOfPack,
  type PackedOp,
  packAt,
  packedUpTo,
  packsBefore,
  packsBetween,
  packsOf,
} from './packs.ts';
import { internWords, jsonOf, wordAt, wordId } from './words.ts';

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
const OF_FILE = `${OP} WHERE o.file = ?`;
const NOBODY = -1;

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
  const number = wordId(db, file) ?? NOBODY;
  const row = db.get<{ digest: Uint8Array }>('SELECT digest FROM doc_op WHERE file = ? AND v = ?', number, version);
  if (row) return toHex(row.digest);
  const [pack] = packsBetween(db, number, version - 1, version);
  if (!pack) return '';
  if (pack.toVersion === version) return toHex(pack.digest);
  return opsOfPack(db, number, pack).find((op) => op.version === version)?.digest ?? '';
}

/** The version as it is in the log; `undefined` if there is none, or if it was thinned out. */
export function opAt(db: Reader, file: string, version: number): OpRow | undefined {
  const [op] = opsBetween(db, file, version - 1, version);
  return op;
}

/** Versions `after` < v <= `upTo`, oldest first. */
export function opsBetween(db: Reader, file: string, after: number, upTo: number): OpRow[] {
  const number = wordId(db, file) ?? NOBODY;
  const packed = packedUpTo(db, number);
  const old =
    after >= packed ? [] : packsBetween(db, number, after, upTo).flatMap((pack) => opsOfPack(db, number, pack));
  const sql = `${OF_FILE} AND o.v > ? AND o.v <= ? ORDER BY o.v`;
  const raws = upTo <= packed ? [] : db.all<Raw>(sql, number, Math.max(after, packed), upTo);
  return [...old.filter((op) => op.version > after && op.version <= upTo), ...inChain(db, file, raws)];
}

/** Only the changes of the same run: the hot path of rebase and replay. Throws RangeError for a version that is a text. */
export function changesBetween(db: Reader, file: string, after: number, upTo: number): Change[] {
  const number = wordId(db, file) ?? NOBODY;
  const packed = packedUpTo(db, number);
  const old =
    after >= packed ? [] : packsBetween(db, number, after, upTo).flatMap((p) => changesOfPack(db, p, after, upTo));
  const sql = 'SELECT splices FROM doc_op WHERE file = ? AND v > ? AND v <= ? ORDER BY v';
  const rows = upTo <= packed ? [] : db.all<{ splices: Uint8Array }>(sql, number, Math.max(after, packed), upTo);
  return [...old, ...rows.map(({ splices }) => unpackChange(splices))];
}

/** The label of a version, without the rest of it; `undefined` if there is no such version, or if it was thinned out. */
export function labelAt(db: Reader, file: string, version: number): Label | undefined {
  const number = wordId(db, file) ?? NOBODY;
  const [pack] = packsBetween(db, number, version - 1, version);
  let label = db.get<{ label: number }>('SELECT label FROM doc_op WHERE file = ? AND v = ?', number, version)?.label;
  if (pack) {
    const facts = factsOfPack(db, pack);
    const entry = facts.entryOf(version);
    label = facts.versions[entry] === version ? facts.label(entry) : undefined;
  }
  return label === undefined ? undefined : (JSON.parse(wordAt(db, label)) as Label);
}

/** What was done last up to a version, without the rest of that version: of a pack nothing more has to be made. */
export function newestDeed(
  db: Reader,
  file: string,
  version: number,
): Pick<OpRow, 'version' | 'source' | 'args'> | undefined {
  const number = wordId(db, file) ?? NOBODY;
  const packed = packedUpTo(db, number);
  if (version > packed) {
    const [op] = newestOps(db, file, version + 1, 1);
    if (op) return op;
  }
  const last = Math.min(version, packed);
  const [pack] = packsBetween(db, number, last - 1, last);
  const facts = pack && factsOfPack(db, pack);
  const entry = facts?.entryOf(version) ?? -1;
  if (!facts || entry < 0) return undefined;
  return { version: facts.versions[entry]!, source: facts.source(entry), args: facts.args(entry) };
}

/** Up to `max` versions below `before`, newest first. */
export function newestOps(db: Reader, file: string, before: number, max: number): OpRow[] {
  const number = wordId(db, file) ?? NOBODY;
  const packed = packedUpTo(db, number);
  const sql = `${OF_FILE} AND o.v > ? AND o.v < ? ORDER BY o.v DESC LIMIT ?`;
  const out = inChain(db, file, db.all<Raw>(sql, number, packed, before, max).reverse()).reverse();
  if (out.length === max || packed === 0) return out;
  for (const pack of packsBetween(db, number, 0, before - 1).reverse()) {
    const ops = opsOfPack(db, number, pack).filter((op) => op.version < before);
    out.push(...ops.reverse().slice(0, max - out.length));
    if (out.length === max) break;
  }
  return out;
}

/** By the time of the call, which is indexed: rows of one time lie together. */
const OF_CALL = 'substr(o.call, -24, 8) = substr(?, -24, 8) AND o.call = ?';

/** Every version that a call made, in the order in which they were made. */
export function opsOfCall(db: Reader, call: string): OpRow[] {
  const sql = `${OP} WHERE ${OF_CALL} ORDER BY o.seq`;
  return ofMany(db, 'call', call, db.all<Raw>(sql, call, call));
}

export function opsOfTask(db: Reader, task: string): OpRow[] {
  const id = wordId(db, task);
  return id === undefined ? [] : ofMany(db, 'task', task, db.all<Raw>(`${OP} WHERE o.task = ? ORDER BY o.seq`, id));
}

/** True if versions of this call or task were thinned out: it cannot be taken back as a whole. */
export function wasThinned(db: Reader, by: 'call' | 'task', id: string): boolean {
  const packs = packsOf(db, by, id);
  return packs[0] === 0 || packs.some((pack) => packAt(db, pack) === undefined);
}

function ofMany(db: Reader, by: 'call' | 'task', id: string, raws: readonly Raw[]): OpRow[] {
  const rows = raws.map((raw) => opOf(raw, digestAt(db, raw.file, raw.v - raw.span)));
  // A row whose pack is there but whose key is not yet is found as a row, and only as one.
  const found = new Set(rows.map((op) => `${op.file} ${op.version}`));
  return [...packedOf(db, by, id).filter((op) => !found.has(`${op.file} ${op.version}`)), ...rows];
}

/** Where in the log a call or a task did something, in that order. */
export function placesOf(db: Reader, by: 'call' | 'task', id: string): { file: string; seq: number; at: number }[] {
  const [of, values] = by === 'task' ? ['o.task = ?', [wordId(db, id) ?? NOBODY]] : [OF_CALL, [id, id]];
  const sql = `SELECT ${WORD} o.file) AS file, o.seq, o.ts AS at FROM doc_op o WHERE ${of} ORDER BY o.seq`;
  return [...packedOf(db, by, id), ...db.all<{ file: string; seq: number; at: number }>(sql, ...values)];
}

function packedOf(db: Reader, by: 'call' | 'task', id: string): PackedOp[] {
  const packs = packsOf(db, by, id).flatMap((pack) => packAt(db, pack) ?? []);
  const ops = packs.flatMap((pack) => opsOfPack(db, pack.file, pack).filter((op) => op[by] === id));
  return ops.sort((a, b) => a.seq - b.seq);
}

export function newestVersionAtTime(db: Reader, file: string, at: number): number | undefined {
  return newestBefore(db, file, 'at', at);
}

/** The newest version that was made up to a time, or at or before a place among the rows of all documents. */
export function newestBefore(db: Reader, file: string, by: 'at' | 'seq', value: number): number | undefined {
  const number = wordId(db, file) ?? NOBODY;
  const [column, least] = by === 'at' ? (['ts', 'least_ts'] as const) : (['seq', 'least_seq'] as const);
  const sql = `SELECT max(v) AS v FROM doc_op WHERE file = ? AND v > ? AND ${column} <= ?`;
  const row = db.get<{ v: number | null }>(sql, number, packedUpTo(db, number), value)?.v;
  if (row !== undefined && row !== null) return row;
  for (const pack of packsBefore(db, number, least, value)) {
    const found = opsOfPack(db, number, pack).findLast((op) => op[by] <= value);
    if (found) return found.version;
  }
  return undefined;
}

/** Rows of a document that no pack holds, as they are packed. */
export function loggedOps(db: Reader, file: number, max: number): LoggedOp[] {
  const after = packedUpTo(db, file);
  const sql = `SELECT seq, v AS version, span, base_v AS base, call, actor, task, source, args, splices, note, label,
    ts AS at, bytes, newlines, digest, seal FROM doc_op WHERE file = ? AND v > ? ORDER BY v LIMIT ?`;
  type Row = Omit<LoggedOp, 'digest' | 'seal'> & { digest: Uint8Array; seal: Uint8Array | null };
  return db.all<Row>(sql, file, after, max).map((row) => ({
    ...row,
    args: unpackArgs(row.args, row.splices),
    digest: row.span > 1 ? toHex(row.digest) : null,
    seal: row.seal && toHex(row.seal),
  }));
}

/** Gives the bytes that the row takes: they count to the history of the document. */
export function insertOp(tx: Tx, op: OpRow): number {
  const args = packArgs(op.args, op.splices);
  const names = [op.file, jsonOf(op.actor), jsonOf(op.label), op.task] as const;
  const [file, actor, label, task] = internWords(tx, names);
  tx.run(
    `INSERT INTO doc_op (file, v, span, base_v, call, actor, task, source, args, splices, note, label, ts, bytes, newlines, digest, seal)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    file,
    op.version,
    op.span,
    op.base,
    op.call,
    actor,
    task,
    op.source,
    args,
    op.splices,
    op.note,
    label,
    op.at,
    op.bytes,
    op.newlines,
    Buffer.from(op.digest, 'hex'),
    op.seal === null ? null : Buffer.from(op.seal, 'hex'),
  );
  return ROW_BYTES + op.splices.length + (typeof args === 'string' ? args.length : args.byteLength);
}

/** What a row takes besides its change and its arguments, indexes and all. */
export const ROW_BYTES = 190;

export function undoLinks(db: Reader, file: string): { v: number; by: number }[] {
  return db.all<{ v: number; by: number }>('SELECT v, by_v AS by FROM doc_undo WHERE file = ? ORDER BY by_v', file);
}

export function linkUndo(tx: Tx, file: string, version: number, by: number): void {
  tx.run('INSERT INTO doc_undo (file, v, by_v) VALUES (?, ?, ?)', file, version, by);
}
