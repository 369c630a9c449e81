import type { Reader, SqlValue, Tx } from '../../common/index.ts';
import type { Label } from '../../protocol/index.ts';
import type { FileRow } from '../rows.ts';
import { jsonOf } from './words.ts';

type Raw = Record<string, never>;
/** Subqueries, not a join: SQLite and the driver take ten times as long to give one row of a join (90 us against 9). */
const FILE = `SELECT f.*, (SELECT name FROM doc_workspace WHERE id = f.workspace) AS ws,
  (SELECT root FROM doc_workspace WHERE id = f.workspace) AS root FROM doc_file f`;

function fileOf(raw: Raw): FileRow {
  const row = raw as unknown as Record<string, unknown> & { label: string; ws: string; rel: string };
  return {
    ...(row as unknown as FileRow),
    path: `${row.ws}/${row.rel}`,
    utf8: row['utf8'] === 1,
    bom: row['bom'] === 1,
    mixed: row['mixed'] === 1,
    label: JSON.parse(row.label) as Label,
  };
}

export function fileById(db: Reader, id: string): FileRow | undefined {
  const raw = db.get<Raw>(`${FILE} WHERE f.id = ?`, id);
  return raw && fileOf(raw);
}

export function fileAt(db: Reader, workspace: string, rel: string): FileRow | undefined {
  const raw = db.get<Raw>(`${FILE} WHERE f.workspace = ? AND f.rel = ?`, workspace, rel);
  return raw && fileOf(raw);
}

/**
 * Files of a workspace in path order, from after `after`, whose path begins with `prefix`. Asked with `instr`, here and
 * elsewhere: SQLite counts characters and JavaScript units of UTF-16, so a length of ours would cut an emoji in two.
 */
export function filesOf(db: Reader, workspace: string, prefix: string, after: string, max: number): FileRow[] {
  return db
    .all<Raw>(
      `${FILE} WHERE f.workspace = ? AND f.rel > ? AND instr(f.rel, ?) = 1 AND f.state = 'live' ORDER BY f.rel LIMIT ?`,
      workspace,
      after,
      prefix,
      max,
    )
    .map(fileOf);
}

/** Live documents whose file had these bytes when it was last seen or written. */
export function filesWithDigest(db: Reader, workspace: string, sha256: string): FileRow[] {
  return db
    .all<Raw>(
      `${FILE} JOIN doc_projection p ON p.file = f.id
       WHERE f.workspace = ? AND f.state = 'live' AND p.sha256 = ? ORDER BY f.rel LIMIT 20`,
      workspace,
      sha256,
    )
    .map(fileOf);
}

/** Live documents whose file was this inode when it was last seen or written. */
export function filesWithInode(db: Reader, workspace: string, inode: string): FileRow[] {
  return db
    .all<Raw>(
      `${FILE} JOIN doc_projection p ON p.file = f.id
       WHERE f.workspace = ? AND f.state = 'live' AND p.signature ->> 'inode' = ? ORDER BY f.rel LIMIT 20`,
      workspace,
      inode,
    )
    .map(fileOf);
}

/** Live documents whose names differ from this one in the case of letters alone. */
export function filesAlike(db: Reader, workspace: string, rel: string): FileRow[] {
  return db
    .all<Raw>(
      `${FILE} WHERE f.workspace = ? AND f.state = 'live' AND lower(f.rel) = lower(?) AND f.rel <> ? LIMIT 20`,
      workspace,
      rel,
      rel,
    )
    .map(fileOf);
}

/** What may change of a file beside its path, in the order in which the statements below name it. */
function valuesOf(f: Omit<FileRow, 'path' | 'root' | 'mixed'>): SqlValue[] {
  return [
    f.kind,
    f.why,
    f.utf8 ? 1 : 0,
    f.eol,
    f.bom ? 1 : 0,
    f.head,
    f.bytes,
    f.newlines,
    jsonOf(f.label),
    f.state,
    f.digest,
    f.disk,
  ];
}

export function insertFile(tx: Tx, f: Omit<FileRow, 'path' | 'root' | 'mixed'>): void {
  tx.run(
    `INSERT INTO doc_file (id, workspace, rel, kind, why, utf8, eol, bom, head, bytes, newlines, label, state, digest, disk)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    f.id,
    f.workspace,
    f.rel,
    ...valuesOf(f),
  );
}

/**
 * Writes a document as it is now, and counts `stored` bytes to its history. Its path is written only where it is another
 * one: a column that is set costs its indexes a page each, whether it changes or not.
 */
export function updateFile(tx: Tx, f: Omit<FileRow, 'path' | 'root' | 'mixed'>, stored = 0): void {
  const { changes } = tx.run(
    `UPDATE doc_file SET mixed = mixed OR kind <> ? OR utf8 <> ?, kind = ?, why = ?, utf8 = ?, eol = ?, bom = ?, head = ?, bytes = ?, newlines = ?, label = ?,
     state = ?, digest = ?, disk = ?, stored = stored + ? WHERE id = ? AND rel = ?`,
    f.kind,
    f.utf8 ? 1 : 0,
    ...valuesOf(f),
    stored,
    f.id,
    f.rel,
  );
  if (changes > 0) return;
  tx.run(
    `UPDATE doc_file SET mixed = mixed OR kind <> ? OR utf8 <> ?, kind = ?, why = ?, utf8 = ?, eol = ?, bom = ?, head = ?, bytes = ?, newlines = ?, label = ?,
     state = ?, digest = ?, disk = ?, stored = stored + ?, rel = ? WHERE id = ?`,
    f.kind,
    f.utf8 ? 1 : 0,
    ...valuesOf(f),
    stored,
    f.rel,
    f.id,
  );
}

/** The same where nothing came of a version but another text. Most versions are of this sort, and it is half the work. */
export function updateText(tx: Tx, f: FileRow, stored: number): void {
  const sql =
    'UPDATE doc_file SET head = ?, bytes = ?, newlines = ?, label = ?, digest = ?, stored = stored + ? WHERE id = ?';
  tx.run(sql, f.head, f.bytes, f.newlines, jsonOf(f.label), f.digest, stored, f.id);
}

/** A document that gave up its path (deleted, then the path was taken by another) keeps its history under this one. */
export function moveAside(tx: Tx, id: string, rel: string): void {
  tx.run('UPDATE doc_file SET rel = ? WHERE id = ?', rel, id);
}
