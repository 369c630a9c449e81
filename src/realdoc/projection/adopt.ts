import { fail, newId } from '../../common/index.ts';
import { ORGANISATION, PrepareAgain, type WriteContext } from '../../protocol/index.ts';
import type { Documents } from '../documents.ts';
import { andThen } from '../history/along.ts';
import { CHAIN_START } from '../history/chain.ts';
import type { LeafStore } from '../leaf-store.ts';
import * as rows from '../repository/index.ts';
import { type FileRow, type FileSignature, freshProjection, type ProjectionRow } from '../rows.ts';
import { compose } from '../text/compose.ts';
import { mergeChanges } from '../text/merge.ts';
import { invert } from '../text/splice.ts';
import type { TextTree } from '../text/tree.ts';
import { appendFull, appendVersion } from '../versions.ts';
import type { Finding } from './finding.ts';
import type { Move } from './moves.ts';

export type Adopted = 'new' | 'changed' | 'merged' | 'deleted' | 'moved' | 'same' | 'opaque';

export interface Adoption {
  path: string;
  document: string;
  version: number;
  change: Adopted;
  /** Places where a save and an edit of ours met: the save stands, the edit is in the history. */
  conflicts: number;
  /** The text as adopted, for the cache. */
  tree?: TextTree;
}

/**
 * Makes a finding part of the history, inside the open transaction. Throws PrepareAgain if what it rests on has changed,
 * or if very much came since.
 */
export function adopt(ctx: WriteContext, leaves: LeafStore, finding: Finding, documents: Documents): Adoption {
  switch (finding.kind) {
    case 'new':
      return adoptNew(ctx, leaves, finding);
    case 'opaque':
      return adoptOpaque(ctx, finding);
    case 'changed':
      return adoptChange(ctx, leaves, finding, documents);
    case 'replaced':
      return adoptWhole(ctx, leaves, finding);
    case 'same': {
      const { file, version, signature } = finding;
      const seen = current(ctx, file);
      if (seen.disk !== file.disk) rows.updateFile(ctx.tx, { ...seen, disk: file.disk });
      const known = rows.projection(ctx.tx, seen.id);
      // Our projector was faster: what is recorded is newer than what was looked at.
      if (known?.signature && (known.version > version || known.lies !== null)) return done(seen, 'same');
      seeFile(ctx, seen, version, signature);
      return done(seen, 'same');
    }
    case 'became-opaque': {
      const file = current(ctx, finding.file);
      const held = rows.projection(ctx.tx, file.id);
      if (held) hold(ctx, held, `the file on the share is now: ${finding.why}`, finding.foreign);
      return done(file, 'same');
    }
    case 'moved':
      return adoptMoves(ctx, finding.moves);
    case 'missing': {
      const before = current(ctx, finding.file);
      if (before.state !== 'live') return done(before, 'same');
      if (before.head === 0) {
        rows.updateFile(ctx.tx, { ...before, state: 'deleted' });
        return done(before, 'deleted');
      }
      const after = appendVersion(ctx, before, {
        source: 'delete',
        change: [],
        args: { deleted: true },
        state: 'deleted',
      });
      // What was last on the share stays the base, should the file come back from a program that only moved it.
      const version = rows.projection(ctx.tx, after.id)?.version ?? 0;
      rows.putProjection(ctx.tx, { ...fresh(after, ctx), version, state: 'written' });
      return done(after, 'deleted');
    }
  }
}

/** All at once: documents that exchanged their names would stand in each other's way. */
function adoptMoves(ctx: WriteContext, moves: readonly Move[]): Adoption {
  const isDone = moves.every(({ file, rel }) => rows.fileById(ctx.tx, file.id)?.rel === rel);
  if (isDone) return done(current(ctx, moves[0]!.file), 'same');
  const before = moves.map((move) => {
    const now = current(ctx, move.file);
    if (now.head !== move.file.head || now.rel !== move.file.rel || now.state !== 'live') {
      throw lookAgain(move.file.path);
    }
    rows.moveAside(ctx.tx, now.id, `${now.rel}\0${now.id}`);
    return now;
  });
  const [first] = moves.map(({ rel, disk, signature }, i) => {
    const file = before[i]!;
    const taken = rows.fileAt(ctx.tx, file.workspace, rel);
    if (taken?.state === 'live') throw lookAgain(taken.path);
    // A deleted document keeps its history under a name that no path can spell.
    if (taken) rows.moveAside(ctx.tx, taken.id, `${rel}\0${taken.id}`);
    const known = rows.projection(ctx.tx, file.id);
    if (file.kind === 'opaque' && file.head === 0) {
      const after = { ...file, rel, disk };
      rows.updateFile(ctx.tx, after);
      rows.putProjection(ctx.tx, { ...fresh(after, ctx), version: 0, state: 'written', signature });
      return after;
    }
    const args = { from: file.rel, to: rel };
    const after = appendVersion(ctx, { ...file, disk }, { source: 'move', change: [], args, rel });
    seeFile(ctx, after, known?.version === file.head ? after.head : (known?.version ?? 0), signature);
    return after;
  });
  return done(first!, 'moved');
}

function adoptNew(ctx: WriteContext, leaves: LeafStore, found: Extract<Finding, { kind: 'new' }>): Adoption {
  const { workspace, name, disk, tree, facts, signature } = found;
  const taken = rows.fileAt(ctx.tx, workspace.id, name.rel);
  // Somebody else took the same file in meanwhile: once more would split its history in two.
  if (taken && (taken.head > 0 || taken.id !== found.over)) throw lookAgain(taken.path);
  const seed: FileRow = {
    id: taken?.id ?? newId('doc', ctx.clock.now()),
    workspace: workspace.id,
    path: `${name.workspace}/${name.rel}`,
    rel: name.rel,
    disk,
    root: workspace.root,
    ...facts,
    mixed: false,
    why: found.why,
    head: 0,
    bytes: tree.bytes,
    newlines: tree.newlines,
    label: ORGANISATION,
    state: 'live',
    digest: CHAIN_START,
  };
  if (taken) rows.updateFile(ctx.tx, seed);
  else rows.insertFile(ctx.tx, seed);
  // When the file was written tells whether it was there before the box knew of it.
  const args = { sha256: signature.sha256, bytes: tree.bytes, mtimeNs: signature.mtimeNs };
  const file = appendVersion(ctx, seed, { source: 'import', change: [], args, label: ORGANISATION });
  leaves.keep(ctx.tx, file.id, 1, { tree, sha256: found.sha256, staged: found.staged });
  seeFile(ctx, file, 1, signature);
  ctx.emit('box', 'workspace-changed', { workspace: name.workspace, path: file.path, change: 'new' });
  return { ...done(file, 'new'), tree };
}

function adoptOpaque(ctx: WriteContext, found: Extract<Finding, { kind: 'opaque' }>): Adoption {
  const { workspace, name, disk, why, signature } = found;
  const known = rows.fileAt(ctx.tx, workspace.id, name.rel);
  const file: FileRow = {
    id: known?.id ?? newId('doc', ctx.clock.now()),
    workspace: workspace.id,
    path: `${name.workspace}/${name.rel}`,
    rel: name.rel,
    disk,
    root: workspace.root,
    kind: 'opaque',
    why,
    utf8: false,
    eol: 'none',
    bom: false,
    mixed: known?.mixed ?? false,
    head: known?.head ?? 0,
    bytes: signature.size,
    newlines: 0,
    label: known?.label ?? ORGANISATION,
    state: 'live',
    digest: known?.digest ?? CHAIN_START,
  };
  if (known) rows.updateFile(ctx.tx, file);
  else {
    rows.insertFile(ctx.tx, file);
    ctx.emit('box', 'workspace-changed', { workspace: name.workspace, path: file.path, change: 'new' });
  }
  // Only its looks are kept, to notice when another file takes its place.
  rows.putProjection(ctx.tx, { ...fresh(file, ctx), version: 0, state: 'written', signature });
  return done(file, 'opaque');
}

/**
 * First the save as it is, byte for byte, then, if versions of ours were not on the share yet, a merge of both. Where
 * they meet the save stands: nobody finds another text in the file than the one they saved, and no markers.
 */
function adoptChange(
  ctx: WriteContext,
  leaves: LeafStore,
  found: Extract<Finding, { kind: 'changed' }>,
  documents: Documents,
): Adoption {
  const { base, theirs, whole, facts, signature, displaced } = found;
  const before = unmoved(ctx, found);
  // Only what came since the look is composed here.
  const ours = andThen(found.ours.change, documents.netChange(ctx.tx, before, found.ours.head, before.head));
  const text = documents.read(ctx.tx, before, base);
  const { joins } = found;
  // What was tried was another text: look again.
  if (before.kind === 'package' && before.head !== (joins?.head ?? base)) throw lookAgain(before.path);
  const both = mergeChanges(ours, theirs, (at) => text.isLineStart(at));
  const merged = joins?.isSound === false ? { rest: [], conflicts: both.conflicts + both.rest.length } : both;
  const next = {
    source: 'import' as const,
    base,
    args: { sha256: signature.sha256, bytes: signature.size, conflicts: merged.conflicts, displaced },
    utf8: facts.utf8,
  };
  const seen = { ...before, ...facts, why: null, disk: displaced ? before.disk : found.file.disk };
  const saved = whole
    ? appendFull(ctx, leaves, seen, next, whole)
    : appendVersion(ctx, seen, { ...next, change: compose(invert(ours), theirs) });
  if (!displaced) seeFile(ctx, saved, saved.head, signature);
  if (merged.rest.length === 0) {
    if (displaced) rows.wantProjection(ctx.tx, saved.id, ctx.clock.now());
    return { ...done(saved, 'changed'), conflicts: merged.conflicts };
  }
  const joint = appendVersion(ctx, saved, {
    source: 'merge',
    base,
    change: merged.rest,
    args: { ours: before.head, theirs: saved.head, conflicts: merged.conflicts },
  });
  rows.wantProjection(ctx.tx, joint.id, ctx.clock.now());
  return { ...done(joint, 'merged'), conflicts: merged.conflicts };
}

/** The document as it is now. Throws PrepareAgain if it is not as it was when the share was looked at. */
function unmoved(ctx: WriteContext, found: { file: FileRow; base: number; displaced: boolean }): FileRow {
  const before = current(ctx, found.file);
  const known = rows.projection(ctx.tx, before.id);
  const wasOnShare = before.state === 'live' && known !== undefined && known.version > 0;
  if (before.state !== found.file.state || (!found.displaced && wasOnShare && known.version !== found.base)) {
    throw lookAgain(before.path);
  }
  return before;
}

/** There is no merging of what has no lines: the save is the newest version, and what it covered is in the history. */
function adoptWhole(ctx: WriteContext, leaves: LeafStore, found: Extract<Finding, { kind: 'replaced' }>): Adoption {
  const { base, whole, facts, why, signature, displaced } = found;
  const before = unmoved(ctx, found);
  const conflicts = before.head > base && base > 0 ? 1 : 0;
  const args = { sha256: signature.sha256, bytes: signature.size, conflicts, displaced };
  const next = { source: 'import' as const, base: base > 0 ? base : before.head, args };
  const disk = displaced ? before.disk : found.file.disk;
  const saved = appendFull(ctx, leaves, { ...before, ...facts, why, disk }, next, whole);
  if (displaced) rows.wantProjection(ctx.tx, saved.id, ctx.clock.now());
  else seeFile(ctx, saved, saved.head, signature);
  return { ...done(saved, 'changed'), conflicts };
}

function current(ctx: WriteContext, file: FileRow): FileRow {
  const now = rows.fileById(ctx.tx, file.id);
  if (!now) throw lookAgain(file.path);
  return now;
}

function done(file: FileRow, change: Adopted): Adoption {
  return { path: file.path, document: file.id, version: Math.max(1, file.head), change, conflicts: 0 };
}

function fresh(file: FileRow, ctx: WriteContext): ProjectionRow {
  return freshProjection(file.id, file.head, ctx.clock.now());
}

/** Records that the file on the share holds `version`. */
function seeFile(ctx: WriteContext, file: FileRow, version: number, signature: FileSignature): void {
  const state = version === file.head ? 'written' : 'pending';
  rows.putProjection(ctx.tx, { ...fresh(file, ctx), version, state, signature });
}

function hold(ctx: WriteContext, row: ProjectionRow, reason: string, foreign: string): void {
  rows.putProjection(ctx.tx, { ...row, state: 'held', reason, foreign, at: ctx.clock.now() });
}

/** Two may take in the same save at once: the later one looks at what is there by now, and nobody hears of it. */
function lookAgain(path: string): PrepareAgain {
  return new PrepareAgain(fail('DOC_BUSY', { path }));
}
