/** One resolved byte change: at `at`, exactly the bytes `del` give way to `ins`. Offsets count bytes. */
export interface Splice {
  readonly at: number;
  readonly del: Uint8Array;
  readonly ins: Uint8Array;
}

/**
 * The step from one text to the next. Invariant: sorted by `at`, no two splices overlap, all offsets are of the text
 * *before* the change. Since old and new bytes are both held, a change can be taken back without any file.
 */
export type Change = readonly Splice[];

export const NOTHING: Uint8Array = new Uint8Array(0);

/** What takes the change back: a change in the coordinates of the text after it. `invert(invert(c))` equals `c`. */
export function invert(change: Change): Change {
  let shift = 0;
  return change.map((s) => {
    const back = { at: s.at + shift, del: s.ins, ins: s.del };
    shift += s.ins.length - s.del.length;
    return back;
  });
}

/** Bytes the text grows by. */
export function growth(change: Change): number {
  let sum = 0;
  for (const s of change) sum += s.ins.length - s.del.length;
  return sum;
}

/** Newlines the text gains, so line totals follow from the change alone. */
export function newlineGrowth(change: Change): number {
  let sum = 0;
  for (const s of change) sum += countNewlines(s.ins) - countNewlines(s.del);
  return sum;
}

/** Applies to a plain byte string: the simple definition of what a change means, and the model of the tests. */
export function applyChange(text: Uint8Array, change: Change): Uint8Array {
  const parts: Uint8Array[] = [];
  let done = 0;
  for (const s of change) {
    parts.push(text.subarray(done, s.at), s.ins);
    done = s.at + s.del.length;
  }
  parts.push(text.subarray(done));
  return Buffer.concat(parts);
}

export function countNewlines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
  return count;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
