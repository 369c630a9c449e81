import type { Reader, Tx } from '../../common/index.ts';

/** A proposal beside the file of a document. */
export interface SideRow {
  file: string;
  version: number;
  /** Its name on the disk, in the folder of the document. */
  name: string;
  sha256: string;
}

const SIDE = 'SELECT s.file, s.v AS version, s.name, s.sha256 FROM doc_side s';

export function sideOf(db: Reader, file: string): SideRow | undefined {
  return db.get<SideRow>(`${SIDE} WHERE s.file = ?`, file);
}

/** Proposals of a workspace with the document they are of, to be told from files of people. */
export function sidesNamed(db: Reader, workspace: string, name: string): (SideRow & { rel: string })[] {
  return db.all<SideRow & { rel: string }>(
    `SELECT s.file, s.v AS version, s.name, s.sha256, f.rel AS rel FROM doc_side s JOIN doc_file f ON f.id = s.file
     WHERE f.workspace = ? AND s.name = ?`,
    workspace,
    name,
  );
}

export function putSide(tx: Tx, side: SideRow): void {
  tx.run(
    `INSERT INTO doc_side (file, v, name, sha256) VALUES (?, ?, ?, ?)
     ON CONFLICT (file) DO UPDATE SET v = excluded.v, name = excluded.name, sha256 = excluded.sha256`,
    side.file,
    side.version,
    side.name,
    side.sha256,
  );
}

export function dropSide(tx: Tx, file: string): void {
  tx.run('DELETE FROM doc_side WHERE file = ?', file);
}
