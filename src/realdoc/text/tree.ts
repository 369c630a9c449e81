import {
  cutLeaves,
  type Inner,
  innerOf,
  isInner,
  LEAF_BYTES,
  type Leaf,
  type LeafLoader,
  leafOf,
  type Node,
} from './leaf.ts';
import { type Change, countNewlines, NOTHING, sameBytes } from './splice.ts';

const FANOUT = 64;
/** Below these a neighbour is merged in, so a long life of edits does not leave crumbs. */
const SMALL_LEAF = 2 * 1024;
const SMALL_INNER = 8;

const noLoader: LeafLoader = () => {
  throw new Error('a leaf without bytes in a text without a store');
};

/**
 * A text as a copy-on-write B+ tree of byte runs: each version is a root, and roots share what they have in common.
 * Only `\n` ends a line, and a text that ends in one has no further empty line. Lines count from 1, offsets are bytes.
 * BOM, CRLF, NUL and invalid UTF-8 are content like any other.
 */
export class TextTree {
  readonly #root: Inner;
  readonly #load: LeafLoader;

  private constructor(root: Inner, load: LeafLoader) {
    this.#root = root;
    this.#load = load;
  }

  /** The bytes are shared, not copied: do not change them afterwards. */
  static of(bytes: Uint8Array, load: LeafLoader = noLoader): TextTree {
    return TextTree.ofLeaves(cutLeaves(bytes), load);
  }

  static ofLeaves(leaves: readonly Leaf[], load: LeafLoader = noLoader): TextTree {
    return new TextTree(rootOf([...leaves]), load);
  }

  get bytes(): number {
    return this.#root.bytes;
  }

  get newlines(): number {
    return this.#root.newlines;
  }

  get lines(): number {
    return this.newlines + (this.bytes > 0 && this.#byteAt(this.bytes - 1) !== 10 ? 1 : 0);
  }

  /** Bytes `from` up to `to`, which may be a view of the tree: read only. */
  slice(from: number, to: number): Buffer {
    const parts: Uint8Array[] = [];
    this.#collect(this.#root, from, Math.min(to, this.bytes), parts);
    const [only] = parts;
    if (parts.length === 1 && only) return Buffer.from(only.buffer, only.byteOffset, only.length);
    return Buffer.concat(parts);
  }

  /** The whole text, leaf by leaf: read only. */
  *pieces(): Generator<Uint8Array> {
    for (const leaf of this.leaves()) yield this.peek(leaf);
  }

  toBuffer(): Buffer {
    return this.slice(0, this.bytes);
  }

  /** Offset of the first byte of line `line`; `lines + 1` gives the end of the text. */
  offsetOfLine(line: number): number {
    if (line <= 1) return 0;
    if (line > this.newlines + 1) return this.bytes;
    let left = line - 1;
    let at = 0;
    let node: Node = this.#root;
    while (isInner(node)) {
      for (const kid of node.kids) {
        if (kid.newlines >= left) {
          node = kid;
          break;
        }
        left -= kid.newlines;
        at += kid.bytes;
      }
    }
    const data = this.#dataOf(node);
    let index = -1;
    while (left-- > 0) index = data.indexOf(10, index + 1);
    return at + index + 1;
  }

  /** The line that holds byte `offset`; the end of a text whose last line is open belongs to that line. */
  lineAt(offset: number): number {
    let left = Math.min(offset, this.bytes);
    let line = 1;
    let node: Node = this.#root;
    while (isInner(node)) {
      let next: Node | undefined;
      for (const kid of node.kids) {
        if (left < kid.bytes) {
          next = kid;
          break;
        }
        left -= kid.bytes;
        line += kid.newlines;
      }
      if (!next) return line;
      node = next;
    }
    return line + countNewlines(this.#dataOf(node).subarray(0, left));
  }

  isLineStart(offset: number): boolean {
    return offset === 0 || this.#byteAt(offset - 1) === 10;
  }

  /** The bytes of one line with its line end. */
  line(line: number): Buffer {
    return this.slice(this.offsetOfLine(line), this.offsetOfLine(line + 1));
  }

  /**
   * The text after `change`. Every splice must find exactly the bytes it says it replaces; the first that does not is
   * thrown as a `SpliceMismatch`, so a wrong change can never become a version.
   */
  apply(change: Change): TextTree {
    let root: Inner = this.#root;
    // From the back, so earlier offsets stay true.
    for (let i = change.length - 1; i >= 0; i--) {
      const s = change[i]!;
      const end = s.at + s.del.length;
      if (s.at < 0 || end > this.bytes || !sameBytes(this.slice(s.at, end), s.del)) throw new SpliceMismatch(s.at);
      root = rootOf(this.#replace(root, s.at, end, s.ins));
    }
    return new TextTree(root, this.#load);
  }

  /** All leaves from left to right. */
  *leaves(): Generator<Leaf> {
    const walk = function* (node: Node): Generator<Leaf> {
      if (!isInner(node)) yield node;
      else for (const kid of node.kids) yield* walk(kid);
    };
    yield* walk(this.#root);
  }

  /** Bytes of a leaf of this text. What has to be fetched is not kept: a walk over a long text must not fill memory. */
  peek(leaf: Leaf): Uint8Array {
    return leaf.data ?? this.#load(leaf.id!);
  }

  #dataOf(leaf: Leaf): Uint8Array {
    leaf.data ??= this.#load(leaf.id!);
    return leaf.data;
  }

  #byteAt(offset: number): number {
    return this.slice(offset, offset + 1)[0]!;
  }

  #collect(node: Node, from: number, to: number, parts: Uint8Array[]): void {
    if (from >= to) return;
    if (!isInner(node)) {
      parts.push(this.#dataOf(node).subarray(from, to));
      return;
    }
    let at = 0;
    for (const kid of node.kids) {
      if (at >= to) return;
      if (at + kid.bytes > from) this.#collect(kid, Math.max(0, from - at), Math.min(kid.bytes, to - at), parts);
      at += kid.bytes;
    }
  }

  /** Nodes of the same height as `node` that hold its text with [from, to) replaced; none if nothing is left. */
  #replace(node: Node, from: number, to: number, ins: Uint8Array): Node[] {
    if (!isInner(node)) {
      const data = this.#dataOf(node);
      const merged = Buffer.concat([data.subarray(0, from), ins, data.subarray(to)]);
      if (merged.length <= LEAF_BYTES + LEAF_BYTES / 2) return merged.length > 0 ? [leafOf(merged)] : [];
      return cutLeaves(merged);
    }
    if (node.kids.length === 0) return ins.length > 0 ? group(cutLeaves(ins)) : [];
    const kids: Node[] = [];
    let rest = ins;
    let placed = false;
    let at = 0;
    for (const [i, kid] of node.kids.entries()) {
      const end = at + kid.bytes;
      const last = i === node.kids.length - 1;
      const touches = at < to && end > from;
      // A pure insertion goes to the kid that ends at the offset or holds it; exactly one takes the new bytes.
      const takes = !placed && (touches || (from === to && from >= at && (from < end || last)));
      if (takes || touches) {
        kids.push(...this.#replace(kid, Math.max(0, from - at), Math.min(kid.bytes, Math.max(to - at, 0)), rest));
        placed = true;
        rest = NOTHING;
      } else kids.push(kid);
      at = end;
    }
    return group(this.#mergeSmall(kids));
  }

  #mergeSmall(kids: Node[]): Node[] {
    const out: Node[] = [];
    for (const kid of kids) {
      const before = out.at(-1);
      if (before && isInner(before) && isInner(kid)) {
        const small = Math.min(before.kids.length, kid.kids.length) < SMALL_INNER;
        if (small && before.kids.length + kid.kids.length <= FANOUT) {
          out[out.length - 1] = innerOf([...before.kids, ...kid.kids]);
          continue;
        }
      } else if (before && !isInner(before) && !isInner(kid)) {
        if (Math.min(before.bytes, kid.bytes) < SMALL_LEAF && before.bytes + kid.bytes <= LEAF_BYTES) {
          out[out.length - 1] = leafOf(Buffer.concat([this.#dataOf(before), this.#dataOf(kid)]));
          continue;
        }
      }
      out.push(kid);
    }
    return out;
  }
}

/** A change did not find the bytes it replaces: the caller turns it into a typed error. */
export class SpliceMismatch extends Error {
  readonly at: number;
  constructor(at: number) {
    super(`the text at byte ${at} is not what the change replaces`);
    this.at = at;
  }
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

function rootOf(nodes: Node[]): Inner {
  if (nodes.length === 0) return innerOf([]);
  let level: Node[] = nodes;
  while (level.length > 1 || !isInner(level[0]!)) level = group(level);
  let root = level[0] as Inner;
  while (root.kids.length === 1 && isInner(root.kids[0]!)) root = root.kids[0];
  return root;
}
