import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Database, fail } from '../../common/index.ts';
import * as rows from '../repository/index.ts';
import type { FileRow, WorkspaceRow } from '../rows.ts';
import { findOnDisk } from './disk-names.ts';
import type { Intake } from './intake.ts';
import type { Projector } from './projector.ts';
import { isNews } from './scan.ts';
import type { NearFiles } from './stat.ts';

/** Files of a workspace among which a like name is looked for, and how many are told. */
const NEAR_AMONG = 500;
const NEAR_TOLD = 5;

export interface Locating {
  /** Deleted documents are wanted too. */
  deleted?: boolean;
  /** `false` trusts what is known already and does not look at the share. */
  look?: boolean;
}

export interface Locator {
  db: Database;
  intake: Intake;
  projector: Projector;
  near: NearFiles;
}

/**
 * The document at a place of a workspace, with what is on the share taken in first: a file nobody looked at yet becomes
 * a document, a save that was not noticed yet becomes a version. Throws DOC_NOT_FOUND with near names, or
 * DOC_DELETED unless deleted ones are wanted.
 */
export async function locate(
  ports: Locator,
  workspace: WorkspaceRow,
  rel: string,
  { deleted, look }: Locating,
): Promise<FileRow> {
  const { db, intake, projector } = ports;
  const path = `${workspace.name}/${rel}`;
  let file = rows.fileAt(db, workspace.id, rel);
  const isQuiet = !file || !projector.isBusy(file.id);
  if (look !== false && isQuiet && (await hasNews(ports, workspace, rel, file))) {
    await intake.import([path]);
    file = rows.fileAt(db, workspace.id, rel);
  }
  if (!file || (file.state === 'deleted' && file.head === 0)) {
    throw fail('DOC_NOT_FOUND', { path, near: near(db, workspace, rel) });
  }
  if (file.state === 'deleted' && !deleted) throw fail('DOC_DELETED', { path, version: file.head });
  return file;
}

/** There is a file that holds, or may hold, something that is not known. One call of the file system where nothing is new. */
async function hasNews(
  { db, near: { statOf } }: Locator,
  workspace: WorkspaceRow,
  rel: string,
  file: FileRow | undefined,
): Promise<boolean> {
  if (!(await isNews(db, workspace, rel, { file, statOf }))) return false;
  if (file?.state === 'live') return true;
  const disk = await findOnDisk(workspace.root, rel, null);
  return lstat(join(workspace.root, disk)).then(
    (stat) => !stat.isDirectory(),
    () => false,
  );
}

/** Documents whose name holds the one that was asked for, or the other way round. */
function near(db: Database, workspace: WorkspaceRow, rel: string): string[] {
  const wanted = rel.slice(rel.lastIndexOf('/') + 1).toLowerCase();
  const stem = withoutEnding(wanted);
  return rows
    .filesOf(db, workspace.id, '', '', NEAR_AMONG)
    .filter((f) => f.rel.toLowerCase().includes(stem) || wanted.includes(withoutEnding(f.rel.toLowerCase())))
    .slice(0, NEAR_TOLD)
    .map((f) => f.path);
}

function withoutEnding(name: string): string {
  return name.replace(/\.[^.]*$/, '');
}
