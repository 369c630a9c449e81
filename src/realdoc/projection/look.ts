import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Reader } from '../../common/index.ts';
import { type Clock, fail, isJinguError } from '../../common/index.ts';
import type { Documents } from '../documents.ts';
import type { Contents, Stored } from '../kinds/content.ts';
import { MAX_TEXT_BYTES, type TextFacts, TOO_LARGE } from '../kinds/kind.ts';
import { digestOf, type LeafStore, SMALL_TEXT, type Staged, treeDigest } from '../leaf-store.ts';
import * as rows from '../repository/index.ts';
import type { FileRow, FileSignature, ProjectionRow, WorkspaceRow } from '../rows.ts';
import { opaqueTree } from '../storage/cdc.ts';
import type { Quota } from '../storage/quota.ts';
import { mergeChanges } from '../text/merge.ts';
import type { Change } from '../text/splice.ts';
import { TextTree } from '../text/tree.ts';
import { isMostlyNew, type WholeText } from '../versions.ts';
import { findOnDisk } from './disk-names.ts';
import type { DisplacedFile } from './displaced.ts';
import { Folder } from './folder.ts';
import type { Kernel } from './kernel.ts';
import { exchanged, type Move, movedFrom } from './moves.ts';
import { type DocName, isTemporary } from './paths.ts';
import { GONE_MS, isQuiet, looksOf, pause, readWhole, signatureOf, untilQuiet, wait } from './read-file.ts';
import { refuseIfAway } from './roots.ts';
import { bigStatOf } from './stat.ts';

/** What a look at the share found, and all that the transaction needs to adopt it. */
export type Finding =
  | {
      kind: 'new';
      name: DocName;
      disk: string | null;
      workspace: WorkspaceRow;
      tree: TextTree;
      facts: TextFacts;
      why: string | null;
      signature: FileSignature;
      /** Of the stored text. */
      sha256: string;
      staged: Staged | undefined;
      /** The document that had the path when this was looked at. */
      over: string | null;
    }
  /** Too large to be kept: only known to be there. */
  | {
      kind: 'opaque';
      name: DocName;
      disk: string | null;
      workspace: WorkspaceRow;
      why: string;
      signature: FileSignature;
    }
  /** The file is as some version says; `version` is that version. */
  | { kind: 'same'; file: FileRow; version: number; signature: FileSignature }
  /** Somebody saved. `theirs` leads from the text of `base` to what they saved. */
  | {
      kind: 'changed';
      file: FileRow;
      base: number;
      theirs: Change;
      /** What was saved as a whole, where that is the better way to keep it. */
      whole?: WholeText;
      facts: TextFacts;
      signature: FileSignature;
      displaced: boolean;
      /** Of an Office file: whether the save and what this head holds make a file together. */
      joins?: { head: number; isSound: boolean };
    }
  /** Somebody saved what is no text (`why`), or a text where none was: the whole file is the version. */
  | {
      kind: 'replaced';
      file: FileRow;
      base: number;
      whole: WholeText;
      facts: TextFacts;
      why: string | null;
      signature: FileSignature;
      displaced: boolean;
    }
  | { kind: 'became-opaque'; file: FileRow; why: string; foreign: string }
  | { kind: 'missing'; file: FileRow }
  /** Documents that lie under other names now; more than one if they exchanged them. */
  | { kind: 'moved'; moves: Move[] };

export interface Eyes {
  db: Reader;
  documents: Documents;
  leaves: LeafStore;
  contents: Contents;
  clock: Clock;
  kernel: () => Promise<Kernel | undefined>;
  quota: Quota;
}

/**
 * Looks at the file of a document (or at one that is to become a document) and compares it with what is known. Has no
 * effect on the share; a file that is not there is waited for, unless it is known to be gone (`isGone`). Stores the leaves of a large new text ahead of the transaction. Throws DOC_NOT_FOUND if there
 * is neither a file nor a document, DOC_SHARE_AWAY if the folder is not the one that the files were in.
 */
export async function look(eyes: Eyes, workspace: WorkspaceRow, name: DocName, isGone = false): Promise<Finding> {
  const docPath = `${name.workspace}/${name.rel}`;
  await refuseIfAway(workspace, name.rel);
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
  const stored = await eyes.contents.take(docPath, content.bytes);
  if (isKept && file.kind !== 'opaque') {
    if (stored.why === null) return compare(eyes, file, known, stored, signature);
    return refused(file, name, disk, workspace, stored.why, signature);
  }
  // The stored text of a package is none of its file: it begins a history of its own.
  if (isKept && stored.facts.kind !== 'package') return replaced(eyes, file, known, stored, signature);
  const tree = treeOf(eyes, stored);
  const staged = stored.bytes.length > SMALL_TEXT ? await eyes.leaves.stage(tree, null) : undefined;
  // The stored text of a package is another one than its file.
  const sha256 = stored.facts.kind === 'package' ? await treeDigest(tree) : signature.sha256;
  const { facts, why } = stored;
  const over = file?.id ?? null;
  return { kind: 'new', name, disk, workspace, tree, facts, why, signature, sha256, staged, over };
}

function treeOf(eyes: Eyes, { facts, bytes }: Stored): TextTree {
  return facts.kind === 'opaque' ? opaqueTree(bytes, eyes.leaves.load) : TextTree.of(bytes, eyes.leaves.load);
}

async function replaced(
  eyes: Eyes,
  file: FileRow,
  known: ProjectionRow | undefined,
  stored: Stored,
  signature: FileSignature,
): Promise<Finding> {
  const base = known?.version ?? 0;
  if (file.state === 'live') {
    // A crash between the swap and its record leaves a newer version of ours on the share.
    const version = rows.newestTreeLike(eyes.db, file.id, base, signature.sha256);
    if (version !== undefined) return { kind: 'same', file, version, signature };
  }
  return {
    kind: 'replaced',
    file,
    base,
    ...(await wholeOf(eyes, file, stored, signature)),
    signature,
    displaced: false,
  };
}

async function wholeOf(eyes: Eyes, file: FileRow, stored: Stored, { sha256 }: FileSignature) {
  const tree = treeOf(eyes, stored);
  const whole: WholeText = { tree, sha256, staged: await eyes.leaves.stage(tree, file.id) };
  return { whole, facts: stored.facts, why: stored.why };
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

/**
 * Looks at a file of ours that a swap displaced: what was saved into it at the last moment, against the version that it
 * held. `undefined` if that is known already: it holds that version, or a later one.
 */
export async function lookAtDisplaced(
  eyes: Eyes,
  file: FileRow,
  { name, folder, base }: DisplacedFile,
): Promise<Finding | undefined> {
  if (!isTemporary(name)) throw fail('DOC_PATH_INVALID', { reason: 'not a displaced file' });
  const path = folder === '' ? name : `${folder}/${name}`;
  const content = await readDocument(file.root, path, file.path, eyes.clock, await eyes.kernel());
  if (!content || 'why' in content) return undefined;
  const stored = await eyes.contents.take(file.path, content.bytes);
  if (stored.facts.kind !== file.kind) return undefined;
  const { signature } = content;
  if (file.kind === 'opaque') {
    if (rows.newestTreeLike(eyes.db, file.id, 0, signature.sha256) !== undefined) return undefined;
    return {
      kind: 'replaced',
      file,
      base,
      ...(await wholeOf(eyes, file, stored, signature)),
      signature,
      displaced: true,
    };
  }
  // A crash in the middle of an exchange leaves our own new text under this name.
  if ((await versionWith(eyes, file, base, stored.bytes.length, signature.sha256)) !== undefined) return undefined;
  const before = eyes.documents.at(file, base);
  const theirs = eyes.contents.diff(file.kind, before.toBuffer(), stored.bytes);
  if (theirs.length === 0) return undefined;
  const found = { kind: 'changed' as const, file, base, theirs, facts: stored.facts, signature, displaced: true };
  return {
    ...found,
    ...(await wholeIfBetter(eyes, file, before, theirs)),
    ...(await joined(eyes, file, base, theirs)),
  };
}

/** The newest version after `base` whose file has these bytes. */
async function versionWith(
  eyes: Eyes,
  file: FileRow,
  base: number,
  bytes: number,
  sha256: string,
): Promise<number | undefined> {
  for (const op of rows.opsBetween(eyes.db, file.id, base, file.head).reverse()) {
    // The stored text of a package says nothing about the size of its file.
    if (op.bytes !== bytes && file.kind !== 'package') continue;
    const pieces = eyes.contents.give(file, eyes.documents.at(file, op.version));
    if ((await digestOf(pieces)) === sha256) return op.version;
  }
  return undefined;
}

async function compare(
  eyes: Eyes,
  file: FileRow,
  known: ProjectionRow | undefined,
  { bytes, facts }: Stored,
  signature: FileSignature,
): Promise<Finding> {
  const base = known?.version ?? 0;
  if (file.state === 'live') {
    // A crash between the swap and its record leaves a newer version of ours on the share.
    const version = await versionWith(eyes, file, base, bytes.length, signature.sha256);
    if (version !== undefined) return { kind: 'same', file, version, signature };
  }
  // Where the share holds no version of ours, the save stands against all that there is.
  const from = base > 0 ? base : file.head;
  const before = eyes.documents.at(file, from);
  const theirs = eyes.contents.diff(file.kind, before.toBuffer(), bytes);
  const found = { kind: 'changed' as const, file, base: from, theirs, facts, signature, displaced: false };
  return {
    ...found,
    ...(await wholeIfBetter(eyes, file, before, theirs)),
    ...(await joined(eyes, file, from, theirs)),
  };
}

/**
 * A save that rewrote much of the text is kept as a text. It is made of the old one by the change, so it has the leaves
 * that were not touched in common with it.
 */
async function wholeIfBetter(
  eyes: Eyes,
  file: FileRow,
  before: TextTree,
  change: Change,
): Promise<{ whole?: WholeText }> {
  if (!isMostlyNew(before.bytes, change)) return {};
  const tree = before.apply(change);
  return { whole: { tree, sha256: await treeDigest(tree), staged: await eyes.leaves.stage(tree, file.id) } };
}

/** Edits that the save did not know of are put into it by place; whether a program opens the result is tried here. */
async function joined(
  eyes: Eyes,
  file: FileRow,
  base: number,
  theirs: Change,
): Promise<{ joins?: { head: number; isSound: boolean } }> {
  const { head } = file;
  if (file.kind !== 'package' || head === base) return {};
  const text = eyes.documents.at(file, base);
  const ours = eyes.documents.netChange(eyes.db, file, base, head);
  const { rest } = mergeChanges(ours, theirs, (at) => text.isLineStart(at));
  if (rest.length === 0) return { joins: { head, isSound: true } };
  try {
    const saved = text.apply(theirs);
    await eyes.contents.check(file, saved, saved.apply(rest));
    return { joins: { head, isSound: true } };
  } catch (error) {
    if (!isJinguError(error) || error.code !== 'DOC_PARSE_REFUSED') throw error;
    return { joins: { head, isSound: false } };
  }
}

type Content = { bytes: Buffer; signature: FileSignature } | { why: string; signature: FileSignature };

/** Longest time that a save in progress is waited for. */
const PATIENCE_MS = 6000;

/** Reads a file as it is; with a clock, waits until nobody has written to it for a moment. */
export async function readDocument(
  root: string,
  path: string,
  docPath: string,
  clock?: Clock,
  kernel?: Kernel,
): Promise<Content | undefined> {
  const names = path.split('/');
  let folder: Folder;
  try {
    folder = await Folder.open(root, names.slice(0, -1), docPath);
  } catch (error) {
    if ((error as { code?: string }).code === 'DOC_NOT_FOUND') return undefined;
    throw error;
  }
  await using held = folder;
  const handle = await held.openFile(names.at(-1)!, docPath);
  if (!handle) return undefined;
  try {
    const until = clock && clock.monotonic() + PATIENCE_MS;
    for (let attempt = 0; ; attempt++) {
      if (clock) await untilQuiet(handle, clock, kernel);
      const content = await readUnlessHuge(handle, docPath);
      if (!clock || clock.monotonic() > until!) return content;
      // Written to while it was read? Then what was read may be half a save. An empty file is believed only at the
      // second look: ext4 shows the new size of a truncated file a moment before its new time.
      const isBelieved = content.signature.size > 0 || attempt > 0;
      if (!isBelieved) await pause(clock);
      else if (await isQuiet(handle, clock, kernel)) return content;
    }
  } finally {
    await handle.close();
  }
}

async function readUnlessHuge(handle: FileHandle, docPath: string): Promise<Content> {
  const stat = await handle.stat({ bigint: true });
  if (stat.size > MAX_TEXT_BYTES) return { why: TOO_LARGE, signature: signatureOf(stat, '') };
  return await readWhole(handle, docPath);
}
