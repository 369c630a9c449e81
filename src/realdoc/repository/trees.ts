import { type Reader, type Tx, toHex } from '../../common/index.ts';
import type { TreeRow } from '../rows.ts';

const TREE = 'SELECT file, v AS version, sha256, bytes, newlines, leaves FROM doc_tree';

export function nearestTree(db: Reader, file: string, version: number): TreeRow | undefined {
  return db.get<TreeRow>(`${TREE} WHERE file = ? AND v <= ? ORDER BY v DESC LIMIT 1`, file, version);
}

export function treesOf(db: Reader, file: string): TreeRow[] {
  return db.all<TreeRow>(`${TREE} WHERE file = ? ORDER BY v`, file);
}

export function insertTree(tx: Tx, t: TreeRow): void {
  tx.run(
    'INSERT OR IGNORE INTO doc_tree (file, v, sha256, bytes, newlines, leaves) VALUES (?, ?, ?, ?, ?, ?)',
    t.file,
    t.version,
    t.sha256,
    t.bytes,
    t.newlines,
    t.leaves,
  );
}

export function insertLeaf(tx: Tx, job: number, bytes: number, sha256: Uint8Array, z: Uint8Array): number {
  return tx.run('INSERT INTO doc_leaf (job, bytes, sha256, z) VALUES (?, ?, ?, ?)', job, bytes, sha256, z).lastId;
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
