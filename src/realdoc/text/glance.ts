import { diffBytes } from './diff.ts';
import type { Leaf } from './leaf.ts';
import { type Change, sameBytes } from './splice.ts';
import type { TextTree } from './tree.ts';

/** Bytes that are compared at most, both sides together: a screenful of changes wherever they lie, in milliseconds. */
const MOST = 256 * 1024;

/**
 * How two texts differ, from the beginning and no further than a little work goes. Leaves that both share are passed
 * over unread. Every splice is exact and they are in order; if `isAll` is false there may be more behind them.
 */
export function glanceAt(before: TextTree, after: TextTree, most = MOST): { change: Change; isAll: boolean } {
  const [a, b] = [new Side(before), new Side(after)];
  const change: Change[number][] = [];
  let left = most;
  for (;;) {
    while (a.key !== undefined && a.key === b.key) {
      a.step(1);
      b.step(1);
    }
    if (a.key === undefined && b.key === undefined) return { change, isAll: true };
    const { mine, theirs } = nextShared(a, b);
    const bytes = a.bytesOf(mine) + b.bytesOf(theirs);
    const isAll = bytes <= left;
    const del = a.take(isAll ? mine : a.leavesWithin(left / 2));
    const ins = b.take(isAll ? theirs : b.leavesWithin(left / 2));
    left -= del.bytes.length + ins.bytes.length;
    if (!sameBytes(del.bytes, ins.bytes)) {
      for (const s of diffBytes(del.bytes, ins.bytes)) {
        // Where both were cut off, what reaches the cut may go on behind it.
        if (isAll || s.at + s.del.length < del.bytes.length) change.push({ ...s, at: s.at + del.at });
      }
    }
    if (!isAll || left <= 0) return { change, isAll: isAll && a.key === undefined && b.key === undefined };
  }
}

/** How many leaves to pass on either side until the next one that both have; all that are left if there is none. */
function nextShared(a: Side, b: Side): { mine: number; theirs: number } {
  for (let mine = 0; ; mine++) {
    const key = a.keyAt(mine);
    if (key === undefined) return { mine, theirs: b.left };
    const theirs = b.distanceTo(key);
    if (theirs !== undefined) return { mine, theirs };
  }
}

/** A text as a row of leaves, and a place in it. */
class Side {
  readonly #tree: TextTree;
  readonly #leaves: Leaf[];
  #places: Map<Leaf | number, number> | undefined;
  #index = 0;
  #at = 0;

  constructor(tree: TextTree) {
    this.#tree = tree;
    this.#leaves = [...tree.leaves()];
  }

  get left(): number {
    return this.#leaves.length - this.#index;
  }

  /** What a leaf is known by: its row, or itself. `undefined` at the end of the text. */
  get key(): Leaf | number | undefined {
    return this.keyAt(0);
  }

  keyAt(ahead: number): Leaf | number | undefined {
    const leaf = this.#leaves[this.#index + ahead];
    return leaf && (leaf.id ?? leaf);
  }

  /** How many leaves lie before the one with this key; `undefined` if none has it from here on. */
  distanceTo(key: Leaf | number): number | undefined {
    this.#places ??= new Map(this.#leaves.map((leaf, i) => [leaf.id ?? leaf, i]));
    const place = this.#places.get(key);
    return place === undefined || place < this.#index ? undefined : place - this.#index;
  }

  bytesOf(count: number): number {
    let bytes = 0;
    for (let i = 0; i < count; i++) bytes += this.#leaves[this.#index + i]!.bytes;
    return bytes;
  }

  /** As many as fit, one at least if there is one. */
  leavesWithin(bytes: number): number {
    let count = 0;
    for (let sum = 0; count < this.left; count++) {
      sum += this.#leaves[this.#index + count]!.bytes;
      if (count > 0 && sum > bytes) break;
    }
    return count;
  }

  step(count: number): void {
    this.#at += this.bytesOf(count);
    this.#index += count;
  }

  take(count: number): { at: number; bytes: Buffer } {
    const at = this.#at;
    this.step(count);
    return { at, bytes: this.#tree.slice(at, this.#at) };
  }
}
