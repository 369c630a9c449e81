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
    for (const kid of node.kids) {
      const to = from + kid.bytes;
      while (next < change.length && isBefore(change[next]!, from)) next++;
      let end = next;
      while (end < change.length && (change[end]!.at < to || (to === this.#total && change[end]!.at === to))) end++;
      if (next === end) kids.push(kid);
      else {
        const own = next === 0 && end === change.length ? change : change.slice(next, end);
        kids.push(...(isInner(kid) ? this.#inner(kid, from, own) : this.#leaf(kid, from, own)));
      }
      from = to;
    }
    return group(this.#mergeSmall(kids));
  }

  #leaf(from: Leaf, at: number, change: Change): Leaf[] {
    const isLast = at + from.bytes === this.#total;
    const depth = (from.recipe?.depth ?? 0) + 1;
    const recipe: Recipe = { from, at, change, isLast, depth };
    const { bytes, newlines } = sizesAfter(recipe);
    const isLater = this.#isLater && !from.data && depth < MAX_DEPTH && bytes <= LARGE_LEAF;
    if (isLater) return bytes === 0 ? [] : [{ bytes, newlines, data: undefined, id: undefined, recipe }];
    const data = follow(recipe, this.#dataOf);
    if (bytes > LARGE_LEAF) return cutLeaves(data);
    return bytes === 0 ? [] : [{ bytes, newlines, data, id: undefined }];
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

/** True if the splice can reach nothing at or after `offset`. What is put in at an offset belongs to what begins there. */
function isBefore(s: Splice, offset: number): boolean {
  return s.at < offset && s.at + s.del.length <= offset;
}

/** Makes the bytes of a leaf. Throws SpliceMismatch if they are not what the change says that it replaces. */
export function follow({ from, at, change, isLast }: Recipe, dataOf: (leaf: Leaf) => Uint8Array): Uint8Array {
  const old = dataOf(from);
  const end = at + from.bytes;
  const parts: Uint8Array[] = [];
  let done = at;
  for (const s of change) {
    const stop = Math.min(end, s.at + s.del.length);
    if (s.at > done) parts.push(old.subarray(done - at, s.at - at));
    done = Math.max(done, s.at);
    if (s.at >= at && (s.at < end || isLast)) parts.push(s.ins);
    if (stop <= done) continue;
    if (!sameBytes(old.subarray(done - at, stop - at), s.del.subarray(done - s.at, stop - s.at))) {
      throw new SpliceMismatch(s.at);
    }
    done = stop;
  }
  if (done < end) parts.push(old.subarray(done - at));
  return Buffer.concat(parts);
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
