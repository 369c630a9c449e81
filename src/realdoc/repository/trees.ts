import { zstdDecompressSync } from 'node:zlib';
import { type Reader, type Tx, toHex } from '../../common/index.ts';
import type { TreeRow } from '../rows.ts';
import { withDictionary } from '../text/codec.ts';
import { dropBlob, unmarkLeaves } from './leaves.ts';

type Raw = Omit<TreeRow, 'isFull'> & { isFull: number };
const TREE =
  'SELECT file, v AS version, sha256, bytes, newlines, is_full AS isFull, dict_v AS dictVersion, leaves FROM doc_tree';
const treeOf = (raw: Raw): TreeRow => ({ ...raw, isFull: raw.isFull === 1 });

export function nearestTree(db: Reader, file: string, version: number): TreeRow | undefined {
  const raw = db.get<Raw>(`${TREE} WHERE file = ? AND v <= ? ORDER BY v DESC LIMIT 1`, file, version);
  return raw && treeOf(raw);
}

/** The stored text from which the log leads to `version` without a gap, the farthest back that there is. */
export function firstText(db: Reader, file: string, version: number): TreeRow | undefined {
  const raw = db.get<Raw>(
    `${TREE} WHERE file = ? AND v <= ?
     AND v >= coalesce((SELECT max(v) FROM doc_tree WHERE file = ? AND v <= ? AND is_full = 1), 0) ORDER BY v LIMIT 1`,
    file,
    version,
    file,
    version,
  );
  return raw && treeOf(raw);
}

/** The stored text that follows `version`. */
export function nextTree(db: Reader, file: string, version: number): TreeRow | undefined {
  const raw = db.get<Raw>(`${TREE} WHERE file = ? AND v > ? ORDER BY v LIMIT 1`, file, version);
  return raw && treeOf(raw);
}

export type PackedLeaves = Pick<TreeRow, 'leaves' | 'dictVersion'>;

export function treeAt(db: Reader, file: string, version: number): TreeRow | undefined {
  const raw = db.get<Raw>(`${TREE} WHERE file = ? AND v = ?`, file, version);
  return raw && treeOf(raw);
}

/** The plain list of the leaves of a tree (see `leaf-list.ts`). */
export function leafList(db: Reader, row: Pick<TreeRow, 'file' | 'version'> & PackedLeaves): Buffer {
  if (row.dictVersion === null) return zstdDecompressSync(row.leaves);
  const dict = treeAt(db, row.file, row.dictVersion);
  if (!dict) throw new Error(`the list of leaves of version ${row.dictVersion} is missing`);
  return zstdDecompressSync(row.leaves, withDictionary(leafList(db, dict)));
}

/** The version of the newest stored text, without the text. */
export function newestTreeVersion(db: Reader, file: string): number {
  return db.get<{ v: number | null }>('SELECT max(v) AS v FROM doc_tree WHERE file = ?', file)?.v ?? 0;
}

export function treesOf(db: Reader, file: string): TreeRow[] {
  return db.all<Raw>(`${TREE} WHERE file = ? ORDER BY v`, file).map(treeOf);
}

/** The newest version after `after` whose stored text has these bytes. */
export function newestTreeLike(db: Reader, file: string, after: number, sha256: string): number | undefined {
  const sql = 'SELECT max(v) AS v FROM doc_tree WHERE file = ? AND v > ? AND sha256 = ?';
  return db.get<{ v: number | null }>(sql, file, after, sha256)?.v ?? undefined;
}

export function insertTree(tx: Tx, t: TreeRow): void {
  tx.run(
    'INSERT OR IGNORE INTO doc_tree (file, v, sha256, bytes, newlines, is_full, dict_v, leaves) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    t.file,
    t.version,
    t.sha256,
    t.bytes,
    t.newlines,
    t.isFull ? 1 : 0,
    t.dictVersion,
    t.leaves,
  );
}

// Jobs: leaves belong to the job that stored them and count only once it is done

export function startJob(tx: Tx, kind: string, file: string | null, at: number): number {
  return tx.run("INSERT INTO doc_job (kind, file, state, ts) VALUES (?, ?, 'running', ?)", kind, file, at).lastId;
}

/** Throws if it is not running: its leaves are gone. */
export function finishJob(tx: Tx, job: number): void {
  const { changes } = tx.run("UPDATE doc_job SET state = 'done' WHERE seq = ? AND state = 'running'", job);
  if (changes === 0) throw new Error(`job ${job} does not run`);
}

export function runningJobs(db: Reader): number[] {
  return db.all<{ seq: number }>("SELECT seq FROM doc_job WHERE state = 'running'").map((row) => row.seq);
}

export function isRunning(db: Reader, job: number): boolean {
  return db.get("SELECT 1 FROM doc_job WHERE seq = ? AND state = 'running'", job) !== undefined;
}

/**
 * Takes away up to `max` leaves of a job that did not end, and the job itself once it has none: `isOver` from then on, and
 * its number may be another's. `blobs`: the names of files that no leaf has any more.
 */
export function sweepJob(tx: Tx, job: number, max: number): { isOver: boolean; blobs: string[] } {
  if (!isRunning(tx, job)) return { isOver: true, blobs: [] };
  const sql = 'SELECT id, blob FROM doc_leaf WHERE job = ? LIMIT ?';
  const leaves = tx.all<{ id: number; blob: Uint8Array | null }>(sql, job, max);
  for (const { id } of leaves) tx.run('DELETE FROM doc_leaf WHERE id = ?', id);
  // Marks too: their numbers are given out again.
  unmarkLeaves(
    tx,
    leaves.map(({ id }) => id),
  );
  const isOver = leaves.length < max;
  if (isOver) tx.run('DELETE FROM doc_job WHERE seq = ?', job);
  const blobs = leaves.flatMap(({ blob }) => (blob !== null && dropBlob(tx, blob) ? [toHex(blob)] : []));
  return { isOver, blobs };
}
