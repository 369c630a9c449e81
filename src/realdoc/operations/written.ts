import type { Static, WriteContext } from '../../protocol/index.ts';
import { changedLines } from '../edit/plan.ts';
import type { ShownChange } from '../edit/shown-change.ts';
import { transcodedOf } from '../formats/encoding/transcode.ts';
import { otherKind } from '../kinds/content.ts';
import { textFacts } from '../kinds/kind.ts';
import type { RealDoc } from '../realdoc.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';
import { type Change, countNewlines } from '../text/splice.ts';
import type { TextTree } from '../text/tree.ts';
import { appendVersion, type NewVersion } from '../versions.ts';
import { shownLabel, type VersionMade } from './shapes.ts';

/**
 * The last steps that every write shares: append the version, ask for the projection, and after the durable commit
 * keep the new text at hand and start writing the file. `after` must be the text of the new version, `shown` says how
 * people read the change of an Office file.
 */
export function writeVersion(
  room: RealDoc,
  ctx: WriteContext,
  file: FileRow,
  next: NewVersion & { args: object; isAll?: boolean | undefined },
  after: TextTree,
  shown?: ShownChange,
): Static<typeof VersionMade> {
  room.quota.check(file.workspace, next.same ? 0 : changeBytes(next.change));
  // It may have been thinned out since somebody asked for it.
  if (next.same) room.documents.requireVersion(ctx.tx, file, next.same.version);
  const begun = next.source === 'edit' ? file : asItReads(file, after);
  // A version without a change of its own says how many lines it moved: nobody compares two texts for a list.
  const change = next.same && begun.kind !== file.kind ? [] : next.change;
  const args = next.same ? { ...next.args, lines: lineCounts(change) } : next.args;
  const written = appendVersion(ctx, begun, { ...next, args });
  rows.wantProjection(ctx.tx, written.id, ctx.clock.now());
  ctx.tx.afterCommit(() => {
    room.documents.remember(written.id, written.head, after);
    if (shown) room.contents.remember(written, written.head, shown.view);
    room.committed(written);
  });
  ctx.raise(written.label);
  const made = madeOf(written, change, after, shown);
  const told = made.changed.map((line) => line.n);
  ctx.tx.afterCommit(() => room.seen.noteLines(ctx.caller, written.id, written.head, told));
  return { ...made, ...(next.isAll === false ? { isPartial: true } : {}), label: shownLabel(written.label) };
}

/** What comes back may be of another kind than what is there: a text that was saved over by a picture is a text again. */
function asItReads(file: FileRow, after: TextTree): FileRow {
  const other = otherKind(file.kind, after);
  if (other) return { ...file, ...other.facts, why: other.why };
  return file.kind === 'text' && file.mixed ? { ...file, ...textFacts(after.toBuffer()) } : file;
}

function changeBytes(change: Change): number {
  return change.reduce((sum, s) => sum + s.del.length + s.ins.length, 0);
}

/** Lines that came and went. A change inside a line is one line out and one line in. */
export function lineCounts(change: Change): { added: number; removed: number } {
  let added = 0;
  let removed = 0;
  for (const s of change) {
    const isInside = s.del.at(-1) !== 10 || s.ins.at(-1) !== 10;
    const both = s.del.length > 0 && s.ins.length > 0;
    const own = isInside && (both || (countNewlines(s.del) === 0 && countNewlines(s.ins) === 0)) ? 1 : 0;
    removed += countNewlines(s.del) + own;
    added += countNewlines(s.ins) + own;
  }
  return { added, removed };
}

export function madeOf(
  file: FileRow,
  change: Change,
  after: TextTree,
  shown?: ShownChange,
): Omit<Static<typeof VersionMade>, 'label'> {
  const { path, id, head } = file;
  const made = { path, document: id, version: head };
  if (shown) return { ...made, ...lineCounts(shown.change), changed: changedLines(shown.after, shown.change) };
  // So that its lines are shown in its own encoding.
  if (file.kind === 'text' && !file.utf8) transcodedOf(after);
  // The stored text of a package is not for people.
  const changed = file.kind === 'package' ? [] : changedLines(after, change);
  return { ...made, ...lineCounts(change), changed };
}
