import type { FileHandle } from 'node:fs/promises';
import type { Reader } from '../../common/index.ts';
import { type Clock, fail } from '../../common/index.ts';
import type { Documents } from '../documents.ts';
import type { Contents, Stored } from '../kinds/content.ts';
import { MAX_TEXT_BYTES, type TextFacts, TOO_LARGE } from '../kinds/kind.ts';
import { digestOf, type LeafStore, SMALL_TEXT, type Staged, treeDigest } from '../leaf-store.ts';
import * as rows from '../repository/index.ts';
import type { FileRow, FileSignature, ProjectionRow, WorkspaceRow } from '../rows.ts';
import { opaqueTree } from '../storage/cdc.ts';
import { diffBytes } from '../text/diff.ts';
import type { Change } from '../text/splice.ts';
import { TextTree } from '../text/tree.ts';
import { isMostlyNew, type WholeText } from '../versions.ts';
import { Folder, statOf } from './folder.ts';
import { type DocName, isTemporary } from './paths.ts';
import { isQuiet, looksOf, pause, readWhole, signatureOf, untilQuiet } from './read-file.ts';

/** What a look at the share found, and all that the transaction needs to adopt it. */
export type Finding =
  | {
      kind: 'new';
      name: DocName;
      workspace: WorkspaceRow;
      tree: TextTree;
      facts: TextFacts;
      why: string | null;
      signature: FileSignature;
      staged: Staged | undefined;
    }
  /** Too large to be kept: only known to be there. */
  | { kind: 'opaque'; name: DocName; workspace: WorkspaceRow; why: string; signature: FileSignature }
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
  | { kind: 'moved'; file: FileRow; rel: string; signature: FileSignature };

export interface Eyes {
  db: Reader;
  documents: Documents;
  leaves: LeafStore;
  contents: Contents;
  clock: Clock;
}

/**
 * Looks at the file of a document (or at one that is to become a document) and compares it with what is known. Has no
 * effect on the share; stores the leaves of a large new text ahead of the transaction. Throws DOC_NOT_FOUND if there
 * is neither a file nor a document.
 */
export async function look(eyes: Eyes, workspace: WorkspaceRow, name: DocName): Promise<Finding> {
  const docPath = `${name.workspace}/${name.rel}`;
  const { content, file, known } = await readBeside(eyes, workspace, name, docPath);
  if (!content) {
    if (file?.state === 'live' && known?.signature) return { kind: 'missing', file };
    throw fail('DOC_NOT_FOUND', { path: docPath, near: [] });
  }
  if ('why' in content) {
    const { why, signature } = content;
    if (file && file.kind !== 'opaque') return { kind: 'became-opaque', file, why, foreign: looksOf(signature) };
    return { kind: 'opaque', name, workspace, why, signature };
  }
  const { signature } = content;
  const isKept = file !== undefined && file.head > 0;
  if (isKept && known?.signature?.sha256 === signature.sha256 && file.state === 'live' && known.version > 0) {
    return { kind: 'same', file, version: known.version, signature };
  }
  const stored = await eyes.contents.take(docPath, content.bytes);
  if (isKept && file.kind !== 'opaque') {
    if (stored.why === null) return compare(eyes, file, known, stored, signature);
    return { kind: 'became-opaque', file, why: stored.why, foreign: looksOf(signature) };
  }
  // The stored text of a package is none of its file: it begins a history of its own.
  if (isKept && stored.facts.kind !== 'package') return replaced(eyes, file, known, stored, signature);
  const moved = await movedFrom(eyes, workspace, signature);
  if (moved) return { kind: 'moved', file: moved, rel: name.rel, signature };
  const tree = treeOf(eyes, stored);
  const staged = stored.bytes.length > SMALL_TEXT ? await eyes.leaves.stage(tree, null) : undefined;
  return { kind: 'new', name, workspace, tree, facts: stored.facts, why: stored.why, signature, staged };
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

/**
 * The file, and what is known of its document at the same moment. Reading takes time, and our own projector may put a
 * newer version there meanwhile: bytes and rows of two moments would make a save out of our own writing.
 */
async function readBeside(
  eyes: Eyes,
  workspace: WorkspaceRow,
  name: DocName,
  docPath: string,
): Promise<{ content: Content | undefined; file: FileRow | undefined; known: ProjectionRow | undefined }> {
  for (let attempt = 0; ; attempt++) {
    const before = knownOf(eyes, workspace, name);
    const content = await readDocument(workspace.root, name.rel, docPath, eyes.clock);
    const after = knownOf(eyes, workspace, name);
    if (before.state === after.state) return { content, file: after.file, known: after.known };
    if (attempt === 20) throw fail('DOC_BUSY', { path: docPath });
  }
}

function knownOf(eyes: Eyes, workspace: WorkspaceRow, name: DocName) {
  const file = rows.fileAt(eyes.db, workspace.id, name.rel);
  const known = file && rows.projection(eyes.db, file.id);
  return { file, known, state: JSON.stringify([file?.id, known?.version, known?.signature]) };
}

/** Looks at a file of ours that a swap displaced: what was saved into it at the last moment, against version `base`. */
export async function lookAtDisplaced(
  eyes: Eyes,
  file: FileRow,
  name: string,
  base: number,
): Promise<Finding | undefined> {
  if (!isTemporary(name)) throw fail('DOC_PATH_INVALID', { reason: 'not a displaced file' });
  const parts = file.rel.split('/');
  const folder = parts.slice(0, -1);
  const content = await readDocument(file.root, [...folder, name].join('/'), file.path);
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
  const before = eyes.documents.at(file, base);
  const theirs = diffBytes(before.toBuffer(), stored.bytes);
  if (theirs.length === 0) return undefined;
  const found = { kind: 'changed' as const, file, base, theirs, facts: stored.facts, signature, displaced: true };
  return { ...found, ...(await wholeIfBetter(eyes, file, before, theirs)) };
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
    for (const op of rows.opsBetween(eyes.db, file.id, base, file.head).reverse()) {
      if (op.bytes !== bytes.length) continue;
      if ((await digestOf(eyes.contents.give(file, eyes.documents.at(file, op.version)))) === signature.sha256) {
        return { kind: 'same', file, version: op.version, signature };
      }
    }
  }
  // Where the share holds no version of ours, the save stands against all that there is.
  const from = base > 0 ? base : file.head;
  const before = eyes.documents.at(file, from);
  const theirs = diffBytes(before.toBuffer(), bytes);
  const found = { kind: 'changed' as const, file, base: from, theirs, facts, signature, displaced: false };
  return { ...found, ...(await wholeIfBetter(eyes, file, before, theirs)) };
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

/** A live document of the workspace whose file is gone and had exactly these bytes: it was renamed. */
async function movedFrom(eyes: Eyes, workspace: WorkspaceRow, signature: FileSignature): Promise<FileRow | undefined> {
  for (const candidate of rows.filesWithDigest(eyes.db, workspace.id, signature.sha256)) {
    if (!(await statOf(`${candidate.root}/${candidate.rel}`, candidate.path))) return candidate;
  }
  return undefined;
}

type Content = { bytes: Buffer; signature: FileSignature } | { why: string; signature: FileSignature };

/** Reads a file as it is; with a clock, waits until nobody has written to it for a moment. */
export async function readDocument(
  root: string,
  rel: string,
  docPath: string,
  clock?: Clock,
): Promise<Content | undefined> {
  const names = rel.split('/');
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
    for (let attempt = 0; ; attempt++) {
      if (clock) await untilQuiet(handle, clock);
      const content = await readUnlessHuge(handle, docPath);
      if (!clock || attempt === 20) return content;
      // Written to while it was read? Then what was read may be half a save. An empty file is believed only at the
      // second look: ext4 shows the new size of a truncated file a moment before its new time.
      const isBelieved = content.signature.size > 0 || attempt > 0;
      if (!isBelieved) await pause(clock);
      else if (await isQuiet(handle, clock)) return content;
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
