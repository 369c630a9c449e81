import { fail, type Reader } from '../../common/index.ts';
import type { Documents } from '../documents.ts';
import { rebaseSplices } from '../edit/rebase.ts';
import { Pace } from '../pace.ts';
import * as rows from '../repository/index.ts';
import type { FileRow, OpRow } from '../rows.ts';
import { compose } from '../text/compose.ts';
import { type Change, NOTHING, type Splice } from '../text/splice.ts';
import { tighten } from '../text/tighten.ts';
import { ownRel, type Rename, renameOf } from './names.ts';
import { stateAt } from './state.ts';

/** What takes some versions of one document back, in the coordinates of its head. */
export interface TakeBack {
  change: Change;
  versions: number[];
  /** Differs from now when existence is taken back too. */
  state: 'live' | 'deleted';
  /** The text is that of an earlier version, not one that is put together now. */
  isVersion?: true;
  /** The path that comes back with them. */
  rel?: string;
  /** The version whose text comes back as a whole: of what has no lines, and where very many versions go. */
  toVersion?: number;
  /** False if `change` is only the beginning of what differs: with `toVersion`. */
  isAll?: boolean;
}

/**
 * Inverts versions of one document, newest first, and carries each inverse over everything that came later, including
 * the inverses before it. What two versions did to each other cancels out. Throws DOC_CONFLICT where a version that
 * stays changed the same place. However old the versions are, others have their turn meanwhile.
 */
export async function takeBack(
  db: Reader,
  documents: Documents,
  file: FileRow,
  versions: readonly OpRow[],
  signal: AbortSignal,
): Promise<TakeBack> {
  let undone: Change = [];
  let { state } = file;
  const own = ownRel(file);
  let rel = own;
  const newestFirst = [...versions].sort((a, b) => b.version - a.version);
  for (const op of newestFirst) {
    const rename = renameOf(op);
    if (rename && rename.to !== rel) throw renamedSince(file, op, rename);
    rel = rename?.from ?? rel;
    // A save that brought a deleted file back stays: nobody's file goes because an import is taken back.
    if (op.source !== 'import' && op.source !== 'merge') {
      const was = stateAt(db, file.id, op.version - 1);
      if (was !== stateAt(db, file.id, op.version)) state = was;
    }
  }
  const names = rel !== own && state === 'live' ? { rel } : {};
  const what = { versions: newestFirst.map((op) => op.version), state, ...names };
  const { last, rest } = file.kind === 'opaque' ? { last: 0, rest: [] } : atTheEnd(file, newestFirst);
  if (last > 0 && rest.length === 0 && !documents.isNear(db, file, file.head, last - 1)) {
    return { ...what, ...documents.glance(db, file, file.head, last - 1), toVersion: last - 1, isVersion: true };
  }
  if (last > 0) undone = await documents.netChangeInTurns(file, file.head, last - 1, signal);
  const pace = new Pace(signal);
  for (const op of rest) {
    if (pace.isDue) await pace.turn();
    const inverse = await documents.netChangeInTurns(file, op.version, op.version - 1, signal);
    if (inverse.length === 0) continue;
    const later = await documents.carryingChangeInTurns(file, op.version, file.head, signal);
    const since = compose(later, undone);
    const text = since.length === 0 ? undefined : documents.read(db, file, op.version);
    const carried = rebaseSplices(inverse, since, (at) => text!.isLineStart(at));
    if ('mine' in carried) throw conflict(db, file, op, carried.mine, carried.theirs);
    undone = compose(undone, carried.change);
  }
  const taken = { ...what, change: tighten(undone) };
  if (file.kind !== 'opaque') return rest.length === 0 && last > 1 ? { ...taken, isVersion: true } : taken;
  return { ...taken, ...wholeBefore(db, documents, file, newestFirst), isVersion: true };
}

/**
 * The same for the head that the document has by now: `now` is the document, `file` what it was when this was worked out.
 * `undefined` where it must be worked out anew, since what came meanwhile is more than a few changes elsewhere in the text.
 */
export function takenBackLater(
  db: Reader,
  documents: Documents,
  back: TakeBack,
  file: FileRow,
  now: FileRow,
): TakeBack | undefined {
  if (now.head === file.head) return back;
  const isAsItWas = now.kind === file.kind && now.state === file.state && now.rel === file.rel;
  if (!isAsItWas || file.kind !== 'text' || back.toVersion !== undefined) return undefined;
  const since = documents.carryingChange(db, now, file.head, now.head);
  const text = documents.read(db, now, file.head);
  const carried = rebaseSplices(back.change, since, (at) => text.isLineStart(at));
  if ('mine' in carried) return undefined;
  const { isVersion: _, ...rest } = back;
  return { ...rest, change: tighten(carried.change) };
}

/**
 * The versions that end with the head and leave none out: nothing that stays stands on top of them, so they go in one
 * step, and a call of thousands is no more work than one. `last` is the oldest of them, 0 if there are none. What was
 * there before the first version is nothing that a text can go back to.
 */
function atTheEnd(file: FileRow, newestFirst: readonly OpRow[]): { last: number; rest: readonly OpRow[] } {
  let count = 0;
  while (newestFirst[count]?.version === file.head - count && file.head - count > 1) count++;
  return { last: count === 0 ? 0 : file.head - count + 1, rest: newestFirst.slice(count) };
}

/** The bytes from before the oldest of the versions, if nothing that stays stands on top of them. */
function wholeBefore(
  db: Reader,
  documents: Documents,
  file: FileRow,
  newestFirst: readonly OpRow[],
): { toVersion?: number } {
  const isSame = (one: number, other: number): boolean => {
    const { change, isAll } = documents.glance(db, file, one, other);
    return isAll && change.length === 0;
  };
  let version = file.head;
  for (const op of newestFirst) {
    if (!isSame(op.version, version)) {
      const none = { at: 0, del: NOTHING, ins: NOTHING };
      throw conflict(db, file, op, none, none);
    }
    version = op.version - 1;
  }
  // Before the first version there was no text that could come back.
  return version === 0 || isSame(version, file.head) ? {} : { toVersion: version };
}

/** A name cannot be given back from under another one that the document was given since. */
function renamedSince({ path, head }: FileRow, { version }: OpRow, { from, to }: Rename): Error {
  const reason = `it was renamed again since: take that back first, or rename it from where it is now to ${from}`;
  return fail('DOC_CONFLICT', { path, version, head, documents: [{ path, version, reason, from, to }] });
}

function conflict(db: Reader, file: FileRow, op: OpRow, mine: Splice, theirs: Splice): Error {
  const show = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(0, 2000)).toString('utf8');
  const since = rows.newestOps(db, file.id, file.head + 1, 5).filter((later) => later.version > op.version);
  return fail('DOC_CONFLICT', {
    path: file.path,
    version: op.version,
    head: file.head,
    hunks: [{ base: show(mine.del), yours: show(mine.ins), theirs: show(theirs.ins) }],
    since: since.map((later) => ({ version: later.version, source: later.source, by: later.actor.personId })),
  });
}
