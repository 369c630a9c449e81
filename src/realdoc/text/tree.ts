import { cutLeaves, type Inner, isInner, type Leaf, type LeafLoader, type Node } from './leaf.ts';
import { follow, Rewriter, rootOf, SpliceMismatch } from './rewrite.ts';
import { type Change, countNewlines } from './splice.ts';

export { SpliceMismatch } from './rewrite.ts';

const same = (error: unknown): unknown => error;
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
  readonly #named: (error: unknown) => unknown;

  private constructor(root: Inner, load: LeafLoader, named = same) {
    this.#root = root;
    this.#load = load;
    this.#named = named;
  }

  /** The same text, whose stored bytes are found wrong only when they are read: `named` says then whose text it is. */
  naming(named: (error: unknown) => unknown): TextTree {
    return new TextTree(this.#root, this.#load, named);
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
    return this.#applied(change, false);
  }

  /**
   * The same for a change that is part of the history: what it replaces is checked when somebody reads there, and only
   * what is read is fetched and made. Sizes and line numbers are known at once.
   */
  applyLater(change: Change): TextTree {
    return this.#applied(change, true);
  }

  #applied(change: Change, isLater: boolean): TextTree {
    if (change.length === 0) return this;
    let end = 0;
    for (const s of change) {
      if (s.at < end || s.at + s.del.length > this.bytes) throw this.#named(new SpliceMismatch(s.at));
      end = s.at + s.del.length;
    }
    const rewriter = new Rewriter((leaf) => this.#dataOf(leaf), isLater);
    try {
      return new TextTree(rootOf(rewriter.rewrite(this.#root, change)), this.#load, this.#named);
    } catch (error) {
      throw this.#named(error);
    }
  }

  /** All leaves from left to right. */
  *leaves(): Generator<Leaf> {
    const walk = function* (node: Node): Generator<Leaf> {
      if (!isInner(node)) yield node;
      else for (const kid of node.kids) yield* walk(kid);
    };
    yield* walk(this.#root);
  }

  /** Bytes of a leaf of this text. What has to be made for it is not kept: a walk over a long text must not fill memory. */
  peek(leaf: Leaf): Uint8Array {
    if (leaf.data) return leaf.data;
    if (leaf.pieces) return whole(leaf);
    try {
      return leaf.id === undefined ? follow(leaf.recipe!, (from) => this.peek(from)) : this.#load(leaf.id);
    } catch (error) {
      throw this.#named(error);
    }
  }

  #dataOf(leaf: Leaf): Uint8Array {
    if (leaf.data) return leaf.data;
    if (leaf.pieces) return whole(leaf);
    try {
      if (leaf.id !== undefined) return this.#load(leaf.id);
      leaf.data = follow(leaf.recipe!, (from) => this.#dataOf(from));
    } catch (error) {
      throw this.#named(error);
    }
    leaf.recipe = undefined;
    return leaf.data;
  }

  #byteAt(offset: number): number | undefined {
    if (offset >= this.bytes) return undefined;
    let node: Node = this.#root;
    let left = offset;
    while (isInner(node)) {
      for (const kid of node.kids) {
        if (left < kid.bytes) {
          node = kid;
          break;
        }
        left -= kid.bytes;
      }
    }
    return this.#dataOf(node)[left];
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
}

/** Takes no more memory than the pieces did. */
function whole(leaf: Leaf): Uint8Array {
  const data = Buffer.concat(leaf.pieces!);
  leaf.data = data;
  leaf.pieces = undefined;
  return data;
}
