import { mapRange } from './map.ts';
import { type Change, type Splice, sameBytes } from './splice.ts';

export interface Merged {
  /** What is left of ours to be applied after theirs, in the coordinates of their text. */
  rest: Change;
  /** Splices of ours that met theirs and were left out. */
  conflicts: number;
}

/**
 * Three-way merge of two changes of the same text, where theirs wins every collision. The same splice on both sides is
 * one change and no conflict. `isLineStart` speaks of the common text.
 */
export function mergeChanges(ours: Change, theirs: Change, isLineStart: (offset: number) => boolean): Merged {
  const rest: Splice[] = [];
  let conflicts = 0;
  for (const s of ours) {
    if (theirs.some((t) => t.at === s.at && sameBytes(t.del, s.del) && sameBytes(t.ins, s.ins))) continue;
    const mapped = mapRange({ from: s.at, to: s.at + s.del.length }, theirs, isLineStart);
    if ('range' in mapped) rest.push({ ...s, at: mapped.range.from });
    else conflicts++;
  }
  return { rest, conflicts };
}
