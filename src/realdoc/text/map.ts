import type { Change, Splice } from './splice.ts';

/** A run of bytes [from, to). */
export interface Range {
  from: number;
  to: number;
}

export type Mapped = { range: Range } | { touchedBy: Splice };

/**
 * Where `range` of the text before `change` lies after it, or the splice that touched it. A splice that only meets
 * the edge does not touch, if the edge is a line edge before and after it: a neighbour line is not this line.
 * `isLineStart` speaks of the text before.
 *
 * A range of no bytes is a place. What was put in at that very place comes after it. Where whole lines around a place
 * went and nothing came, there is one place left, and that is it.
 */
export function mapRange(range: Range, change: Change, isLineStart: (offset: number) => boolean): Mapped {
  const { from, to } = range;
  let shift = 0;
  for (const s of change) {
    const end = s.at + s.del.length;
    if (s.at > to) break;
    if (s.at === to) {
      if (isLineStart(to)) break;
      return { touchedBy: s };
    }
    if (from === to && end > from && s.ins.length === 0 && isLineStart(s.at) && isLineStart(end)) {
      return { range: { from: s.at + shift, to: s.at + shift } };
    }
    const isClearlyBefore = end < from || (end === from && isLineStart(from) && !runsOn(s, isLineStart));
    if (!isClearlyBefore) return { touchedBy: s };
    shift += s.ins.length - s.del.length;
  }
  return { range: { from: from + shift, to: to + shift } };
}

/** True if the text before the end of the splice is no longer a line end: it runs on into what follows. */
function runsOn(s: Splice, isLineStart: (offset: number) => boolean): boolean {
  return s.ins.length > 0 ? s.ins[s.ins.length - 1] !== 10 : !isLineStart(s.at);
}
