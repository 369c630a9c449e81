import type { Reader, Tx } from '../../common/index.ts';
import { type Moment, versionAtMoment } from './points.ts';

/** A version gave the document another path; `was` is the one that it had until then. */
export function noteName(tx: Tx, file: string, version: number, was: string): void {
  tx.run('INSERT INTO doc_name (file, v, was) VALUES (?, ?, ?)', file, version, was);
}

/** The path that a document had at a version; nothing if it has had no other one since. */
export function nameThen(db: Reader, file: string, version: number): string | undefined {
  const sql = 'SELECT was FROM doc_name WHERE file = ? AND v > ? ORDER BY v LIMIT 1';
  return db.get<{ was: string }>(sql, file, version)?.was;
}

/** Versions that gave the document another path. */
export function renamings(db: Reader, file: string): Set<number> {
  return new Set(db.all<{ v: number }>('SELECT v FROM doc_name WHERE file = ?', file).map((row) => row.v));
}

/** Documents that were below `prefix` at a moment and have moved since, wherever they are now. */
export function filesMovedFrom(db: Reader, workspace: string, prefix: string, moment: Moment): string[] {
  const sql = `SELECT DISTINCT n.file AS id FROM doc_name n JOIN doc_file f ON f.id = n.file
    WHERE f.workspace = ? AND instr(n.was, ?) = 1 ORDER BY f.rel`;
  const moved = db.all<{ id: string }>(sql, workspace, prefix);
  return moved.flatMap(({ id }) => {
    const version = versionAtMoment(db, id, moment);
    return version > 0 && nameThen(db, id, version)?.startsWith(prefix) ? [id] : [];
  });
}
