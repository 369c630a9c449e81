import { hash } from 'node:crypto';
import { type Reader, type Tx, toHex } from '../../common/index.ts';
import type { Actor, Label } from '../../protocol/index.ts';
import { CHAIN_START, versionDigest } from '../history/chain.ts';
import type { OpRow } from '../rows.ts';
import { parseCall } from '../storage/call-id.ts';
import type { LoggedOp } from '../storage/pack.ts';
import { PackedSplices } from '../storage/pack-splices.ts';
import { PackedFacts } from '../storage/read-pack.ts';
import { isFullSplices, plainOf } from '../text/codec.ts';
import type { Change } from '../text/splice.ts';
import { wordAt } from './words.ts';

/** What is known of a pack without opening it. */
interface PackHead {
  id: number;
  fromVersion: number;
  toVersion: number;
  prev: Uint8Array;
  digest: Uint8Array;
  /** Of the two halves as they are stored. */
  sizes: string;
}

export interface NewPack {
  file: number;
  fromVersion: number;
  toVersion: number;
  leastAt: number;
  leastSeq: number;
  prev: string;
  digest: string;
  splices: Uint8Array;
  facts: Uint8Array;
}

/** A version that lies in a pack, with its place among the rows of all documents. */
export type PackedOp = OpRow & { seq: number };

interface Opened {
  splices?: PackedSplices;
  facts?: PackedFacts;
  ops?: PackedOp[];
}

const HEAD = `SELECT id, from_v AS fromVersion, to_v AS toVersion, prev, digest,
  length(splices) || ' ' || length(facts) AS sizes FROM doc_pack`;
/**
 * Packs that were opened lately: of each half a megabyte, or some where its rows were made as well. Named by where they
 * lie in the chain of their document and by their sizes, so one is the same in any database: from the same run of versions
 * others may have been taken in one than in another. Whoever takes some away forgets the pack as well.
 */
const KEEP = 64;
const WITH_ROWS = 4;
const opened = new Map<string, Opened>();

/** Makes the next reading of every pack one from the database. */
export function forgetPacks(): void {
  opened.clear();
}

function openedAs(head: PackHead): Opened {
  const key = `${head.fromVersion} ${toHex(head.prev)} ${toHex(head.digest)} ${head.sizes}`;
  const entry = opened.get(key) ?? {};
  opened.delete(key);
  opened.set(key, entry);
  let weight = 0;
  for (const { ops } of opened.values()) weight += ops ? WITH_ROWS : 1;
  for (const [oldest, { ops }] of opened) {
    if (weight <= KEEP) break;
    opened.delete(oldest);
    weight -= ops ? WITH_ROWS : 1;
  }
  return entry;
}

/** The newest version that lies in a pack; 0 if none does. Rows up to it are on their way out and count no more. */
export function packedUpTo(db: Reader, file: number): number {
  return db.get<{ v: number | null }>('SELECT max(to_v) AS v FROM doc_pack WHERE file = ?', file)?.v ?? 0;
}

/** Packs that hold something of the versions after `after`, up to and with `upTo`; oldest first. */
export function packsBetween(db: Reader, file: number, after: number, upTo: number): PackHead[] {
  return db.all<PackHead>(`${HEAD} WHERE file = ? AND to_v > ? AND from_v <= ? ORDER BY to_v`, file, after, upTo);
}

/** Packs with something older than a moment, newest first. */
export function packsBefore(db: Reader, file: number, least: 'least_ts' | 'least_seq', value: number): PackHead[] {
  return db.all<PackHead>(`${HEAD} WHERE file = ? AND ${least} <= ? ORDER BY to_v DESC`, file, value);
}

export function packAt(db: Reader, id: number): (PackHead & { file: number }) | undefined {
  return db.get<PackHead & { file: number }>(`${HEAD.replace('id,', 'id, file,')} WHERE id = ?`, id);
}

/** The changes of the versions `after` < v <= `upTo` that lie in a pack. Throws RangeError for one that is a text. */
export function changesOfPack(db: Reader, head: PackHead, after: number, upTo: number): Change[] {
  const entry = openedAs(head);
  entry.splices ??= new PackedSplices(blobsOf(db, head.id).splices);
  // Every version stands for itself, so they can be counted; else their numbers are among the facts.
  const isWhole = entry.splices.count === head.toVersion - head.fromVersion + 1;
  const versions = isWhole ? undefined : factsOfPack(db, head).versions;
  const { splices } = entry;
  const out: Change[] = [];
  const first = versions ? 0 : Math.max(0, after + 1 - head.fromVersion);
  for (let i = first; i < splices.count; i++) {
    const version = versions ? versions[i]! : head.fromVersion + i;
    if (version > upTo) break;
    if (version <= after) continue;
    const change = splices.change(i);
    if (!change) throw new RangeError('not a packed change');
    out.push(change);
  }
  return out;
}

/** What is known of the versions in a pack without their digests, which take most of the time. */
export function factsOfPack(db: Reader, head: PackHead): PackedFacts {
  const entry = openedAs(head);
  entry.facts ??= new PackedFacts(blobsOf(db, head.id), head.fromVersion, entry.splices);
  entry.splices = entry.facts.splices;
  return entry.facts;
}

/** Throws if the digests that come out do not end with the one that was stored. */
export function opsOfPack(db: Reader, file: number, head: PackHead): PackedOp[] {
  const entry = openedAs(head);
  entry.ops ??= inChain(wordAt(db, file), head, factsOfPack(db, head).all(), (id) => wordAt(db, id));
  return entry.ops;
}

/** The same as it is stored. */
export function loggedOfPack(db: Reader, head: PackHead): LoggedOp[] {
  return factsOfPack(db, head).all();
}

function inChain(
  file: string,
  head: Omit<PackHead, 'id' | 'sizes'>,
  logged: readonly LoggedOp[],
  word: (id: number) => string,
): PackedOp[] {
  const parsed = new Map<number, unknown>();
  const told = <T>(id: number): T => {
    if (!parsed.has(id)) parsed.set(id, JSON.parse(word(id)));
    return parsed.get(id) as T;
  };
  const tasks = new Map<number, string>();
  const taskOf = (id: number): string => {
    const task = tasks.get(id) ?? word(id);
    tasks.set(id, task);
    return task;
  };
  let prev = toHex(head.prev);
  const ops = logged.map((op) => {
    const whole = {
      ...op,
      file,
      isFull: isFullSplices(op.splices),
      actor: told<Actor>(op.actor),
      label: told<Label>(op.label),
      task: op.task === null ? null : taskOf(op.task),
      prev,
    };
    const digest = op.digest ?? versionDigest(whole, whole.isFull ? op.splices : plainOf(op.splices));
    prev = digest;
    return { ...whole, digest };
  });
  if (prev !== toHex(head.digest))
    throw new Error(`the pack of versions ${head.fromVersion} to ${head.toVersion} is damaged`);
  return ops;
}

/** Digests of two versions that are rows still, or lie at the end of a pack. Throws if one is missing. */
export function digestsOf(db: Reader, file: number, before: number, last: number): { prev: string; digest: string } {
  const of = (version: number): string => {
    if (version === 0) return CHAIN_START;
    const row =
      db.get<{ digest: Uint8Array }>('SELECT digest FROM doc_op WHERE file = ? AND v = ?', file, version) ??
      db.get<{ digest: Uint8Array }>('SELECT digest FROM doc_pack WHERE file = ? AND to_v = ?', file, version);
    if (!row) throw new Error(`version ${version} is missing`);
    return toHex(row.digest);
  };
  return { prev: of(before), digest: of(last) };
}

/**
 * Opens a pack of the document `file` that is not stored yet, as it would be read. `word`: what a number in it stands
 * for. Throws if it does not end with the digest it should.
 */
export function readBack(file: string, pack: NewPack, word: (id: number) => string): void {
  const { fromVersion, toVersion } = pack;
  const head = { fromVersion, toVersion, prev: bytesOf(pack.prev), digest: bytesOf(pack.digest) };
  inChain(file, head, new PackedFacts(pack, fromVersion).all(), word);
}

const bytesOf = (hex: string): Buffer => Buffer.from(hex, 'hex');

function blobsOf(db: Reader, id: number): { splices: Uint8Array; facts: Uint8Array } {
  const row = db.get<{ splices: Uint8Array; facts: Uint8Array }>(
    'SELECT splices, facts FROM doc_pack WHERE id = ?',
    id,
  );
  if (!row) throw new Error(`pack ${id} is missing`);
  return row;
}

export function insertPack(tx: Tx, p: NewPack): number {
  return tx.run(
    `INSERT INTO doc_pack (file, from_v, to_v, least_ts, least_seq, prev, digest, splices, facts)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    p.file,
    p.fromVersion,
    p.toVersion,
    p.leastAt,
    p.leastSeq,
    Buffer.from(p.prev, 'hex'),
    Buffer.from(p.digest, 'hex'),
    p.splices,
    p.facts,
  ).lastId;
}

/**
 * Under which number a call or a task is looked up among the packs. Others may have the same: the pack decides. Those of
 * calls grow with time, so that what is packed together is written to the same few pages of the index.
 */
export function packKey(by: 'call' | 'task', id: string): number {
  const call = by === 'call' ? parseCall(id) : undefined;
  if (!call) return hashKey(by, id);
  return (call.time % 2 ** 41) * 64 + (call.random[0]! >> 2);
}

/** The same in boxes of before, where calls had such a key too. */
function hashKey(by: 'call' | 'task', id: string): number {
  return hash('sha256', `${by} ${id}`, 'buffer').readInt32BE(0);
}

export type PackKey = readonly [key: number, pack: number];

export function insertPackKeys(tx: Tx, keys: readonly PackKey[]): void {
  // In order, so that a page of the index is visited once.
  const sorted = keys.toSorted(([a], [b]) => a - b);
  const sql = `INSERT OR IGNORE INTO doc_pack_key (key, pack) SELECT value ->> 0, value ->> 1 FROM json_each(?)`;
  tx.run(sql, JSON.stringify(sorted));
}

/** Packs that may hold versions of a call or a task; 0: some were thinned out. */
export function packsOf(db: Reader, by: 'call' | 'task', id: string): number[] {
  const sql = 'SELECT DISTINCT pack FROM doc_pack_key WHERE key IN (?, ?) ORDER BY pack';
  return db.all<{ pack: number }>(sql, packKey(by, id), hashKey(by, id)).map((row) => row.pack);
}

/** Documents with so many rows that some of them should be packed, or with rows that a pack holds already. */
export function filesToPack(db: Reader, count: number): number[] {
  const sql = `SELECT file FROM doc_op GROUP BY file HAVING count(*) >= ?
    UNION SELECT p.file FROM doc_pack p JOIN doc_op o ON o.file = p.file AND o.v <= p.to_v`;
  return db.all<{ file: number }>(sql, count).map((row) => row.file);
}

export interface PackedRow {
  seq: number;
  v: number;
  call: string;
  task: number | null;
  /** Without what a row takes besides. */
  bytes: number;
}

/** Rows that lie in packs already, oldest first. */
export function packedRows(db: Reader, file: number, max: number): PackedRow[] {
  const sql = `SELECT seq, v, call, task, length(splices) + length(args) AS bytes FROM doc_op
    WHERE file = ? AND v <= ? ORDER BY v LIMIT ?`;
  return db.all<PackedRow>(sql, file, packedUpTo(db, file), max);
}

/** Takes away rows that follow one another. Throws if anything else lies between them. */
export function dropRows(tx: Tx, file: number, list: readonly PackedRow[]): void {
  const [first, last] = [list[0], list.at(-1)];
  if (!first || !last) return;
  const { changes } = tx.run('DELETE FROM doc_op WHERE file = ? AND v >= ? AND v <= ?', file, first.v, last.v);
  if (changes !== list.length) throw new Error(`rows ${first.v} to ${last.v} are not the ones that were packed`);
}
