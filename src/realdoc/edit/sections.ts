import { outlineOf } from '../kinds/outline.ts';
import type { TextTree } from '../text/tree.ts';
import type { LineSpan } from './target.ts';

export interface Section extends LineSpan {
  title?: string;
}

const MAX_SECTIONS = 20;
const MAX_LINES = 20_000;

/**
 * Parts of some lines, none longer than `limit`, that together are all of them (the first twenty parts): cut at
 * headings and symbols where there are any, else at blank lines, else where the limit is reached.
 */
export function sectionsOf(tree: TextTree, lines: LineSpan, limit: number, path: string): Section[] {
  const to = Math.min(lines.to, lines.from + MAX_LINES - 1);
  const text = tree.slice(tree.offsetOfLine(lines.from), tree.offsetOfLine(to + 1)).toString('utf8');
  const titles = new Map(outlineOf(text, path).map((entry) => [lines.from + entry.line - 1, entry.title]));
  const blanks = text.split('\n').flatMap((line, i) => (line.trim() === '' ? [lines.from + i + 1] : []));
  const out: Section[] = [];
  for (let from = lines.from; from <= to && out.length < MAX_SECTIONS; ) {
    const end = cutBefore(from, to, limit, [...titles.keys()], blanks);
    const title = titles.get(from);
    out.push({ from, to: end, ...(title === undefined ? {} : { title }) });
    from = end + 1;
  }
  return out;
}

/** The last line of a part that begins at `from`: as long as it may be, and cut at the best place there is. */
function cutBefore(
  from: number,
  to: number,
  limit: number,
  titles: readonly number[],
  blanks: readonly number[],
): number {
  if (to - from < limit) return to;
  const fits = (line: number): boolean => line > from && line <= from + limit;
  const next = titles.filter(fits).at(-1) ?? blanks.filter(fits).at(-1) ?? from + limit;
  return next - 1;
}
