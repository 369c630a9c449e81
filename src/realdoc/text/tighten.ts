import type { Change, Splice } from './splice.ts';

/**
 * Trims what a splice has in common at both ends, but only at word boundaries. Trimming to the byte would turn
 * "130 -> 230" into "1 -> 2", and taking that back after someone made it "235" would leave a "135" that nobody wrote.
 * Splices that change nothing disappear.
 */
export function tighten(change: Change): Change {
  const out: Splice[] = [];
  for (const s of change) {
    const { del, ins } = s;
    const limit = Math.min(del.length, ins.length);
    let head = 0;
    while (head < limit && del[head] === ins[head]) head++;
    if (head === del.length && head === ins.length) continue;
    head = Math.min(wordStart(del, head), wordStart(ins, head));
    let tail = 0;
    while (tail < limit - head && del[del.length - 1 - tail] === ins[ins.length - 1 - tail]) tail++;
    tail = Math.min(wordEnd(del, tail), wordEnd(ins, tail));
    out.push({
      at: s.at + head,
      del: del.subarray(head, del.length - tail),
      ins: ins.subarray(head, ins.length - tail),
    });
  }
  return out;
}

/** The last boundary at or before `at`. */
function wordStart(bytes: Uint8Array, at: number): number {
  let i = at;
  while (i > 0 && i < bytes.length && isContinuation(bytes[i]!)) i--;
  while (i > 0 && !isBoundary(bytes, i)) i--;
  return i;
}

/** The largest tail not longer than `tail` that begins at a boundary. */
function wordEnd(bytes: Uint8Array, tail: number): number {
  let i = bytes.length - tail;
  while (i < bytes.length && !isBoundary(bytes, i)) i++;
  return bytes.length - i;
}

/** Both ends of the splice count as boundaries: what lies outside is not its business. */
function isBoundary(bytes: Uint8Array, at: number): boolean {
  if (at <= 0 || at >= bytes.length) return true;
  const before = bytes[leadBefore(bytes, at)]!;
  const after = bytes[at]!;
  if (isContinuation(after)) return false;
  if (before === 13 && after === 10) return false;
  if (isWord(before) && isWord(after)) return false;
  // "1,200.50", "12:30" and "2026-11-21" are one word each.
  if (isJoint(after) && isDigit(before) && isDigit(bytes[at + 1] ?? 0)) return false;
  return !(isJoint(before) && isDigit(after) && isDigit(bytes[at - 2] ?? 0));
}

/** Where the character that ends before `at` begins. */
function leadBefore(bytes: Uint8Array, at: number): number {
  let i = at - 1;
  while (i > 0 && isContinuation(bytes[i]!)) i--;
  return i;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

/** ASCII letters, digits, `_`, and the two-byte range of UTF-8 (Latin, Greek, Cyrillic). Han characters stand alone. */
function isWord(byte: number): boolean {
  return isDigit(byte) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte === 95 || isTwoByte(byte);
}

function isTwoByte(byte: number): boolean {
  return byte >= 0xc2 && byte <= 0xdf;
}

function isJoint(byte: number): boolean {
  return byte === 44 || byte === 45 || byte === 46 || byte === 47 || byte === 58;
}
