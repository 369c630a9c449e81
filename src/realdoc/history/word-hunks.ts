import type { Change } from '../text/splice.ts';
import type { TextTree } from '../text/tree.ts';
import { type WordRun, wordDiff } from '../text/word-diff.ts';

const MAX_HUNKS = 100;
const MAX_BYTES = 20_000;

/** The changed lines word by word; neighbouring changes of the same lines are one hunk. Long hunks are shown whole. */
export function wordHunks(before: TextTree, after: TextTree, change: Change): { line: number; runs: WordRun[] }[] {
  const hunks: { from: number; to: number; fromAfter: number; toAfter: number }[] = [];
  let shift = 0;
  for (const s of change) {
    const fromLine = before.lineAt(s.at);
    const from = before.offsetOfLine(fromLine);
    const to = before.offsetOfLine(before.lineAt(Math.max(s.at, s.at + s.del.length - 1)) + 1);
    const startAfter = from + shift;
    shift += s.ins.length - s.del.length;
    const toAfter = to + shift;
    const last = hunks.at(-1);
    if (last && from < last.to) {
      last.to = Math.max(last.to, to);
      last.toAfter = Math.max(last.toAfter, toAfter);
    } else hunks.push({ from, to, fromAfter: startAfter, toAfter });
  }
  return hunks.slice(0, MAX_HUNKS).map(({ from, to, fromAfter, toAfter }) => {
    const old = before.slice(from, Math.min(to, from + MAX_BYTES)).toString('utf8');
    const now = after.slice(fromAfter, Math.min(toAfter, fromAfter + MAX_BYTES)).toString('utf8');
    return { line: after.lineAt(fromAfter), runs: wordDiff(old, now) };
  });
}
