import { join } from 'node:path';
import { fail } from '../../common/index.ts';
import { asAt, type Stored } from '../kinds/content.ts';
import { SMALL_TEXT, treeDigest } from '../leaf-store.ts';
import * as rows from '../repository/index.ts';
import type { FileRow, FileSignature, Kind, ProjectionRow, WorkspaceRow } from '../rows.ts';
import { compare, replaced, treeOf } from './compare.ts';
import { findOnDisk } from './disk-names.ts';
import type { Eyes, Finding } from './finding.ts';
import { Folder, fileFailed } from './folder.ts';
import { exchanged, type Move, movedFrom } from './moves.ts';
import type { DocName } from './paths.ts';
import { type Content, readDocument } from './read-document.ts';
import { GONE_MS, looksOf, wait } from './read-file.ts';
import { refuseIfAway } from './roots.ts';
import { bigStatOf } from './stat.ts';

/**
 * Looks at the file of a document (or at one that is to become a document) and compares it with what is known. Has no
 * effect on the share; a file that is not there is waited for, unless it is known to be gone (`isGone`). Stores the
 * leaves of a large new text ahead of the transaction. Throws DOC_NOT_FOUND if there is neither a file nor a document,
 * DOC_SHARE_AWAY if the folder is not the one that the files were in, DOC_FILE_FAILED for what the file system says.
 */
export async function look(eyes: Eyes, workspace: WorkspaceRow, name: DocName, isGone = false): Promise<Finding> {
  const docPath = `${name.workspace}/${name.rel}`;
  await refuseIfAway(workspace, name.rel);
  const onItsWay = lyingHere(eyes, workspace, name);
  if (onItsWay) return onItsWay;
  const { content, file, known, disk } = await readBeside(eyes, workspace, name, docPath);
  if (!content) {
    if (file?.state === 'live' && known?.signature) {
      if (isGone) return { kind: 'missing', file };
      await wait(eyes.clock, GONE_MS);
      return await look(eyes, workspace, name, true);
    }
    throw fail('DOC_NOT_FOUND', { path: docPath, near: [] });
  }
  const { signature } = content;
  const isLive = file?.state === 'live';
  const isKept = file !== undefined && file.head > 0;
  if (isKept && isLive && known && known.version > 0 && known.signature?.sha256 === signature.sha256) {
    return { kind: 'same', file, version: known.version, signature };
  }
  const moves = isLive
    ? known?.signature?.inode === signature.inode
      ? []
      : await exchanged(eyes.db, workspace, file)
    : await arrival(eyes, workspace, name.rel, disk, signature);
  if (moves.length > 0) return { kind: 'moved', moves };
  if ('why' in content) return refused(file, name, disk, workspace, content.why, signature);
  // A save that there is no room for stays on the share as it is, and is taken in when there is.
  await eyes.quota.checkLarge(workspace.id, isKept && file.kind !== 'opaque' ? 0 : content.bytes.length);
  const stored = await eyes.contents.take(content.bytes);
  if (isKept) {
    const found = await againstKept(eyes, workspace, file, known, stored, signature);
    // Ours, and the record of it was lost: whether its name is on the disk by now nobody knows. A power cut that brings
    // the old name back would make a save of somebody's out of it.
    if (found.kind === 'same') await syncFolderOf(workspace.root, disk ?? name.rel, docPath);
    return found;
  }
  const tree = treeOf(eyes, stored);
  const staged = stored.bytes.length > SMALL_TEXT ? await eyes.leaves.stage(tree, null, eyes) : undefined;
  // The stored text of a package is another one than its file.
  const sha256 = stored.facts.kind === 'package' ? await treeDigest(tree) : signature.sha256;
  const { facts, why } = stored;
  const over = file?.id ?? null;
  return { kind: 'new', name, disk, workspace, tree, facts, why, signature, sha256, staged, over };
}

async function againstKept(
  eyes: Eyes,
  workspace: WorkspaceRow,
  file: FileRow,
  known: ProjectionRow | undefined,
  stored: Stored,
  signature: FileSignature,
): Promise<Finding> {
  if (isOfOneKind(eyes, file, known, stored.facts.kind)) return await compare(eyes, file, known, stored, signature);
  // What was saved is a version, whatever it is: a text, an Office file, or one that no program opens any more.
  if (file.kind !== 'opaque') await eyes.quota.checkLarge(workspace.id, stored.bytes.length);
  return await replaced(eyes, file, known, stored, signature);
}

async function syncFolderOf(root: string, path: string, docPath: string): Promise<void> {
  await using folder = await Folder.open(root, path.split('/').slice(0, -1), docPath);
  await folder.sync().catch((error: unknown) => {
    throw fileFailed(docPath, error);
  });
}

/** A document that was renamed in the box, whose file is still to be moved: neither of its two names says anything yet. */
function lyingHere({ db }: Eyes, workspace: WorkspaceRow, { rel }: DocName): Finding | undefined {
  const id = rows.lyingAt(db, workspace.id, rel) ?? rows.fileAt(db, workspace.id, rel)?.id;
  const known = id === undefined ? undefined : rows.projection(db, id);
  const file = known?.lies ? rows.fileById(db, known.file) : undefined;
  if (!file || !known?.signature) return undefined;
  return { kind: 'same', file, version: known.version, signature: known.signature };
}

/** Only what has lines on all sides can be compared: the save, what it was made of, and what the document is now. */
function isOfOneKind(eyes: Eyes, file: FileRow, known: ProjectionRow | undefined, kind: Kind): boolean {
  if (kind === 'opaque' || kind !== file.kind) return false;
  if (!file.mixed || !known || known.version === 0) return true;
  return asAt(file, known.version, eyes.documents.at(file, known.version)).kind === kind;
}

/** What the box keeps no text of. */
function refused(
  file: FileRow | undefined,
  name: DocName,
  disk: string | null,
  workspace: WorkspaceRow,
  why: string,
  signature: FileSignature,
): Finding {
  if (file && file.kind !== 'opaque') return { kind: 'became-opaque', file, why, foreign: looksOf(signature) };
  return { kind: 'opaque', name, disk, workspace, why, signature };
}

/** The document that moved here, if the file under this name is one. */
async function arrival(
  eyes: Eyes,
  workspace: WorkspaceRow,
  rel: string,
  disk: string | null,
  signature: FileSignature,
): Promise<Move[]> {
  const stat = await bigStatOf(join(workspace.root, disk ?? rel));
  if (!stat || String(stat.ino) !== signature.inode) return [];
  const file = await movedFrom(eyes.db, workspace, rel, stat, signature.sha256);
  const known = file && rows.projection(eyes.db, file.id)?.signature;
  if (!file || !known) return [];
  // Renamed and then written to: first it is the old file under a new name, and the next look finds the save.
  return [{ file, rel, disk, signature: known.sha256 === signature.sha256 ? signature : known }];
}

/**
 * The file, and what is known of its document at the same moment. Reading takes time, and our own projector may put a
 * newer version there meanwhile: bytes and rows of two moments would make a save out of our own writing.
 */
async function readBeside(eyes: Eyes, workspace: WorkspaceRow, name: DocName, docPath: string): Promise<Beside> {
  const kernel = await eyes.kernel();
  for (let attempt = 0; ; attempt++) {
    const before = knownOf(eyes, workspace, name);
    const path = await findOnDisk(workspace.root, name.rel, before.file?.disk ?? null);
    const content = await readDocument(workspace.root, path, docPath, eyes.clock, kernel);
    const after = knownOf(eyes, workspace, name);
    const disk = path === name.rel ? null : path;
    const file = after.file && { ...after.file, disk };
    if (before.state === after.state) return { content, file, known: after.known, disk };
    if (attempt === 20) throw fail('DOC_BUSY', { path: docPath });
  }
}

interface Beside {
  content: Content | undefined;
  file: FileRow | undefined;
  known: ProjectionRow | undefined;
  /** Where the file lies, if not under the document's name. */
  disk: string | null;
}

function knownOf(eyes: Eyes, workspace: WorkspaceRow, name: DocName) {
  const file = rows.fileAt(eyes.db, workspace.id, name.rel);
  const known = file && rows.projection(eyes.db, file.id);
  return { file, known, state: JSON.stringify([file?.id, known?.version, known?.signature]) };
}
