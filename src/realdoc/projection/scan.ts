import { constants, type Dirent } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Reader } from '../../common/index.ts';
import { TOO_LARGE } from '../kinds/kind.ts';
import * as rows from '../repository/index.ts';
import type { FileRow, WorkspaceRow } from '../rows.ts';
import { docRel, isBroken } from './disk-names.ts';
import { reasonOf } from './folder.ts';
import { isIgnored, isTemporary, onDisk, whyBad } from './paths.ts';
import { looksOf, looksSame, signatureOf } from './read-file.ts';
import { bigStatOf } from './stat.ts';

const MAX_DEPTH = 32;
const MOST_SKIPPED = 200;

/** Something on the share that is no document, and why: people should not have to guess. */
export interface Skipped {
  path: string;
  reason: string;
}

export interface ScanResult {
  /** Documents whose files are new or do not look as they did: paths inside the workspace. */
  present: string[];
  /** Documents whose file is gone. */
  missing: string[];
  /** Our own temporary files of an earlier run. */
  leftovers: string[];
  skipped: Skipped[];
  /** Names that differ in the case of letters alone: people on Windows and Mac see only one of them. */
  clashes: string[][];
  /** Folders that could not be read: nothing in them counts as missing. */
  unreadable: string[];
  /** Folders on which another disk is mounted. */
  mounts: string[];
  /** Documents whose files were seen. */
  known: number;
}

/**
 * Walks a workspace and says what differs from what is known. Follows no links; reads names and sizes only. `hidden`
 * names folders to pass by, as if they could not be read.
 */
export async function scanWorkspace(
  db: Reader,
  workspace: WorkspaceRow,
  hidden: readonly string[] = [],
): Promise<ScanResult> {
  const result: ScanResult = {
    present: [],
    missing: [],
    leftovers: [],
    skipped: [],
    clashes: [],
    unreadable: [...hidden],
    mounts: [],
    known: 0,
  };
  const seen = new Map<string, string>();
  const cases = new Map<string, string[]>();
  const skip = (path: string, reason: string): void => {
    if (result.skipped.length < MOST_SKIPPED) result.skipped.push({ path: shown(path), reason });
  };
  const queue: { disk: string; depth: number; device: bigint | undefined }[] = [
    { disk: '', depth: 0, device: undefined },
  ];
  for (let next = queue.pop(); next; next = queue.pop()) {
    const { disk: folder, depth } = next;
    if (hidden.includes(docRel(folder)) && folder !== '') continue;
    const path = join(workspace.root, folder);
    let entries: Dirent[];
    let device: bigint | undefined;
    try {
      device = (await bigStatOf(path))?.dev;
      entries = await readdir(path, { withFileTypes: true });
    } catch (error) {
      result.unreadable.push(docRel(folder));
      skip(folder, `the folder cannot be read: ${reasonOf(error)}`);
      continue;
    }
    if (next.device !== undefined && device !== next.device) result.mounts.push(docRel(folder));
    for (const entry of entries) {
      const disk = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (isTemporary(entry.name)) result.leftovers.push(disk);
      if (isIgnored(entry.name)) continue;
      const bad = isBroken(entry.name) ? 'its name is not UTF-8' : whyBad(docRel(disk));
      if (bad) {
        skip(disk, bad);
        continue;
      }
      if (entry.isDirectory()) {
        if (depth < MAX_DEPTH) queue.push({ disk, depth: depth + 1, device });
        else skip(disk, `it lies more than ${MAX_DEPTH} folders deep`);
        continue;
      }
      if (!entry.isFile()) {
        skip(disk, whatItIs(entry));
        continue;
      }
      const rel = docRel(disk);
      const twin = seen.get(rel);
      if (twin !== undefined) {
        // The document stays with the file that it has; a new one goes with the name as the box writes it.
        const file = rows.fileAt(db, workspace.id, rel);
        const chosen = file?.state === 'live' ? onDisk(file) : rel;
        skip(disk === chosen ? twin : disk, 'another file has the same name in another Unicode form');
        if (disk === chosen) seen.set(rel, disk);
        continue;
      }
      seen.set(rel, disk);
      const folded = rel.toLowerCase();
      cases.set(folded, [...(cases.get(folded) ?? []), rel]);
    }
  }
  for (const [rel, disk] of seen) {
    if (rows.fileAt(db, workspace.id, rel)?.state === 'live') result.known++;
    // A file that was seen in the very tick of its last change is read once more: nobody may have been listening since.
    if (!(await isNews(db, workspace, rel, { disk, wrote: true }))) continue;
    const whyNot = await whyUnreadable(join(workspace.root, disk));
    if (whyNot) skip(disk, whyNot);
    else result.present.push(rel);
  }
  result.clashes = [...cases.values()].filter((names) => new Set(names).size > 1).map((names) => [...new Set(names)]);
  result.missing = missingFrom(db, workspace, seen, result.unreadable);
  result.present.sort();
  return result;
}

function missingFrom(
  db: Reader,
  workspace: WorkspaceRow,
  seen: ReadonlyMap<string, string>,
  unreadable: readonly string[],
): string[] {
  const isHidden = (rel: string): boolean => unreadable.some((folder) => folder === '' || rel.startsWith(`${folder}/`));
  const missing: string[] = [];
  for (let after = ''; ; ) {
    const page = rows.filesOf(db, workspace.id, '', after, 500);
    for (const file of page) {
      if (seen.has(file.rel) || isHidden(file.rel)) continue;
      if (rows.projection(db, file.id)?.signature) missing.push(file.rel);
    }
    const last = page.at(-1);
    if (!last || page.length < 500) return missing;
    after = last.rel;
  }
}

export interface Judging {
  /** Where it was seen, if somewhere. */
  disk?: string;
  /** A program is known to have written to it since, so equal times are no proof. */
  wrote?: boolean;
  /** The document of this name, if that is known already. */
  file?: FileRow | undefined;
  /** How the file is looked at. */
  statOf?: typeof bigStatOf;
}

/** True if the file may hold something that is not known: judged by state, size, times and inode alone. */
export async function isNews(
  db: Reader,
  workspace: WorkspaceRow,
  rel: string,
  { disk, wrote = false, file = rows.fileAt(db, workspace.id, rel), statOf = bigStatOf }: Judging = {},
): Promise<boolean> {
  if (!file) return !isProposal(db, workspace, rel);
  if (file.state === 'deleted') return !isProposal(db, workspace, rel) && !(await isLeaving(db, workspace, file));
  const known = rows.projection(db, file.id);
  if (!known?.signature || (file.head === 0 && file.why !== TOO_LARGE)) return true;
  try {
    const stat = await statOf(join(workspace.root, disk ?? onDisk(file)));
    if (stat?.isDirectory()) return false;
    if (!stat) return disk === undefined && file.disk !== null;
    if (disk !== undefined && disk !== onDisk(file)) return true;
    if (looksSame(stat, known.signature)) return wrote && known.signature.isFresh === true;
    return looksOf(signatureOf(stat, '')) !== known.foreign;
  } catch {
    return false;
  }
}

/** The file of a document that was taken back, as we wrote it: it is still to be removed. */
async function isLeaving(db: Reader, workspace: WorkspaceRow, file: FileRow): Promise<boolean> {
  const known = rows.projection(db, file.id);
  if (!known?.signature || known.state === 'written') return false;
  // What cannot be looked at is news to whoever takes it in, who says why.
  const stat = await bigStatOf(join(workspace.root, known.lies ?? onDisk(file))).catch(() => undefined);
  return stat !== undefined && looksSame(stat, known.signature);
}

/** One of ours, beside the file of a document that somebody has open. */
function isProposal(db: Reader, workspace: WorkspaceRow, rel: string): boolean {
  const slash = rel.lastIndexOf('/') + 1;
  const sides = rows.sidesNamed(db, workspace.id, rel.slice(slash));
  return sides.some((side) => side.rel.slice(0, side.rel.lastIndexOf('/') + 1) === rel.slice(0, slash));
}

async function whyUnreadable(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.R_OK);
    return undefined;
  } catch (error) {
    return `it cannot be read: ${reasonOf(error)}`;
  }
}

function whatItIs(entry: Dirent): string {
  if (entry.isSymbolicLink()) return 'it is a link; links are not followed';
  if (entry.isFIFO()) return 'it is a pipe';
  if (entry.isSocket()) return 'it is a socket';
  return 'it is a device';
}

/** A name as it can be shown: no controls, nothing that turns the direction of reading. */
function shown(path: string): string {
  return path.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '\ufffd');
}
