import type { Reader, Tx } from '../../common/index.ts';
import type { FileSignature, ProjectionRow } from '../rows.ts';

type Raw = Record<string, never>;
const PROJECTION =
  'SELECT file, v AS version, state, signature, reason, "foreign", attempts, ts AS at, lies FROM doc_projection';

function projectionOf(raw: Raw): ProjectionRow {
  const row = raw as unknown as ProjectionRow & { signature: unknown };
  const signature = row.signature as unknown as string | null;
  return { ...row, signature: signature === null ? null : (JSON.parse(signature) as FileSignature) };
}

export function projection(db: Reader, file: string): ProjectionRow | undefined {
  const raw = db.get<Raw>(`${PROJECTION} WHERE file = ?`, file);
  return raw && projectionOf(raw);
}

/** The document whose file lies here, on its way to where the document is. */
export function lyingAt(db: Reader, workspace: string, path: string): string | undefined {
  const sql = `SELECT p.file AS file FROM doc_projection p JOIN doc_file f ON f.id = p.file
    WHERE p.lies = ? AND f.workspace = ? LIMIT 1`;
  return db.get<{ file: string }>(sql, path, workspace)?.file;
}

/** Files of watched workspaces that lag behind their documents. */
export function openProjections(db: Reader): ProjectionRow[] {
  return db
    .all<Raw>(
      `${PROJECTION} WHERE state <> 'written' AND file IN
       (SELECT f.id FROM doc_file f JOIN doc_workspace w ON w.id = f.workspace WHERE w.removed_at IS NULL)`,
    )
    .map(projectionOf);
}

export function putProjection(tx: Tx, p: ProjectionRow): void {
  tx.run(
    `INSERT INTO doc_projection (file, v, state, signature, reason, "foreign", attempts, ts, lies)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (file) DO UPDATE SET v = excluded.v, state = excluded.state, signature = excluded.signature,
     reason = excluded.reason, "foreign" = excluded."foreign", attempts = excluded.attempts, ts = excluded.ts, lies = excluded.lies`,
    p.file,
    p.version,
    p.state,
    p.signature === null ? null : JSON.stringify(p.signature),
    p.reason,
    p.foreign,
    p.attempts,
    p.at,
    p.lies,
  );
}

/** Marks that the file lags behind; what is known of it stays. One that lags already since some time does so since then. */
export function wantProjection(tx: Tx, file: string, at: number): void {
  tx.run(
    `UPDATE doc_projection SET state = 'pending', reason = NULL, attempts = 0, ts = ?
     WHERE file = ? AND (state <> 'pending' OR reason IS NOT NULL OR attempts <> 0)`,
    at,
    file,
  );
}

export function tagsOf(db: Reader, file: string): { name: string; version: number }[] {
  return db.all<{ name: string; version: number }>(
    'SELECT name, v AS version FROM doc_tag WHERE file = ? ORDER BY name',
    file,
  );
}

export function putTag(tx: Tx, file: string, name: string, version: number): void {
  tx.run('INSERT INTO doc_tag (file, name, v) VALUES (?, ?, ?)', file, name, version);
}

export function dropTag(tx: Tx, file: string, name: string): number {
  return tx.run('DELETE FROM doc_tag WHERE file = ? AND name = ?', file, name).changes;
}
