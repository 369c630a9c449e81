import { diffBytes, diffNumbers } from './diff.ts';
import type { Leaf } from './leaf.ts';
import { type Change, type Splice, sameBytes } from './splice.ts';
import type { TextTree } from './tree.ts';

/** A stretch of changed leaves up to this size, both sides together, is compared line by line. */
const LOOK_INTO = 1024 * 1024;

/**
 * The change from one stored text to another where no log leads from one to the other. Leaves that both have (the same
 * row, or the same leaf in memory) are passed over unread; what lies between them is compared as far as it is short,
 * and is one splice less its equal ends where it is long.
 */
export function changeBetween(before: TextTree, after: TextTree): Change {
  const numbers = new Map<Leaf | number, number>();
  const numbered = (leaves: readonly Leaf[]): Int32Array =>
    Int32Array.from(leaves, (leaf) => {
      const key = leaf.id ?? leaf;
      const known = numbers.get(key) ?? numbers.size;
      numbers.set(key, known);
      return known;
    });
  const a = [...before.leaves()];
  const b = [...after.leaves()];
  const [left, right] = [numbered(a), numbered(b)];
  const startsA = starts(a);
  const startsB = starts(b);
  return diffNumbers(left, right, numbers.size).flatMap((h) => {
    const at = startsA[h.aFrom]!;
    return between(at, before.slice(at, startsA[h.aTo]!), after.slice(startsB[h.bFrom]!, startsB[h.bTo]!));
  });
}

function starts(leaves: readonly Leaf[]): number[] {
  const out = [0];
  for (const leaf of leaves) out.push(out.at(-1)! + leaf.bytes);
  return out;
}

function between(at: number, del: Uint8Array, ins: Uint8Array): Splice[] {
  if (sameBytes(del, ins)) return [];
  if (del.length + ins.length <= LOOK_INTO) {
    return diffBytes(Buffer.from(del), Buffer.from(ins)).map((s) => ({ ...s, at: s.at + at }));
  }
  const least = Math.min(del.length, ins.length);
  let head = 0;
  while (head < least && del[head] === ins[head]) head++;
  let tail = 0;
  while (tail < least - head && del[del.length - 1 - tail] === ins[ins.length - 1 - tail]) tail++;
  return [{ at: at + head, del: del.subarray(head, del.length - tail), ins: ins.subarray(head, ins.length - tail) }];
}
