import { canonicalJson, type Tx } from '../common/index.ts';
import { actorOf, joinLabels, type Label, type WriteContext } from '../protocol/index.ts';
import { versionDigest } from './history/chain.ts';
import type { LeafStore, Staged } from './leaf-store.ts';
import * as rows from './repository/index.ts';
import type { FileRow, OpRow, Source } from './rows.ts';
import { packChange, packFull, packSame, plainChange } from './text/codec.ts';
import { type Change, growth, newlineGrowth } from './text/splice.ts';
import type { TextTree } from './text/tree.ts';

export interface NewVersion {
  source: Source;
  /** Version the change was written against; left out: the head. */
  base?: number;
  change: Change;
  /** The version is this stored text instead of a change; see `appendFull`. */
  full?: { sha256: string; bytes: number; newlines: number };
  /** The version has the text of this older one; `change` is for those who are told of it. */
  same?: { version: number; bytes: number; newlines: number };
  args: unknown;
  note?: string | undefined;
  /** Left out: the document's label joined with that of the caller. */
  label?: Label;
  state?: 'live' | 'deleted';
  rel?: string;
  /** Versions of this file that this one takes back. */
  undoes?: readonly number[];
  utf8?: boolean;
}

/** A version that changes the text and nothing else of its document. */
export type NewText = Omit<NewVersion, 'full' | 'same' | 'state' | 'rel' | 'utf8'>;

/**
 * Appends one version to a document inside the open transaction and says so to the subscribers. The change must be in
 * the coordinates of the head that this very transaction sees. Returns the file as it is afterwards.
 */
export function appendVersion(ctx: WriteContext, file: FileRow, next: NewVersion): FileRow {
  const { after, stored } = logVersion(ctx, file, next);
  const isTextAlone = after.rel === file.rel && after.state === file.state && after.utf8 === file.utf8;
  // Others hand in a document that is another one already: under a new name, of another kind.
  if (next.source === 'edit' && isTextAlone) rows.updateText(ctx.tx, after, stored);
  else rows.updateFile(ctx.tx, after, stored);
  return after;
}

/**
 * The same for many versions one after the other, each change in the coordinates of the one before it. The document is
 * written once, after the last of them: of a long history in one transaction that is a tenth of the work.
 */
export function appendTexts(ctx: WriteContext, file: FileRow, texts: Iterable<NewText>): FileRow {
  let last = file;
  let bytes = 0;
  for (const next of texts) {
    const { after, stored } = logVersion(ctx, last, next);
    last = after;
    bytes += stored;
  }
  if (last !== file) rows.updateFile(ctx.tx, last, bytes);
  return last;
}

/** Writes the row of a version; that of its document is the caller's to write, with the bytes that were `stored`. */
function logVersion(ctx: WriteContext, file: FileRow, next: NewVersion): { after: FileRow; stored: number } {
  const version = file.head + 1;
  const { full, same } = next;
  const of = same && (rows.sameOf(ctx.tx, file.id, same.version) ?? same.version);
  const text = full ? packFull(full.sha256) : of === undefined ? undefined : packSame(of);
  const plain = text ?? plainChange(next.change);
  const sizes = full ?? same;
  const label = next.label ?? joinLabels(file.label, ctx.caller.label);
  const unsigned: Omit<OpRow, 'digest' | 'splices' | 'isFull' | 'span' | 'seal'> = {
    file: file.id,
    version,
    base: next.base ?? file.head,
    call: ctx.callId,
    actor: actorOf(ctx.caller),
    task: ctx.caller.taskId,
    source: next.source,
    args: canonicalJson(next.args),
    note: next.note ?? null,
    label,
    at: ctx.clock.now(),
    bytes: sizes ? sizes.bytes : file.bytes + growth(next.change),
    newlines: sizes ? sizes.newlines : file.newlines + newlineGrowth(next.change),
    prev: file.digest,
  };
  const digest = versionDigest(unsigned, plain);
  const splices = text ?? packChange(plain);
  const stored = rows.insertOp(ctx.tx, {
    ...unsigned,
    splices,
    isFull: text !== undefined,
    span: 1,
    digest,
    seal: null,
  });
  if (of !== undefined) rows.insertSame(ctx.tx, file.id, version, of);
  const rel = next.rel ?? file.rel;
  const after: FileRow = {
    ...file,
    rel,
    path: file.path.slice(0, file.path.length - file.rel.length) + rel,
    head: version,
    bytes: unsigned.bytes,
    newlines: unsigned.newlines,
    label,
    state: next.state ?? 'live',
    utf8: next.utf8 ?? file.utf8,
    digest,
  };
  if (rel !== file.rel) rows.noteName(ctx.tx, file.id, version, file.rel);
  for (const undone of next.undoes ?? []) rows.linkUndo(ctx.tx, file.id, undone, version);
  emitVersion(ctx, after, next.source);
  return { after, stored };
}

/** Up to this size, old and new bytes together, a change is always kept as one. */
const SMALL_CHANGE = 64 * 1024;
const LARGE_CHANGE = 8 * 1024 * 1024;
/** A change that takes more of the text away than this is kept as a text. */
const MOSTLY_NEW = 0.3;

export function isMostlyNew(bytes: number, change: Change): boolean {
  let old = 0;
  let both = 0;
  for (const s of change) {
    old += s.del.length;
    both += s.del.length + s.ins.length;
  }
  return both > SMALL_CHANGE && (old > bytes * MOSTLY_NEW || both > LARGE_CHANGE);
}

/** A text that becomes a version as a whole: when there is no change to speak of, or a worse way to say it. */
export interface WholeText {
  tree: TextTree;
  sha256: string;
  /** Leaves stored ahead; left out only for small texts. */
  staged: Staged | undefined;
}

/** The same as `appendVersion` for a version that is a stored text of its own. */
export function appendFull(
  ctx: WriteContext,
  leaves: LeafStore,
  file: FileRow,
  next: Omit<NewVersion, 'change' | 'full'>,
  { tree, sha256, staged }: WholeText,
): FileRow {
  const { bytes, newlines } = tree;
  const after = appendVersion(ctx, file, { ...next, change: [], full: { sha256, bytes, newlines } });
  leaves.keep(ctx.tx, file.id, after.head, { tree, sha256, isFull: true, ...(staged ? { staged } : {}) });
  return after;
}

export function emitVersion(ctx: WriteContext, file: FileRow, source: Source): void {
  const { id, path, head } = file;
  const data = { document: id, path, version: head, source, state: file.state, callId: ctx.callId };
  ctx.emit(`doc:${id}`, 'version-created', { ...data, ...(ctx.caller.taskId ? { taskId: ctx.caller.taskId } : {}) });
}

/** Versions that are taken back and not brought back since. */
export function undoneVersions(db: Pick<Tx, 'all' | 'get'>, file: string): Set<number> {
  const takers = new Map<number, number[]>();
  for (const { v, by } of rows.undoLinks(db, file)) takers.set(v, [...(takers.get(v) ?? []), by]);
  const known = new Map<number, boolean>();
  const isUndone = (v: number): boolean => {
    const held = known.get(v);
    if (held !== undefined) return held;
    // A version can only be taken back by a later one, so this ends.
    const answer = (takers.get(v) ?? []).some((by) => !isUndone(by));
    known.set(v, answer);
    return answer;
  };
  return new Set([...takers.keys()].filter(isUndone));
}
