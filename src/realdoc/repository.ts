import { type Reader, type Tx, toHex } from '../common/index.ts';
import type { Actor, Label } from '../protocol/index.ts';
import type { Migration } from '../store/index.ts';
import type { FileRow, FileSignature, OpRow, ProjectionRow, TreeRow, WorkspaceRow } from './rows.ts';

export const realdocMigrations: Migration[] = [
  {
    room: 'doc',
    step: 1,
    sql: `
CREATE TABLE doc_workspace (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, root TEXT NOT NULL, added_at INTEGER NOT NULL, removed_at INTEGER
) STRICT;
CREATE UNIQUE INDEX doc_workspace_name ON doc_workspace (name) WHERE removed_at IS NULL;

CREATE TABLE doc_file (
  id TEXT PRIMARY KEY, workspace TEXT NOT NULL REFERENCES doc_workspace, rel TEXT NOT NULL,
  kind TEXT NOT NULL, why TEXT, utf8 INTEGER NOT NULL, eol TEXT NOT NULL, bom INTEGER NOT NULL,
  head INTEGER NOT NULL, bytes INTEGER NOT NULL, newlines INTEGER NOT NULL,
  label TEXT NOT NULL, state TEXT NOT NULL, digest TEXT NOT NULL, UNIQUE (workspace, rel)
) STRICT;

CREATE TABLE doc_op (
  seq INTEGER PRIMARY KEY, file TEXT NOT NULL REFERENCES doc_file, v INTEGER NOT NULL, base_v INTEGER NOT NULL,
  call TEXT NOT NULL, actor TEXT NOT NULL, task TEXT, source TEXT NOT NULL, args TEXT NOT NULL, splices BLOB NOT NULL,
  note TEXT, label TEXT NOT NULL, ts INTEGER NOT NULL, bytes INTEGER NOT NULL, newlines INTEGER NOT NULL,
  digest TEXT NOT NULL, prev TEXT NOT NULL, UNIQUE (file, v)
) STRICT;
CREATE INDEX doc_op_call ON doc_op (call);
CREATE INDEX doc_op_task ON doc_op (task) WHERE task IS NOT NULL;

-- Version v of the file was taken back by version by_v of the same file.
CREATE TABLE doc_undo (
  file TEXT NOT NULL, v INTEGER NOT NULL, by_v INTEGER NOT NULL, PRIMARY KEY (file, v, by_v)
) STRICT, WITHOUT ROWID;

CREATE TABLE doc_job (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, file TEXT, state TEXT NOT NULL, ts INTEGER NOT NULL) STRICT;
CREATE TABLE doc_leaf (id INTEGER PRIMARY KEY, job INTEGER NOT NULL, bytes INTEGER NOT NULL, sha256 BLOB NOT NULL, z BLOB NOT NULL) STRICT;
CREATE INDEX doc_leaf_job ON doc_leaf (job);
CREATE TABLE doc_tree (
  file TEXT NOT NULL, v INTEGER NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL, newlines INTEGER NOT NULL,
  leaves BLOB NOT NULL, PRIMARY KEY (file, v)
) STRICT;

CREATE TABLE doc_projection (
  file TEXT PRIMARY KEY REFERENCES doc_file, v INTEGER NOT NULL, state TEXT NOT NULL, signature TEXT,
  sha256 TEXT GENERATED ALWAYS AS (signature ->> 'sha256') STORED, reason TEXT, "foreign" TEXT, attempts INTEGER NOT NULL, ts INTEGER NOT NULL
) STRICT;
CREATE INDEX doc_projection_sha256 ON doc_projection (sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX doc_projection_open ON doc_projection (state) WHERE state <> 'written';
CREATE TABLE doc_tag (file TEXT NOT NULL, name TEXT NOT NULL, v INTEGER NOT NULL, PRIMARY KEY (file, name)) STRICT;
`,
  },
];

type Raw = Record<string, never>;
const FILE = `SELECT f.*, w.name AS ws, w.root AS root FROM doc_file f JOIN doc_workspace w ON w.id = f.workspace`;

function fileOf(raw: Raw): FileRow {
  const row = raw as unknown as Record<string, unknown> & { label: string; ws: string; rel: string };
  return {
    ...(row as unknown as FileRow),
    path: `${row.ws}/${row.rel}`,
    utf8: row['utf8'] === 1,
    bom: row['bom'] === 1,
    label: JSON.parse(row.label) as Label,
  };
}

// Workspaces -------------------------------------------------------------------------------------------------------

const WORKSPACE = 'SELECT id, name, root, added_at AS addedAt FROM doc_workspace';

export function workspaces(db: Reader): WorkspaceRow[] {
  return db.all<WorkspaceRow>(`${WORKSPACE} WHERE removed_at IS NULL ORDER BY name`);
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
    `INSERT INTO doc_workspace (id, name, root, added_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET removed_at = NULL`,
    row.id,
    row.name,
    row.root,
    row.addedAt,
  );
}

export function removeWorkspace(tx: Tx, id: string, at: number): void {
  tx.run('UPDATE doc_workspace SET removed_at = ? WHERE id = ?', at, id);
}

// Files ------------------------------------------------------------------------------------------------------------

export function fileById(db: Reader, id: string): FileRow | undefined {
  const raw = db.get<Raw>(`${FILE} WHERE f.id = ?`, id);
  return raw && fileOf(raw);
}

export function fileAt(db: Reader, workspace: string, rel: string): FileRow | undefined {
  const raw = db.get<Raw>(`${FILE} WHERE f.workspace = ? AND f.rel = ?`, workspace, rel);
  return raw && fileOf(raw);
}

/** Files of a workspace in path order, from after `after`, whose path begins with `prefix`. */
export function filesOf(db: Reader, workspace: string, prefix: string, after: string, max: number): FileRow[] {
  return db
    .all<Raw>(
      `${FILE} WHERE f.workspace = ? AND f.rel > ? AND substr(f.rel, 1, ?) = ? AND f.state = 'live' ORDER BY f.rel LIMIT ?`,
      workspace,
      after,
      prefix.length,
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

export function insertFile(tx: Tx, f: Omit<FileRow, 'path' | 'root'>): void {
  tx.run(
    `INSERT INTO doc_file (id, workspace, rel, kind, why, utf8, eol, bom, head, bytes, newlines, label, state, digest)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    f.id,
    f.workspace,
    f.rel,
    f.kind,
    f.why,
    f.utf8 ? 1 : 0,
    f.eol,
    f.bom ? 1 : 0,
    f.head,
    f.bytes,
    f.newlines,
    JSON.stringify(f.label),
    f.state,
    f.digest,
  );
}

export function updateFile(tx: Tx, f: Omit<FileRow, 'path' | 'root'>): void {
  tx.run(
    `UPDATE doc_file SET rel = ?, kind = ?, why = ?, utf8 = ?, eol = ?, bom = ?, head = ?, bytes = ?, newlines = ?,
     label = ?, state = ?, digest = ? WHERE id = ?`,
    f.rel,
    f.kind,
    f.why,
    f.utf8 ? 1 : 0,
    f.eol,
    f.bom ? 1 : 0,
    f.head,
    f.bytes,
    f.newlines,
    JSON.stringify(f.label),
    f.state,
    f.digest,
    f.id,
  );
}

/** A document that gave up its path (deleted, then the path was taken by another) keeps its history under this one. */
export function moveAside(tx: Tx, id: string, rel: string): void {
  tx.run('UPDATE doc_file SET rel = ? WHERE id = ?', rel, id);
}

// Versions ---------------------------------------------------------------------------------------------------------

const OP = `SELECT file, v AS version, base_v AS base, call, actor, task, source, args, splices, note, label, ts AS at,
  bytes, newlines, digest, prev FROM doc_op`;

function opOf(raw: Raw): OpRow {
  const row = raw as unknown as OpRow & { actor: unknown; label: unknown };
  return {
    ...row,
    actor: JSON.parse(row.actor as unknown as string) as Actor,
    label: JSON.parse(row.label as unknown as string) as Label,
  };
}

export function opAt(db: Reader, file: string, version: number): OpRow | undefined {
  const raw = db.get<Raw>(`${OP} WHERE file = ? AND v = ?`, file, version);
  return raw && opOf(raw);
}

/** Versions `after` < v <= `upTo`, oldest first. */
export function opsBetween(db: Reader, file: string, after: number, upTo: number): OpRow[] {
  return db.all<Raw>(`${OP} WHERE file = ? AND v > ? AND v <= ? ORDER BY v`, file, after, upTo).map(opOf);
}

/** Only the packed splices of the same run: the hot path of rebase and replay. */
export function splicesBetween(db: Reader, file: string, after: number, upTo: number): Uint8Array[] {
  return db
    .all<{ splices: Uint8Array }>(
      'SELECT splices FROM doc_op WHERE file = ? AND v > ? AND v <= ? ORDER BY v',
      file,
      after,
      upTo,
    )
    .map((row) => row.splices);
}

export function newestOps(db: Reader, file: string, before: number, max: number): OpRow[] {
  return db.all<Raw>(`${OP} WHERE file = ? AND v < ? ORDER BY v DESC LIMIT ?`, file, before, max).map(opOf);
}

export function opsOfCall(db: Reader, call: string): OpRow[] {
  return db.all<Raw>(`${OP} WHERE call = ? ORDER BY seq`, call).map(opOf);
}

export function opsOfTask(db: Reader, task: string): OpRow[] {
  return db.all<Raw>(`${OP} WHERE task = ? ORDER BY seq`, task).map(opOf);
}

export function newestVersionAtTime(db: Reader, file: string, at: number): number | undefined {
  return (
    db.get<{ v: number | null }>('SELECT max(v) AS v FROM doc_op WHERE file = ? AND ts <= ?', file, at)?.v ?? undefined
  );
}

export function insertOp(tx: Tx, op: OpRow): void {
  tx.run(
    `INSERT INTO doc_op (file, v, base_v, call, actor, task, source, args, splices, note, label, ts, bytes, newlines, digest, prev)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    op.file,
    op.version,
    op.base,
    op.call,
    JSON.stringify(op.actor),
    op.task,
    op.source,
    op.args,
    op.splices,
    op.note,
    JSON.stringify(op.label),
    op.at,
    op.bytes,
    op.newlines,
    op.digest,
    op.prev,
  );
}

export function undoLinks(db: Reader, file: string): { v: number; by: number }[] {
  return db.all<{ v: number; by: number }>('SELECT v, by_v AS by FROM doc_undo WHERE file = ? ORDER BY by_v', file);
}

export function linkUndo(tx: Tx, file: string, version: number, by: number): void {
  tx.run('INSERT INTO doc_undo (file, v, by_v) VALUES (?, ?, ?)', file, version, by);
}

// Trees and leaves -------------------------------------------------------------------------------------------------

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

// Jobs: leaves belong to the job that stored them and count only once it is done ---------------------------------------

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

// Projections and tags -----------------------------------------------------------------------------------------------

const PROJECTION =
  'SELECT file, v AS version, state, signature, reason, "foreign", attempts, ts AS at FROM doc_projection';

function projectionOf(raw: Raw): ProjectionRow {
  const row = raw as unknown as ProjectionRow & { signature: unknown };
  const signature = row.signature as unknown as string | null;
  return { ...row, signature: signature === null ? null : (JSON.parse(signature) as FileSignature) };
}

export function projection(db: Reader, file: string): ProjectionRow | undefined {
  const raw = db.get<Raw>(`${PROJECTION} WHERE file = ?`, file);
  return raw && projectionOf(raw);
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
    `INSERT INTO doc_projection (file, v, state, signature, reason, "foreign", attempts, ts)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (file) DO UPDATE SET v = excluded.v, state = excluded.state, signature = excluded.signature,
     reason = excluded.reason, "foreign" = excluded."foreign", attempts = excluded.attempts, ts = excluded.ts`,
    p.file,
    p.version,
    p.state,
    p.signature === null ? null : JSON.stringify(p.signature),
    p.reason,
    p.foreign,
    p.attempts,
    p.at,
  );
}

/** Marks that the file lags behind; what is known of it stays. */
export function wantProjection(tx: Tx, file: string, at: number): void {
  tx.run("UPDATE doc_projection SET state = 'pending', reason = NULL, attempts = 0, ts = ? WHERE file = ?", at, file);
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
