import { canonicalJson, type Tx } from '../common/index.ts';
import { actorOf, joinLabels, type Label, type WriteContext } from '../protocol/index.ts';
import { versionDigest } from './history/chain.ts';
import * as rows from './repository/index.ts';
import type { FileRow, OpRow, Source } from './rows.ts';
import { packChange, plainChange } from './text/codec.ts';
import { type Change, growth, newlineGrowth } from './text/splice.ts';

export interface NewVersion {
  source: Source;
  /** Version the change was written against; left out: the head. */
  base?: number;
  change: Change;
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

/**
 * Appends one version to a document inside the open transaction and says so to the subscribers. The change must be in
 * the coordinates of the head that this very transaction sees. Returns the file as it is afterwards.
 */
export function appendVersion(ctx: WriteContext, file: FileRow, next: NewVersion): FileRow {
  const version = file.head + 1;
  const plain = plainChange(next.change);
  const label = next.label ?? joinLabels(file.label, ctx.caller.label);
  const unsigned: Omit<OpRow, 'digest' | 'splices'> = {
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
    bytes: file.bytes + growth(next.change),
    newlines: file.newlines + newlineGrowth(next.change),
    prev: file.digest,
  };
  const digest = versionDigest(unsigned, plain);
  rows.insertOp(ctx.tx, { ...unsigned, splices: packChange(plain), digest });
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
  rows.updateFile(ctx.tx, after);
  for (const undone of next.undoes ?? []) rows.linkUndo(ctx.tx, file.id, undone, version);
  emitVersion(ctx, after, next.source);
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
