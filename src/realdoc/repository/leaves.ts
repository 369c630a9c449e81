import { type Reader, type Tx, toHex } from '../../common/index.ts';

interface LeafBytes {
  /** Of the text. */
  bytes: number;
  z: Uint8Array;
  sha256: Uint8Array;
  /** Leaf whose bytes are the dictionary of `z`. */
  dict: number | null;
  /** Name of the file that holds what else were in `z`. */
  blob: string | null;
}

interface NewLeaf {
  bytes: number;
  sha256: Uint8Array;
  z: Uint8Array;
  dict: number | null;
  blob: string | null;
}

/** The leaf that it rests on must be wanted in the same transaction. */
export function insertLeaf(tx: Tx, job: number, leaf: NewLeaf): number {
  const { bytes, sha256, z, dict, blob } = leaf;
  return tx.run(
    'INSERT INTO doc_leaf (job, bytes, sha256, z, dict, blob) VALUES (?, ?, ?, ?, ?, ?)',
    job,
    bytes,
    sha256,
    z,
    dict,
    blob === null ? null : Buffer.from(blob, 'hex'),
  ).lastId;
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

/** Somebody uses these leaves: they are not on their way out any more. */
export function unmarkLeaves(tx: Tx, ids: readonly number[]): void {
  tx.run('DELETE FROM doc_leaf_free WHERE id IN (SELECT value FROM json_each(?))', JSON.stringify(ids));
}

/** The same for somebody who is about to; false if one of them went already. Takes a millisecond for a thousand. */
export function wantLeaves(tx: Tx, ids: readonly number[]): boolean {
  unmarkLeaves(tx, ids);
  const sql = 'SELECT count(*) AS n FROM doc_leaf WHERE id IN (SELECT value FROM json_each(?))';
  return tx.get<{ n: number }>(sql, JSON.stringify(ids))!.n === new Set(ids).size;
}

export function leafBytes(db: Reader, id: number): LeafBytes | undefined {
  const row = db.get<Omit<LeafBytes, 'blob'> & { blob: Uint8Array | null }>(
    'SELECT bytes, z, sha256, dict, blob FROM doc_leaf WHERE id = ?',
    id,
  );
  return row && { ...row, blob: row.blob && toHex(row.blob) };
}

export function hasBlob(db: Reader, sha256: Uint8Array): boolean {
  return db.get('SELECT 1 FROM doc_blob WHERE sha256 = ?', sha256) !== undefined;
}

export function insertBlob(tx: Tx, sha256: string, bytes: number, at: number): void {
  tx.run('INSERT OR IGNORE INTO doc_blob (sha256, bytes, ts) VALUES (?, ?, ?)', Buffer.from(sha256, 'hex'), bytes, at);
}

/** Takes the name of a file away that no leaf has any more; true if there was none that has it. */
export function dropBlob(tx: Tx, blob: Uint8Array): boolean {
  if (tx.get('SELECT 1 FROM doc_leaf WHERE blob = ? LIMIT 1', blob) !== undefined) return false;
  return tx.run('DELETE FROM doc_blob WHERE sha256 = ?', blob).changes > 0;
}

/** Counts bytes to the history of a document. */
export function addStored(tx: Tx, file: string, bytes: number): void {
  tx.run('UPDATE doc_file SET stored = stored + ? WHERE id = ?', bytes, file);
}
