import {
  cutLeaves,
  type Inner,
  innerOf,
  isInner,
  LEAF_BYTES,
  type Leaf,
  leafOf,
  type Node,
  type Recipe,
} from './leaf.ts';
import { type Change, countNewlines, type Splice, sameBytes } from './splice.ts';

const FANOUT = 64;
/** Below these a neighbour is merged in, so a long life of edits does not leave crumbs. */
const SMALL_LEAF = 2 * 1024;
const SMALL_INNER = 8;
const LARGE_LEAF = LEAF_BYTES + LEAF_BYTES / 2;
/** A leaf of more pieces is made whole, and one that a longer text comes into. */
const MANY_PIECES = 48;
const SHORT = 256;
/** A leaf that was described so often on top of another description is made. */
const MAX_DEPTH = 8;

/** A change did not find the bytes it replaces: the caller turns it into a typed error. */
export class SpliceMismatch extends Error {
  readonly at: number;
  constructor(at: number) {
    super(`the text at byte ${at} is not what the change replaces`);
    this.at = at;
  }
}

/** Makes the nodes of a text after a change in one walk; what the change does not reach is shared. */
export class Rewriter {
  readonly #dataOf: (leaf: Leaf) => Uint8Array;
  readonly #isLater: boolean;
  #total = 0;

  /** `isLater`: leaves whose bytes are not at hand are described, not made. */
  constructor(dataOf: (leaf: Leaf) => Uint8Array, isLater: boolean) {
    this.#dataOf = dataOf;
    this.#isLater = isLater;
  }

  /** Nodes of the height of `root` that hold its text after `change`; none if nothing is left. */
  rewrite(root: Inner, change: Change): Node[] {
    this.#total = root.bytes;
    if (root.kids.length > 0) return this.#inner(root, 0, change);
    return group(cutLeaves(Buffer.concat(change.map((s) => s.ins))));
  }

  #inner(node: Inner, at: number, change: Change): Inner[] {
    const kids: Node[] = [];
    let from = at;
    let next = 0;
    let hasCrumb = false;
    for (const kid of node.kids) {
      const to = from + kid.bytes;
      while (next < change.length && isBefore(change[next]!, from)) next++;
      let end = next;
      while (end < change.length && (change[end]!.at < to || (to === this.#total && change[end]!.at === to))) end++;
      if (next === end) kids.push(kid);
      else {
        const own = next === 0 && end === change.length ? change : change.slice(next, end);
        const made = isInner(kid) ? this.#inner(kid, from, own) : this.#leaf(kid, from, own);
        hasCrumb ||= made.length !== 1 || isSmall(made[0]!);
        kids.push(...made);
      }
      from = to;
    }
    // Neighbours that are as they were have been looked at before.
    return group(hasCrumb ? this.#mergeSmall(kids) : kids);
  }

  #leaf(from: Leaf, at: number, change: Change): Leaf[] {
    const isLast = at + from.bytes === this.#total;
    const depth = (from.recipe?.depth ?? 0) + 1;
    const recipe: Recipe = { from, at, change, isLast, depth };
    const { bytes, newlines } = sizesAfter(recipe);
    const isLater = this.#isLater && !from.data && depth < MAX_DEPTH && bytes <= LARGE_LEAF;
    if (isLater) return bytes === 0 ? [] : [{ bytes, newlines, data: undefined, id: undefined, recipe }];
    const pieces = cut(recipe, from.pieces ?? [this.#dataOf(from)]);
    if (bytes > LARGE_LEAF) return cutLeaves(Buffer.concat(pieces));
    if (bytes === 0) return [];
    // A key pressed in a leaf takes a step, not a copy of sixteen kilobytes.
    if (pieces.length <= MANY_PIECES && bytes > SMALL_LEAF && change.every((s) => s.ins.length <= SHORT)) {
      return [{ bytes, newlines, data: undefined, id: undefined, pieces }];
    }
    return [{ bytes, newlines, data: Buffer.concat(pieces), id: undefined }];
  }

  #mergeSmall(kids: Node[]): Node[] {
    const out: Node[] = [];
    for (const kid of kids) {
      const before = out.at(-1);
      if (before && isInner(before) && isInner(kid)) {
        const isSmall = Math.min(before.kids.length, kid.kids.length) < SMALL_INNER;
        if (isSmall && before.kids.length + kid.kids.length <= FANOUT) {
          out[out.length - 1] = innerOf([...before.kids, ...kid.kids]);
          continue;
        }
      } else if (before && !isInner(before) && !isInner(kid) && this.#mayMerge(before, kid)) {
        out[out.length - 1] = leafOf(Buffer.concat([this.#dataOf(before), this.#dataOf(kid)]));
        continue;
      }
      out.push(kid);
    }
    return out;
  }

  #mayMerge(a: Leaf, b: Leaf): boolean {
    if (Math.min(a.bytes, b.bytes) >= SMALL_LEAF || a.bytes + b.bytes > LEAF_BYTES) return false;
    return !this.#isLater || (a.data !== undefined && b.data !== undefined);
  }
}

function isSmall(node: Node): boolean {
  return isInner(node) ? node.kids.length < SMALL_INNER : node.bytes < SMALL_LEAF;
}

/** True if the splice can reach nothing at or after `offset`. What is put in at an offset belongs to what begins there. */
function isBefore(s: Splice, offset: number): boolean {
  return s.at < offset && s.at + s.del.length <= offset;
}

/** Makes the bytes of a leaf. Throws SpliceMismatch if they are not what the change says that it replaces. */
export function follow(recipe: Recipe, dataOf: (leaf: Leaf) => Uint8Array): Uint8Array {
  return Buffer.concat(cut(recipe, [dataOf(recipe.from)]));
}

/** The same in pieces, from the pieces of the old leaf; none is empty. */
function cut({ from, at, change, isLast }: Recipe, old: readonly Uint8Array[]): Uint8Array[] {
  const end = at + from.bytes;
  const source = new Source(old);
  const out: Uint8Array[] = [];
  let done = at;
  for (const s of change) {
    const stop = Math.min(end, s.at + s.del.length);
    if (s.at > done) source.take(s.at - done, (piece) => out.push(piece));
    done = Math.max(done, s.at);
    if (s.ins.length > 0 && s.at >= at && (s.at < end || isLast)) out.push(own(s.ins));
    if (stop <= done) continue;
    let seen = done - s.at;
    source.take(stop - done, (piece) => {
      if (!sameBytes(piece, s.del.subarray(seen, seen + piece.length))) throw new SpliceMismatch(s.at);
      seen += piece.length;
    });
    done = stop;
  }
  source.take(end - done, (piece) => out.push(piece));
  return out;
}

/** A short text must not keep the much longer buffer alive that it is a view of. */
function own(bytes: Uint8Array): Uint8Array {
  return bytes.length <= SHORT && bytes.buffer.byteLength > 2 * SHORT ? new Uint8Array(bytes) : bytes;
}

/** Reads pieces from left to right. */
class Source {
  readonly #pieces: readonly Uint8Array[];
  #index = 0;
  #used = 0;

  constructor(pieces: readonly Uint8Array[]) {
    this.#pieces = pieces;
  }

  take(count: number, give: (piece: Uint8Array) => void): void {
    let left = count;
    while (left > 0) {
      const piece = this.#pieces[this.#index]!;
      const n = Math.min(left, piece.length - this.#used);
      give(n === piece.length ? piece : piece.subarray(this.#used, this.#used + n));
      left -= n;
      this.#used += n;
      if (this.#used < piece.length) return;
      this.#index++;
      this.#used = 0;
    }
  }
}

function sizesAfter({ from, at, change, isLast }: Recipe): { bytes: number; newlines: number } {
  const end = at + from.bytes;
  let { bytes, newlines } = from;
  for (const s of change) {
    const start = Math.max(at, s.at);
    const stop = Math.min(end, s.at + s.del.length);
    if (s.at >= at && (s.at < end || isLast)) {
      bytes += s.ins.length;
      newlines += countNewlines(s.ins);
    }
    if (stop > start) {
      bytes -= stop - start;
      newlines -= countNewlines(s.del.subarray(start - s.at, stop - s.at));
    }
  }
  return { bytes, newlines };
}

function group(kids: Node[]): Inner[] {
  if (kids.length === 0) return [];
  if (kids.length <= FANOUT) return [innerOf(kids)];
  const parts = Math.ceil(kids.length / FANOUT);
  const each = Math.ceil(kids.length / parts);
  const out: Inner[] = [];
  for (let i = 0; i < kids.length; i += each) out.push(innerOf(kids.slice(i, i + each)));
  return out;
}

export function rootOf(nodes: Node[]): Inner {
  if (nodes.length === 0) return innerOf([]);
  let level: Node[] = nodes;
  while (level.length > 1 || !isInner(level[0]!)) level = group(level);
  let root = level[0] as Inner;
  while (root.kids.length === 1 && isInner(root.kids[0]!)) root = root.kids[0];
  return root;
}
