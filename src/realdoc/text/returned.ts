import type { Splice } from './splice.ts';

/** Above this a run of lines is not looked into: it changed, that is enough. */
const LOOK_INTO = 256 * 1024;

interface Line {
  text: string;
  from: number;
  to: number;
}

/**
 * Splits what was taken out and put in at one place so that lines which went and came back count as untouched. Only
 * lines that are there once on either side, in the same order: of several equal ones nobody can say which came back,
 * and an edit that named the one must never land on the other.
 */
export function keepReturned(s: Splice, limit = LOOK_INTO): Splice[] {
  if (s.del.length === 0 || s.ins.length === 0 || s.del.length + s.ins.length > limit) return [s];
  if (isOneLine(s.del) && isOneLine(s.ins)) return [s];
  const before = linesOf(s.del);
  const after = linesOf(s.ins);
  const out: Splice[] = [];
  let done = { del: 0, ins: 0 };
  const cut = (del: number, ins: number): void => {
    if (del > done.del || ins > done.ins) {
      out.push({ at: s.at + done.del, del: s.del.subarray(done.del, del), ins: s.ins.subarray(done.ins, ins) });
    }
  };
  for (const [i, j] of commonOnes(before, after)) {
    cut(before[i]!.from, after[j]!.from);
    done = { del: before[i]!.to, ins: after[j]!.to };
  }
  cut(s.del.length, s.ins.length);
  return out;
}

function isOneLine(bytes: Uint8Array): boolean {
  const newline = bytes.indexOf(10);
  return newline < 0 || newline === bytes.length - 1;
}

function linesOf(bytes: Uint8Array): Line[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const out: Line[] = [];
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf('\n', from);
    const to = newline < 0 ? text.length : newline + 1;
    out.push({ text: text.slice(from, to), from, to });
    from = to;
  }
  return out;
}

/** Pairs of lines that occur once on both sides: the longest run of them that is in the same order. */
function commonOnes(before: readonly Line[], after: readonly Line[]): [number, number][] {
  const there = placesOfOnes(after);
  const pairs = [...placesOfOnes(before)].flatMap(([text, i]): [number, number][] => {
    const j = there.get(text);
    return j === undefined ? [] : [[i, j]];
  });
  return longestRising(pairs);
}

/** In the order of the text. */
function placesOfOnes(lines: readonly Line[]): Map<string, number> {
  const places = new Map<string, number>();
  const often = new Set<string>();
  for (const [i, { text }] of lines.entries()) {
    if (places.has(text)) often.add(text);
    else places.set(text, i);
  }
  for (const text of often) places.delete(text);
  return places;
}

/** Longest increasing subsequence by the second number (patience sorting). */
function longestRising(pairs: readonly [number, number][]): [number, number][] {
  const piles: number[] = [];
  const below = new Map<number, number | undefined>();
  for (const [n, [, j]] of pairs.entries()) {
    let low = 0;
    let high = piles.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pairs[piles[middle]!]![1] < j) low = middle + 1;
      else high = middle;
    }
    below.set(n, piles[low - 1]);
    piles[low] = n;
  }
  const out: [number, number][] = [];
  for (let n = piles.at(-1); n !== undefined; n = below.get(n)) out.push(pairs[n]!);
  return out.reverse();
}
