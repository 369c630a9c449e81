import type { Reader, Tx } from '../../common/index.ts';
import type { WhenOpen, WorkspaceRow } from '../rows.ts';

const WORKSPACE = 'SELECT id, name, root, added_at AS addedAt, seen, when_open AS whenOpen FROM doc_workspace';

export function workspaces(db: Reader): WorkspaceRow[] {
  return db.all<WorkspaceRow>(`${WORKSPACE} WHERE removed_at IS NULL ORDER BY name`);
}

export function workspaceById(db: Reader, id: string): WorkspaceRow | undefined {
  return db.get<WorkspaceRow>(`${WORKSPACE} WHERE id = ? AND removed_at IS NULL`, id);
}

export function workspaceOf(db: Reader, id: string): WorkspaceRow | undefined {
  return db.get<WorkspaceRow>(`${WORKSPACE} WHERE id = ?`, id);
}

export function workspaceNamed(db: Reader, name: string): WorkspaceRow | undefined {
  return db.get<WorkspaceRow>(`${WORKSPACE} WHERE name = ? AND removed_at IS NULL`, name);
}

/** A removed workspace of the same name and folder comes back with all its history. */
export function removedWorkspace(db: Reader, name: string, root: string): WorkspaceRow | undefined {
  return db.get<WorkspaceRow>(
    `${WORKSPACE} WHERE name = ? AND root = ? AND removed_at IS NOT NULL ORDER BY removed_at DESC LIMIT 1`,
    name,
    root,
  );
}

export function insertWorkspace(tx: Tx, row: WorkspaceRow): void {
  tx.run(
    `INSERT INTO doc_workspace (id, name, root, added_at, seen, when_open) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET removed_at = NULL, seen = excluded.seen`,
    row.id,
    row.name,
    row.root,
    row.addedAt,
    row.seen,
    row.whenOpen,
  );
}

export function removeWorkspace(tx: Tx, id: string, at: number): void {
  tx.run('UPDATE doc_workspace SET removed_at = ? WHERE id = ?', at, id);
}

/** Remembers which folder on which disk it is that holds the files. */
export function sawRoot(tx: Tx, id: string, seen: string): void {
  tx.run('UPDATE doc_workspace SET seen = ? WHERE id = ?', seen, id);
}

export function setWhenOpen(tx: Tx, id: string, whenOpen: WhenOpen): void {
  tx.run('UPDATE doc_workspace SET when_open = ? WHERE id = ?', whenOpen, id);
}
