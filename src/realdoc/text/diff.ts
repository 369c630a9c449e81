import { indexLines, type LineIndex, numberLines } from './line-index.ts';
import { type Hunk, myers } from './myers.ts';
import type { Change, Splice } from './splice.ts';
import { tighten } from './tighten.ts';

export type { Hunk } from './myers.ts';

/** Edit steps Myers may spend in one gap; past it the gap is one hunk. */
const MAX_COST = 600;

/**
 * Differences of two sequences of numbered lines: trim both ends, pin down the lines that are unique on both sides
 * (patience), go on in the gaps, Myers with a cost cap where nothing is unique. Hunks come in order and do not touch.
 */
export function diffNumbers(a: Int32Array, b: Int32Array, distinct: number): Hunk[] {
  const hunks: Hunk[] = [];
  const seenA = new Int32Array(distinct);
  const seenB = new Int32Array(distinct);
  const whereB = new Int32Array(distinct);
  // An explicit stack: a recursion per anchor would overflow on long texts. Gaps are pushed from the back.
  const stack: [number, number, number, number][] = [[0, a.length, 0, b.length]];
  for (let gap = stack.pop(); gap; gap = stack.pop()) {
    let [aFrom, aTo, bFrom, bTo] = gap;
    while (aFrom < aTo && bFrom < bTo && a[aFrom] === b[bFrom]) {
      aFrom++;
      bFrom++;
    }
    while (aFrom < aTo && bFrom < bTo && a[aTo - 1] === b[bTo - 1]) {
      aTo--;
      bTo--;
    }
    if (aFrom === aTo || bFrom === bTo) {
      if (aFrom < aTo || bFrom < bTo) pushHunk(hunks, { aFrom, aTo, bFrom, bTo });
      continue;
    }
    for (let i = aFrom; i < aTo; i++) seenA[a[i]!]!++;
    for (let j = bFrom; j < bTo; j++) {
      seenB[b[j]!]!++;
      whereB[b[j]!] = j;
    }
    const pairs: [number, number][] = [];
    for (let i = aFrom; i < aTo; i++) if (seenA[a[i]!] === 1 && seenB[a[i]!] === 1) pairs.push([i, whereB[a[i]!]!]);
    for (let i = aFrom; i < aTo; i++) seenA[a[i]!] = 0;
    for (let j = bFrom; j < bTo; j++) seenB[b[j]!] = 0;
    const anchors = longestRise(pairs);
    if (anchors.length === 0) {
      const found = myers(a, aFrom, aTo, b, bFrom, bTo, MAX_COST) ?? [{ aFrom, aTo, bFrom, bTo }];
      for (const hunk of found) pushHunk(hunks, hunk);
      continue;
    }
    let [aEnd, bEnd] = [aTo, bTo];
    for (let i = anchors.length - 1; i >= 0; i--) {
      const [x, y] = anchors[i]!;
      stack.push([x + 1, aEnd, y + 1, bEnd]);
      [aEnd, bEnd] = [x, y];
    }
    stack.push([aFrom, aEnd, bFrom, bEnd]);
  }
  return hunks;
}

function pushHunk(hunks: Hunk[], hunk: Hunk): void {
  const before = hunks.at(-1);
  if (before && before.aTo === hunk.aFrom && before.bTo === hunk.bFrom) {
    before.aTo = hunk.aTo;
    before.bTo = hunk.bTo;
  } else hunks.push({ ...hunk });
}

/** Longest run of pairs that rises on both sides (patience sorting with back pointers); pairs come sorted by the first. */
function longestRise(pairs: [number, number][]): [number, number][] {
  const tops: number[] = [];
  const before = new Int32Array(pairs.length);
  for (let i = 0; i < pairs.length; i++) {
    const y = pairs[i]![1];
    let low = 0;
    let high = tops.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pairs[tops[middle]!]![1] < y) low = middle + 1;
      else high = middle;
    }
    before[i] = low > 0 ? tops[low - 1]! : -1;
    tops[low] = i;
  }
  const out: [number, number][] = [];
  for (let i = tops.at(-1) ?? -1; i >= 0; i = before[i]!) out.push(pairs[i]!);
  return out.reverse();
}

export interface LineDiff {
  a: LineIndex;
  b: LineIndex;
  hunks: Hunk[];
}

export function diffLines(a: Uint8Array, b: Uint8Array): LineDiff {
  const left = indexLines(a);
  const right = indexLines(b);
  const numbers = numberLines(left, right);
  return { a: left, b: right, hunks: diffNumbers(numbers.a, numbers.b, numbers.distinct) };
}

/** The change that leads from one text to the other, found line by line. Common ends are skipped before lines are cut. */
export function diffBytes(a: Uint8Array, b: Uint8Array): Change {
  const head = commonLineHead(a, b);
  const tail = commonLineTail(a.subarray(head), b.subarray(head));
  const { a: left, b: right, hunks } = diffLines(a.subarray(head, a.length - tail), b.subarray(head, b.length - tail));
  const out: Splice[] = hunks.map((h) => ({
    at: head + left.starts[h.aFrom]!,
    del: left.bytes.subarray(left.starts[h.aFrom]!, left.starts[h.aTo]!),
    ins: right.bytes.subarray(right.starts[h.bFrom]!, right.starts[h.bTo]!),
  }));
  return tighten(out);
}

const CHUNK = 4096;

function commonLineHead(a: Uint8Array, b: Uint8Array): number {
  const limit = Math.min(a.length, b.length);
  let at = 0;
  while (at < limit) {
    const end = Math.min(limit, at + CHUNK);
    if (Buffer.compare(a.subarray(at, end), b.subarray(at, end)) !== 0) break;
    at = end;
  }
  while (at < limit && a[at] === b[at]) at++;
  if (at === 0 || (at === a.length && at === b.length)) return at;
  return a.lastIndexOf(10, at - 1) + 1;
}

function commonLineTail(a: Uint8Array, b: Uint8Array): number {
  const limit = Math.min(a.length, b.length);
  let tail = 0;
  while (tail < limit) {
    const next = Math.min(limit, tail + CHUNK);
    const x = a.subarray(a.length - next, a.length - tail);
    const y = b.subarray(b.length - next, b.length - tail);
    if (Buffer.compare(x, y) !== 0) break;
    tail = next;
  }
  while (tail < limit && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  if (tail === 0) return 0;
  // Only whole lines may be left out, or the lines between would be cut differently on both sides.
  const newline = a.indexOf(10, a.length - tail);
  return newline < 0 ? 0 : a.length - newline - 1;
}
