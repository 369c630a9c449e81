import { mapRange, type Range } from '../text/map.ts';
import type { Change, Splice } from '../text/splice.ts';
import { tighten } from '../text/tighten.ts';
import type { TextTree } from '../text/tree.ts';
import { bySplice } from './resolve.ts';
import type { Aim } from './target.ts';

/** An aim that a later version touched, and where the place is now as far as can be said. */
export interface Stale {
  aim: Aim;
  /** Bytes of the later text that stand where the aim was. */
  now: Range;
}

/**
 * Carries aims over all that happened since their base (`net`, as one change). Exact: an aim is moved by what was put
 * in or taken out before it, and refused if anything in its lines changed. Same place, later comer: at the end of a
 * text later additions follow earlier ones; elsewhere a `put` stays with the line that it named.
 */
export function rebaseAims(aims: readonly Aim[], base: TextTree, net: Change): { change: Change } | { stale: Stale } {
  const splices: Splice[] = [];
  const isLineStart = (offset: number): boolean => base.isLineStart(offset);
  for (const aim of aims) {
    const mapped = mapRange(aim.region, net, isLineStart);
    if ('touchedBy' in mapped) {
      if (aim.aside) continue;
      return { stale: { aim, now: placeAfter(aim.region, net) } };
    }
    const shift = mapped.range.from - aim.region.from;
    for (const s of aim.splices) {
      const added = s.at === base.bytes && s.del.length === 0 ? addedAtEnd(net, base) : 0;
      if (added === undefined) return { stale: { aim, now: placeAfter(aim.region, net) } };
      splices.push({ ...s, at: s.at + shift + added });
    }
  }
  return { change: tighten(oneAtAPlace(splices.sort(bySplice))) };
}

/** Bytes of whole lines that were put in at the very end; `undefined` if what was put in there leaves a line open. */
function addedAtEnd(net: Change, base: TextTree): number | undefined {
  const last = net.at(-1);
  if (!last || last.at !== base.bytes) return 0;
  return last.ins.at(-1) === 10 ? last.ins.length : undefined;
}

/** Several splices at one offset become one, so that a change never has two of them. */
function oneAtAPlace(sorted: Splice[]): Splice[] {
  const out: Splice[] = [];
  for (const s of sorted) {
    const before = out.at(-1);
    if (before && before.at === s.at && before.del.length === 0) {
      out[out.length - 1] = { at: s.at, del: s.del, ins: Buffer.concat([before.ins, s.ins]) };
    } else out.push(s);
  }
  return out;
}

/** The smallest stretch of the later text that holds all that `range` and its touching splices became. */
export function placeAfter(range: Range, change: Change): Range {
  let shift = 0;
  let from = range.from;
  let to = range.to;
  let fromShift: number | undefined;
  for (const s of change) {
    const end = s.at + s.del.length;
    if (s.at > range.to) break;
    if (end >= range.from) {
      if (s.at < from) from = s.at;
      if (end > to) to = end;
      fromShift ??= shift;
    }
    shift += s.ins.length - s.del.length;
  }
  return { from: from + (fromShift ?? shift), to: to + shift };
}

/**
 * Carries splices that stand alone (an undo, one side of a merge) over `net`. A splice may not meet a later one except
 * at a line edge. Gives the change, or the first splice that collided and the one it met.
 */
export function rebaseSplices(
  splices: Change,
  net: Change,
  isLineStart: (offset: number) => boolean,
): { change: Change } | { mine: Splice; theirs: Splice } {
  const out: Splice[] = [];
  for (const s of splices) {
    const mapped = mapRange({ from: s.at, to: s.at + s.del.length }, net, isLineStart);
    if ('touchedBy' in mapped) return { mine: s, theirs: mapped.touchedBy };
    out.push({ ...s, at: mapped.range.from });
  }
  return { change: oneAtAPlace(out) };
}
