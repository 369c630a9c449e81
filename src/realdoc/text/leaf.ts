import { type Change, countNewlines } from './splice.ts';

/** Leaves end at a newline and hold about this many bytes; a longer line is cut only at `FORCED_CUT`. */
export const LEAF_BYTES = 16 * 1024;
export const FORCED_CUT = 64 * 1024;

/**
 * A run of the text. Never changed after birth, except that one which was stored learns its id and may forget its bytes,
 * and that one which is only described is made when somebody asks for its bytes.
 */
export interface Leaf {
  readonly bytes: number;
  readonly newlines: number;
  /** Of a leaf that lies in the database the store keeps the bytes, as long as there is room. */
  data: Uint8Array | undefined;
  /** Row of the stored leaf with exactly these bytes. */
  id: number | undefined;
  recipe?: Recipe | undefined;
  /** The bytes in pieces, as edits left them: they become `data` when somebody asks, or when there are many. */
  pieces?: readonly Uint8Array[] | undefined;
}

/** How the bytes of a leaf come from those of another, whose first byte is byte `at` of the changed text. */
export interface Recipe {
  readonly from: Leaf;
  readonly at: number;
  /** The splices that reach into the leaf; they may reach beyond it. */
  readonly change: Change;
  /** True if the leaf ends the text, so that what is added at the very end belongs to it. */
  readonly isLast: boolean;
  /** Recipes that must be followed one after the other. */
  readonly depth: number;
}

export interface Inner {
  readonly kids: readonly Node[];
  readonly bytes: number;
  readonly newlines: number;
  /** 1 when the kids are leaves. */
  readonly height: number;
}

export type Node = Leaf | Inner;

/** Gives the bytes of a stored leaf. Synchronous: SQLite is. */
export type LeafLoader = (id: number) => Uint8Array;

export function isInner(node: Node): node is Inner {
  return 'kids' in node;
}

export function leafOf(data: Uint8Array): Leaf {
  return { bytes: data.length, newlines: countNewlines(data), data, id: undefined };
}

export function innerOf(kids: readonly Node[]): Inner {
  let bytes = 0;
  let newlines = 0;
  for (const kid of kids) {
    bytes += kid.bytes;
    newlines += kid.newlines;
  }
  const first = kids[0];
  return { kids, bytes, newlines, height: first && isInner(first) ? first.height + 1 : 1 };
}

/** Cuts bytes into leaves at line ends. Views share memory with `data`, which must not change afterwards. */
export function cutLeaves(data: Uint8Array): Leaf[] {
  const leaves: Leaf[] = [];
  let at = 0;
  while (at < data.length) {
    const end = leafEnd(data, at);
    leaves.push(leafOf(data.subarray(at, end)));
    at = end;
  }
  return leaves;
}

function leafEnd(data: Uint8Array, at: number): number {
  if (data.length - at <= LEAF_BYTES) return data.length;
  const last = data.lastIndexOf(10, at + LEAF_BYTES - 1);
  if (last >= at) return last + 1;
  const limit = Math.min(data.length, at + FORCED_CUT);
  const next = data.indexOf(10, at + LEAF_BYTES);
  return next >= 0 && next < limit ? next + 1 : limit;
}
