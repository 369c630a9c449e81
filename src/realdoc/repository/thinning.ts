import { zstdCompressSync } from 'node:zlib';
import type { Reader, Tx } from '../../common/index.ts';
import type { LoggedOp } from '../storage/pack.ts';
import { packArgs } from '../text/codec.ts';
import { dropBlob } from './leaves.ts';
import { opsBetween, ROW_BYTES } from './ops.ts';
import { forgetPacks, insertPackKeys, type NewPack, type PackKey, packKey } from './packs.ts';
import { leafList, treesOf } from './trees.ts';
import { wordAt, wordId } from './words.ts';

/** True if some versions of the document are gone. */
export function isThinned(db: Reader, file: string): boolean {
  return db.get<{ thinned: number }>('SELECT thinned FROM doc_file WHERE id = ?', file)?.thinned === 1;
}

export function markThinned(tx: Tx, file: string): void {
  tx.run('UPDATE doc_file SET thinned = 1 WHERE id = ?', file);
}

/** The nearest versions that are there before and after one that may be gone; equal to it if it is not. */
export function keptAround(db: Reader, file: string, version: number): { before: number | null; after: number | null } {
  const bounds = db.get<{ before: number | null; after: number | null }>(
    `SELECT max(CASE WHEN v <= ? THEN v END) AS before, min(CASE WHEN v >= ? THEN v END) AS after FROM (
       SELECT v FROM doc_op WHERE file = (SELECT id FROM doc_word WHERE text = ?)
       UNION SELECT to_v AS v FROM doc_pack WHERE file = (SELECT id FROM doc_word WHERE text = ?))`,
    version,
    version,
    file,
    file,
  )!;
  if (bounds.before === version || bounds.after === null) return bounds;
  const between = opsBetween(db, file, bounds.before ?? 0, bounds.after);
  return {
    before: between.findLast((op) => op.version <= version)?.version ?? bounds.before,
    after: between.find((op) => op.version >= version)?.version ?? bounds.after,
  };
}

/** Rows that came to stand for others, and those others: in one step. */
export function foldRows(tx: Tx, kept: LoggedOp, goneAfter: number): void {
  const row = 'FROM doc_op WHERE file = (SELECT file FROM doc_op WHERE seq = ?) AND v > ? AND v < ?';
  noteThinned(tx, tx.all(`SELECT call, task ${row}`, kept.seq, goneAfter, kept.version));
  tx.run(`DELETE ${row}`, kept.seq, goneAfter, kept.version);
  tx.run(
    'UPDATE doc_op SET span = ?, splices = ?, args = ?, seal = ? WHERE seq = ?',
    kept.span,
    kept.splices,
    packArgs(kept.args, kept.splices),
    kept.seal === null ? null : Buffer.from(kept.seal, 'hex'),
    kept.seq,
  );
}

/** Remembers that something of these calls and tasks is gone. */
export function noteThinned(tx: Tx, gone: readonly { call: string; task: number | null }[]): void {
  const keys = gone.flatMap(({ call, task }): PackKey[] => [
    [packKey('call', call), 0],
    ...(task === null ? [] : [[packKey('task', wordAt(tx, task)), 0] as const]),
  ]);
  insertPackKeys(tx, keys);
}

/** Another content for a pack; its id stays, since keys name it. */
export function replacePack(tx: Tx, id: number, p: NewPack): void {
  tx.run(
    'UPDATE doc_pack SET from_v = ?, least_ts = ?, least_seq = ?, prev = ?, splices = ?, facts = ? WHERE id = ?',
    p.fromVersion,
    p.leastAt,
    p.leastSeq,
    Buffer.from(p.prev, 'hex'),
    p.splices,
    p.facts,
    id,
  );
  // Its ends are the same, and it is known by them.
  tx.afterCommit(forgetPacks);
}

/** Packs that end before a version: the history starts there from now on. Their keys stay, and lead nowhere. */
export function dropPacksBefore(tx: Tx, file: number, version: number): void {
  tx.run('DELETE FROM doc_pack WHERE file = ? AND to_v < ?', file, version);
}

/** Drops stored texts of versions that are gone. A list that was the dictionary of another is written into that one. */
export function dropTrees(tx: Tx, file: string, isGone: (version: number) => boolean): void {
  const trees = treesOf(tx, file);
  for (const tree of trees) {
    if (isGone(tree.version) || tree.dictVersion === null || !isGone(tree.dictVersion)) continue;
    tx.run(
      'UPDATE doc_tree SET leaves = ?, dict_v = NULL WHERE file = ? AND v = ?',
      zstdCompressSync(leafList(tx, tree)),
      file,
      tree.version,
    );
  }
  for (const { version } of trees) {
    if (isGone(version)) tx.run('DELETE FROM doc_tree WHERE file = ? AND v = ?', file, version);
  }
}

/** The stored text of a version is its only one from now on. */
export function needTree(tx: Tx, file: string, version: number): void {
  tx.run('UPDATE doc_tree SET is_full = 1 WHERE file = ? AND v = ?', file, version);
}

/** For a stored text of which no digest was taken yet. */
export function setTreeDigest(tx: Tx, file: string, version: number, sha256: string): void {
  tx.run('UPDATE doc_tree SET sha256 = ? WHERE file = ? AND v = ?', sha256, file, version);
}

/** Bytes that the log of a document takes, rows and packs. */
export function logBytes(db: Reader, file: string): number {
  const number = wordId(db, file) ?? -1;
  const packs = 'SELECT coalesce(sum(length(splices) + length(facts)), 0) AS n FROM doc_pack WHERE file = ?';
  const row = `SELECT coalesce(sum(${ROW_BYTES} + length(splices) + length(args)), 0) AS n FROM doc_op WHERE file = ?`;
  return db.get<{ n: number }>(packs, number)!.n + db.get<{ n: number }>(row, number)!.n;
}

export function setStored(tx: Tx, file: string, bytes: number): void {
  tx.run('UPDATE doc_file SET stored = ? WHERE id = ?', bytes, file);
}

/** Bytes of history, of one workspace or in all. */
export function storedIn(db: Reader, workspace?: string): number {
  const sql = 'SELECT coalesce(sum(stored), 0) AS n FROM doc_file';
  if (workspace === undefined) return db.get<{ n: number }>(sql)!.n;
  return db.get<{ n: number }>(`${sql} WHERE workspace = ?`, workspace)!.n;
}

// Leaves that no text names any more

/** Leaves from after `after` up to `upTo` that count, with the leaf that each rests on. */
export function leavesAfter(
  db: Reader,
  after: number,
  upTo: number,
  max: number,
): { id: number; dict: number | null }[] {
  const sql = `SELECT id, dict FROM doc_leaf l WHERE id > ? AND id <= ?
    AND (SELECT state FROM doc_job WHERE seq = l.job) = 'done' ORDER BY id LIMIT ?`;
  return db.all(sql, after, upTo, max);
}

/** Of those that count: what belongs to a job that runs may go again, and its number be given out once more. */
export function newestLeaf(db: Reader): number {
  const sql = `SELECT id FROM doc_leaf l WHERE (SELECT state FROM doc_job WHERE seq = l.job) = 'done'
    ORDER BY id DESC LIMIT 1`;
  return db.get<{ id: number }>(sql)?.id ?? 0;
}

export function allTrees(db: Reader): { file: string; version: number }[] {
  return db.all('SELECT file, v AS version FROM doc_tree');
}

export function freeLeaf(tx: Tx, id: number, at: number): void {
  tx.run('INSERT OR IGNORE INTO doc_leaf_free (id, ts) VALUES (?, ?)', id, at);
}

/** The marked ones among the leaves from one to another. */
export function markedLeaves(db: Reader, from: number, upTo: number): Set<number> {
  const sql = 'SELECT id FROM doc_leaf_free WHERE id >= ? AND id <= ?';
  return new Set(db.all<{ id: number }>(sql, from, upTo).map((row) => row.id));
}

/** Leaves that have been free since before a moment. */
export function freeLeaves(db: Reader, before: number, max: number): number[] {
  return db
    .all<{ id: number }>('SELECT id FROM doc_leaf_free WHERE ts <= ? ORDER BY id LIMIT ?', before, max)
    .map((r) => r.id);
}

/**
 * Takes free leaves away, but none that another rests on; and the names of files that no leaf has any more. The newest
 * one stays until there is a newer: SQLite would give its number to the next, and whoever still has it in mind would
 * read that one.
 */
export function dropLeaves(tx: Tx, ids: readonly number[]): number {
  let dropped = 0;
  const newest = newestLeaf(tx);
  for (const id of ids) {
    if (id === newest) {
      tx.run('DELETE FROM doc_leaf_free WHERE id = ?', id);
      continue;
    }
    if (tx.get('SELECT 1 FROM doc_leaf_free WHERE id = ?', id) === undefined) continue;
    if (tx.get('SELECT 1 FROM doc_leaf WHERE dict = ? LIMIT 1', id) !== undefined) {
      // It may go when those that rest on it are gone: looked at again in another pass.
      tx.run('DELETE FROM doc_leaf_free WHERE id = ?', id);
      continue;
    }
    const blob = tx.get<{ blob: Uint8Array | null }>('SELECT blob FROM doc_leaf WHERE id = ?', id)?.blob;
    dropped += tx.run('DELETE FROM doc_leaf WHERE id = ?', id).changes;
    tx.run('DELETE FROM doc_leaf_free WHERE id = ?', id);
    if (blob) dropBlob(tx, blob);
  }
  return dropped;
}

/** Bytes that some leaves take in the database and in files. */
export function leafSizes(db: Reader, ids: readonly number[]): number {
  const sql = `SELECT coalesce(length(z) + (SELECT bytes FROM doc_blob WHERE sha256 = blob), length(z)) AS n
    FROM doc_leaf WHERE id = ?`;
  return ids.reduce((sum, id) => sum + (db.get<{ n: number }>(sql, id)?.n ?? 0), 0);
}

/** Old versions are to be taken from a document; stays until that is done. `policy` is JSON. */
export function beginPrune(tx: Tx, file: string, policy: string, at: number): void {
  tx.run('INSERT OR REPLACE INTO doc_prune (file, policy, ts) VALUES (?, ?, ?)', file, policy, at);
}

export function endPrune(tx: Tx, file: string): void {
  tx.run('DELETE FROM doc_prune WHERE file = ?', file);
}

/** What was begun and is not done. */
export function openPrunes(db: Reader): { file: string; policy: string; at: number }[] {
  return db.all<{ file: string; policy: string; at: number }>('SELECT file, policy, ts AS at FROM doc_prune');
}
