import { join } from 'node:path';
import { fail, newId } from '../../common/index.ts';
import { joinLabels, ORGANISATION, type ReadContext, type Static, type WriteContext } from '../../protocol/index.ts';
import { CHAIN_START, sha256Hex } from '../history/chain.ts';
import type { Stored } from '../kinds/content.ts';
import { SMALL_TEXT } from '../leaf-store.ts';
import { findOnDisk } from '../projection/disk-names.ts';
import { statOf } from '../projection/folder.ts';
import { parseDocPath } from '../projection/paths.ts';
import { refuseIfAway } from '../projection/roots.ts';
import type { RealDoc } from '../realdoc.ts';
import * as rows from '../repository/index.ts';
import { type FileRow, freshProjection, type WorkspaceRow } from '../rows.ts';
import { opaqueTree } from '../storage/cdc.ts';
import { TextTree } from '../text/tree.ts';
import { appendVersion } from '../versions.ts';
import { shownLabel, type VersionMade } from './shapes.ts';

export type NewDocument = Awaited<ReturnType<typeof prepareDocument>>;

/**
 * All that can be done before the transaction that begins a document. Throws DOC_EXISTS, DOC_PATH_INVALID,
 * DOC_PATH_OUTSIDE, DOC_WORKSPACE_NOT_FOUND, DOC_QUOTA or DISK_FULL.
 */
export async function prepareDocument(room: RealDoc, ctx: ReadContext, path: string, { facts, bytes, why }: Stored) {
  const name = parseDocPath(path);
  const workspace = room.workspace(name.workspace);
  await refuseDetour(workspace.root, name.rel.split('/').slice(0, -1), path);
  await refuseIfAway(workspace, name.rel);
  if (await statOf(join(workspace.root, name.rel), path)) throw fail('DOC_EXISTS', { path });
  await refuseClash(room, workspace, name.rel, path);
  await room.quota.checkLarge(workspace.id, bytes.length);
  const isOpaque = facts.kind === 'opaque';
  const tree = isOpaque ? opaqueTree(bytes, room.leaves.load) : TextTree.of(bytes, room.leaves.load);
  const staged = bytes.length > SMALL_TEXT ? await room.leaves.stage(tree, null, ctx) : undefined;
  const lines = isOpaque ? 0 : (await room.contents.view({ path, kind: facts.kind }, tree)).tree.lines;
  return { path, name, workspace, facts, why, tree, lines, sha256: sha256Hex(bytes), staged };
}

/** Version 1, and the wish for its file. Throws DOC_EXISTS when the name was taken meanwhile. */
export function beginDocument(
  room: RealDoc,
  ctx: WriteContext,
  { path, name, workspace, facts, why, tree, lines, sha256, staged }: NewDocument,
  note: string | undefined,
): Static<typeof VersionMade> {
  const taken = rows.fileAt(ctx.tx, workspace.id, name.rel);
  if (taken?.state === 'live') throw fail('DOC_EXISTS', { path });
  // A deleted document keeps its history under a name that no path can spell.
  if (taken) rows.moveAside(ctx.tx, taken.id, `${name.rel}\0${taken.id}`);
  const seed: FileRow = {
    id: newId('doc', ctx.clock.now()),
    workspace: workspace.id,
    path,
    rel: name.rel,
    disk: null,
    root: workspace.root,
    ...facts,
    mixed: false,
    why,
    head: 0,
    bytes: tree.bytes,
    newlines: tree.newlines,
    label: joinLabels(ORGANISATION, ctx.caller.label),
    state: 'live',
    digest: CHAIN_START,
  };
  rows.insertFile(ctx.tx, seed);
  const file = appendVersion(ctx, seed, { source: 'create', change: [], args: { sha256, bytes: tree.bytes }, note });
  room.leaves.keep(ctx.tx, file.id, 1, { tree, sha256, staged });
  rows.putProjection(ctx.tx, freshProjection(file.id, 0, ctx.clock.now()));
  ctx.emit('box', 'workspace-changed', { workspace: workspace.name, path: file.path, change: 'new' });
  ctx.undoWith({ call: ctx.callId });
  ctx.raise(file.label);
  ctx.tx.afterCommit(() => {
    room.documents.remember(file.id, 1, tree);
    room.committed(file);
  });
  return {
    path: file.path,
    document: file.id,
    version: 1,
    added: lines,
    removed: 0,
    changed: [],
    label: shownLabel(file.label),
  };
}

/** People on Windows and Mac would see one of the two files only, and not which. */
async function refuseClash(room: RealDoc, workspace: WorkspaceRow, rel: string, path: string): Promise<void> {
  const [alike] = rows.filesAlike(room.db, workspace.id, rel);
  if (alike) {
    throw fail('DOC_NAME_CLASH', { path, other: alike.path, reason: 'only the case of letters differs' });
  }
  const other = await findOnDisk(workspace.root, rel, null);
  if (other === rel) return;
  const reason = 'it is the same name in another Unicode form';
  if (await statOf(join(workspace.root, other), path)) throw fail('DOC_NAME_CLASH', { path, other: path, reason });
}

/** A document whose file could never be written is not begun. Folders that are not there yet are made with the file. */
export async function refuseDetour(root: string, names: readonly string[], docPath: string): Promise<void> {
  let at = root;
  for (const name of names) {
    at = join(at, name);
    const stat = await statOf(at, docPath);
    if (!stat) return;
    if (stat.isSymbolicLink())
      throw fail('DOC_PATH_OUTSIDE', { path: docPath, reason: 'a folder on the way is a link' });
    if (!stat.isDirectory()) throw fail('DOC_PATH_INVALID', { reason: `${name} is a file, not a folder` });
  }
}
