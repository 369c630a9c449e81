import type { Leaf } from '../text/leaf.ts';

/** A run of leaves longer than this has nothing before it that is worth a try. */
const LONGEST_RUN = 256;

/**
 * For leaves of a tree that are not stored yet: the stored leaf of an older tree that each most likely came from. The
 * leaves that both trees have pin the two lists together; what lies between two pins is told off in order.
 */
export function ancestors(older: readonly Leaf[], newer: readonly Leaf[]): Map<Leaf, number> {
  const places = new Map<number, number>();
  for (const [i, leaf] of older.entries()) places.set(leaf.id!, i);
  const out = new Map<Leaf, number>();
  let from = 0;
  let run: Leaf[] = [];
  const tellOff = (to: number): void => {
    const count = to - from;
    if (count > 0 && run.length <= LONGEST_RUN) {
      for (const [k, leaf] of run.entries()) out.set(leaf, older[from + Math.floor((k * count) / run.length)]!.id!);
    }
    run = [];
  };
  for (const leaf of newer) {
    const place = leaf.id === undefined ? undefined : places.get(leaf.id);
    if (place === undefined) {
      if (leaf.id === undefined) run.push(leaf);
      continue;
    }
    // A leaf that moved backwards pins nothing.
    if (place < from) continue;
    tellOff(place);
    from = place + 1;
  }
  tellOff(older.length);
  return out;
}
