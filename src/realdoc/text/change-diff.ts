import { diffLines } from './diff.ts';
import { type Change, growth, type Splice } from './splice.ts';
import type { TextTree } from './tree.ts';
import { unified } from './unified.ts';

/** Lines shown around a change; changes whose surroundings meet are compared together. */
const AROUND = 3;

/** A stretch of both texts that holds neighbouring splices and some unchanged lines around them. */
interface Stretch {
  splices: Splice[];
  fromLine: number;
  toLine: number;
}

/**
 * Unified diff of a change. Only the touched lines and their neighbours are read and compared, however long the text
 * is and however far apart the changes lie. `from` and `to` name the two sides.
 */
export function unifiedOf(
  before: TextTree,
  after: TextTree,
  change: Change,
  names: { from: string; to: string },
  maxLines = 400,
): string {
  let out = '';
  for (const part of unifiedParts(before, after, change, names, maxLines)) out += part;
  return out;
}

/** The same stretch by stretch: of a long text each may have to be fetched from the disk. */
export function* unifiedParts(
  before: TextTree,
  after: TextTree,
  change: Change,
  names: { from: string; to: string },
  maxLines: number,
): Generator<string> {
  let isFirst = true;
  let lines = 0;
  let shift = 0;
  for (const stretch of stretches(before, change)) {
    const start = before.offsetOfLine(stretch.fromLine);
    const end = before.offsetOfLine(stretch.toLine + 1);
    const startAfter = start + shift;
    shift += growth(stretch.splices);
    const diff = diffLines(before.slice(start, end), after.slice(startAfter, end + shift));
    const first = { a: stretch.fromLine, b: after.lineAt(startAfter) };
    const text = unified(diff, { ...names, first, maxLines: Math.max(3, maxLines - lines) });
    const body: string = isFirst ? text : text.split('\n').slice(2).join('\n');
    isFirst &&= body === '';
    lines += body.split('\n').length;
    yield body;
    if (lines >= maxLines) break;
  }
}

/** One after the other, so that no more is looked for than is shown. */
function* stretches(before: TextTree, change: Change): Generator<Stretch> {
  let last: Stretch | undefined;
  for (const splice of change) {
    const fromLine = Math.max(1, before.lineAt(splice.at) - AROUND);
    const toLine = Math.min(before.lines, before.lineAt(splice.at + splice.del.length) + AROUND);
    if (last && fromLine <= last.toLine + 1) {
      last.toLine = Math.max(last.toLine, toLine);
      last.splices.push(splice);
      continue;
    }
    if (last) yield last;
    last = { splices: [splice], fromLine, toLine };
  }
  if (last) yield last;
}
