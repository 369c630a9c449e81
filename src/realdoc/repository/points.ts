import type { Reader } from '../../common/index.ts';
import { newestBefore, placesOf } from './ops.ts';

/** A moment in the history of a workspace: before one entry of the log, or as of a time. */
export type Moment = { beforeSeq: number } | { at: number };

/** Where in the log a task or a call did its first thing to documents below `prefix`; its time as well. */
export function firstOf(
  db: Reader,
  by: 'task' | 'call',
  id: string,
  workspace: string,
  prefix: string,
): { seq: number; at: number } | undefined {
  const isBelow = (file: string): boolean => {
    const sql = `SELECT 1 AS one FROM doc_file f WHERE id = ? AND workspace = ? AND (instr(rel, ?) = 1
      OR EXISTS (SELECT 1 FROM doc_name n WHERE n.file = f.id AND instr(n.was, ?) = 1))`;
    return db.get(sql, file, workspace, prefix, prefix) !== undefined;
  };
  return placesOf(db, by, id).find(({ file }) => isBelow(file));
}

/** The version of a document at a moment; 0 if it was not known then. */
export function versionAtMoment(db: Reader, file: string, moment: Moment): number {
  const found =
    'at' in moment ? newestBefore(db, file, 'at', moment.at) : newestBefore(db, file, 'seq', moment.beforeSeq - 1);
  return found ?? 0;
}

/** Documents below `prefix`, deleted ones too, whose newest version is later than the moment. */
export function filesSince(db: Reader, workspace: string, prefix: string, moment: Moment, max: number): string[] {
  const [column, value] = 'at' in moment ? ['ts >', moment.at] : ['seq >=', moment.beforeSeq];
  return db
    .all<{ id: string }>(
      `SELECT f.id AS id FROM doc_file f WHERE f.workspace = ? AND instr(f.rel, ?) = 1 AND f.head > 0 AND EXISTS
       (SELECT 1 FROM doc_op o WHERE o.file = (SELECT id FROM doc_word WHERE text = f.id) AND o.v = f.head AND o.${column} ?) ORDER BY f.rel LIMIT ?`,
      workspace,
      prefix,
      value,
      max,
    )
    .map((row) => row.id);
}

/** Documents below `prefix` in which a version has this name. */
export function filesTagged(
  db: Reader,
  workspace: string,
  prefix: string,
  name: string,
  max: number,
): { id: string; version: number }[] {
  return db.all<{ id: string; version: number }>(
    `SELECT f.id AS id, t.v AS version FROM doc_file f JOIN doc_tag t ON t.file = f.id
     WHERE f.workspace = ? AND instr(f.rel, ?) = 1 AND t.name = ? ORDER BY f.rel LIMIT ?`,
    workspace,
    prefix,
    name,
    max,
  );
}

/** True if a document has, or once had, a path below `prefix`. */
export function hasFilesBelow(db: Reader, workspace: string, prefix: string): boolean {
  const sql = `SELECT 1 AS one FROM doc_file WHERE workspace = ? AND instr(rel, ?) = 1 UNION ALL
    SELECT 1 FROM doc_name n JOIN doc_file f ON f.id = n.file WHERE f.workspace = ? AND instr(n.was, ?) = 1 LIMIT 1`;
  return db.get(sql, workspace, prefix, workspace, prefix) !== undefined;
}
