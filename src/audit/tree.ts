import { hash } from 'node:crypto';

/** Hash of the complete subtree over leaves [index * 2^level, (index + 1) * 2^level). Level 0 is the leaves. */
export type NodeAt = (level: number, index: number) => Uint8Array;

/** RFC 6962, 2.1: SHA-256(0x01 || left || right). */
export function joinNodes(left: Uint8Array, right: Uint8Array): Buffer {
  const data = Buffer.allocUnsafe(65);
  data[0] = 1;
  data.set(left, 1);
  data.set(right, 33);
  return hash('sha256', data, 'buffer');
}

/**
 * The interior nodes that become complete when the leaf at `index` is added: none for an even index, one more for
 * each trailing one bit. So the table grows by one row a record on average and no node is ever rewritten.
 */
export function newNodes(
  index: number,
  leaf: Uint8Array,
  at: NodeAt,
): { level: number; index: number; hash: Buffer }[] {
  const out: { level: number; index: number; hash: Buffer }[] = [];
  let here: Buffer = Buffer.from(leaf);
  for (let level = 0, i = index; i % 2 === 1; level++, i = (i - 1) / 2) {
    here = joinNodes(at(level, i - 1), here);
    out.push({ level: level + 1, index: (i - 1) / 2, hash: here });
  }
  return out;
}

/** The complete subtrees that cover [0, size), largest first: a compact range. */
export function peaks(size: number, at: NodeAt): Uint8Array[] {
  const out: Uint8Array[] = [];
  let start = 0;
  for (let level = 52; level >= 0; level--) {
    const width = 2 ** level;
    if (size - start < width) continue;
    out.push(at(level, start / width));
    start += width;
  }
  return out;
}

/** Merkle tree hash over the first `size` leaves; of the empty tree it is SHA-256 of nothing. */
export function rootAt(size: number, at: NodeAt): Buffer {
  if (size === 0) return hash('sha256', Buffer.alloc(0), 'buffer');
  return rangeHash(0, size, at);
}

/** MTH over leaves [start, end), where `start` is a multiple of the power of two at or above `end - start`. */
function rangeHash(start: number, end: number, at: NodeAt): Buffer {
  const width = end - start;
  const split = splitOf(width);
  if (width === 1 || split * 2 === width) return Buffer.from(at(Math.round(Math.log2(width)), start / width));
  return joinNodes(rangeHash(start, start + split, at), rangeHash(start + split, end, at));
}

/** The largest power of two smaller than `n` (RFC 6962, 2.1). */
function splitOf(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** RFC 6962, 2.1.1: PATH(index, D[size]), leaf side first. */
export function inclusionPath(index: number, size: number, at: NodeAt): Buffer[] {
  const walk = (start: number, end: number): Buffer[] => {
    if (end - start === 1) return [];
    const middle = start + splitOf(end - start);
    return index < middle
      ? [...walk(start, middle), rangeHash(middle, end, at)]
      : [...walk(middle, end), rangeHash(start, middle, at)];
  };
  return walk(0, size);
}

/** RFC 6962, 2.1.2: PROOF(from, D[to]). Empty when the sizes are equal. */
export function consistencyPath(from: number, to: number, at: NodeAt): Buffer[] {
  const walk = (start: number, end: number, known: boolean): Buffer[] => {
    if (from === end) return known ? [] : [rangeHash(start, end, at)];
    const middle = start + splitOf(end - start);
    return from <= middle
      ? [...walk(start, middle, known), rangeHash(middle, end, at)]
      : [...walk(middle, end, false), rangeHash(start, middle, at)];
  };
  return from === to ? [] : walk(0, to, true);
}
