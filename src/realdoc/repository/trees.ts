import { type Reader, type Tx, toHex } from '../../common/index.ts';
import type { TreeRow } from '../rows.ts';

type Raw = Omit<TreeRow, 'isFull'> & { isFull: number };
const TREE = 'SELECT file, v AS version, sha256, bytes, newlines, is_full AS isFull, leaves FROM doc_tree';
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

export function treesOf(db: Reader, file: string): TreeRow[] {
  return db.all<Raw>(`${TREE} WHERE file = ? ORDER BY v`, file).map(treeOf);
}

/** The newest version after `after` whose stored text has these bytes. */
export function newestTreeLike(db: Reader, file: string, after: number, sha256: string): number | undefined {
  const sql = 'SELECT max(v) AS v FROM doc_tree WHERE file = ? AND v > ? AND sha256 = ?';
  return db.get<{ v: number | null }>(sql, file, after, sha256)?.v ?? undefined;
}

/** True if a version after `after`, up to and with `upTo`, has no change that leads to it. */
export function hasFull(db: Reader, file: string, after: number, upTo: number): boolean {
  const sql = 'SELECT 1 FROM doc_tree WHERE file = ? AND v > ? AND v <= ? AND is_full = 1 LIMIT 1';
  return db.get(sql, file, after, upTo) !== undefined;
}

export function insertTree(tx: Tx, t: TreeRow): void {
  tx.run(
    'INSERT OR IGNORE INTO doc_tree (file, v, sha256, bytes, newlines, is_full, leaves) VALUES (?, ?, ?, ?, ?, ?, ?)',
    t.file,
    t.version,
    t.sha256,
    t.bytes,
    t.newlines,
    t.isFull ? 1 : 0,
    t.leaves,
  );
}

export function insertLeaf(tx: Tx, job: number, bytes: number, sha256: Uint8Array, z: Uint8Array): number {
  return tx.run('INSERT INTO doc_leaf (job, bytes, sha256, z) VALUES (?, ?, ?, ?)', job, bytes, sha256, z).lastId;
}

/** A leaf with this digest that counts: one of a job that is done, or of this job. */
export function leafLike(db: Reader, sha256: Uint8Array, job: number): number | undefined {
  return db.get<{ id: number }>(
    `SELECT id FROM doc_leaf l WHERE substr(sha256, 1, 8) = ? AND sha256 = ?
     AND (job = ? OR (SELECT state FROM doc_job WHERE seq = l.job) = 'done') LIMIT 1`,
    sha256.subarray(0, 8),
    sha256,
    job,
  )?.id;
}

export function leafBytes(db: Reader, id: number): { z: Uint8Array; sha256: string } | undefined {
  const row = db.get<{ z: Uint8Array; sha256: Uint8Array }>('SELECT z, sha256 FROM doc_leaf WHERE id = ?', id);
  return row && { z: row.z, sha256: toHex(row.sha256) };
}

// Jobs: leaves belong to the job that stored them and count only once it is done

export function startJob(tx: Tx, kind: string, file: string | null, at: number): number {
  return tx.run("INSERT INTO doc_job (kind, file, state, ts) VALUES (?, ?, 'running', ?)", kind, file, at).lastId;
}

export function finishJob(tx: Tx, job: number): void {
  tx.run("UPDATE doc_job SET state = 'done' WHERE seq = ?", job);
}

export function runningJobs(db: Reader): number[] {
  return db.all<{ seq: number }>("SELECT seq FROM doc_job WHERE state = 'running'").map((row) => row.seq);
}

/** Takes away up to `max` leaves of a job that never ended, and the job with the last of them. */
export function sweepJob(tx: Tx, job: number, max: number): number {
  const { changes } = tx.run(
    'DELETE FROM doc_leaf WHERE id IN (SELECT id FROM doc_leaf WHERE job = ? LIMIT ?)',
    job,
    max,
  );
  if (changes < max) tx.run('DELETE FROM doc_job WHERE seq = ?', job);
  return changes;
}
