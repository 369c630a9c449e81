import { mapRange } from '../text/map.ts';
import { type Change, newlineGrowth } from '../text/splice.ts';
import type { TextTree } from '../text/tree.ts';
import { type LineSpan, regionOf } from './target.ts';

/** Numbers of the same lines after `net`; `undefined` if it touched one of them. `tree` is the text before. */
export function carryLines(tree: TextTree, span: LineSpan, net: Change): LineSpan | undefined {
  const region = regionOf(tree, span);
  if ('touchedBy' in mapRange(region, net, (at) => tree.isLineStart(at))) return undefined;
  const shift = newlineGrowth(net.filter((s) => s.at + s.del.length <= region.from && s.at < region.to));
  return { from: span.from + shift, to: span.to + shift };
}
