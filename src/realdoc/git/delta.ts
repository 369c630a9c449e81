import type { Change } from '../text/splice.ts';

/** Longest run one copy may name: three bytes of size (gitformat-pack(5), "deltified representation"). */
const MAX_COPY = 0xffffff;
const MAX_LITERAL = 0x7f;

/** Little-endian groups of seven bits, the low ones first. */
export function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    out.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  out.push(rest);
  return Buffer.from(out);
}

/**
 * A change as git's delta: what stays is copied from the base, what is new stands in the delta. Our splices are just
 * that, so no text has to be searched for what it has in common with another.
 */
export function deltaOf(change: Change, baseBytes: number, bytes: number): Buffer {
  const out: Uint8Array[] = [varint(baseBytes), varint(bytes)];
  let done = 0;
  for (const splice of change) {
    copy(out, done, splice.at - done);
    for (let at = 0; at < splice.ins.length; at += MAX_LITERAL) {
      const literal = splice.ins.subarray(at, at + MAX_LITERAL);
      out.push(Buffer.of(literal.length), literal);
    }
    done = splice.at + splice.del.length;
  }
  copy(out, done, baseBytes - done);
  return Buffer.concat(out);
}

function copy(out: Uint8Array[], from: number, length: number): void {
  for (let at = from, left = length; left > 0; ) {
    const size = Math.min(left, MAX_COPY);
    const command = [0x80];
    for (let i = 0; i < 4; i++) {
      const byte = Math.floor(at / 2 ** (8 * i)) % 256;
      if (byte === 0) continue;
      command[0]! |= 1 << i;
      command.push(byte);
    }
    for (let i = 0; i < 3; i++) {
      const byte = (size >> (8 * i)) & 0xff;
      if (byte === 0) continue;
      command[0]! |= 0x10 << i;
      command.push(byte);
    }
    out.push(Buffer.from(command));
    at += size;
    left -= size;
  }
}

/** Why a delta from outside is refused. */
export class BadDelta extends Error {}

/** Applies a delta from outside: every length and offset is checked against what is there. Throws BadDelta. */
export function applyDelta(base: Uint8Array, delta: Uint8Array, maxBytes: number): Buffer {
  let at = 0;
  const next = (): number => {
    if (at >= delta.length) throw new BadDelta('it ends too early');
    return delta[at++]!;
  };
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      if (shift > 42) throw new BadDelta('a length is too long');
      const byte = next();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  if (number() !== base.length) throw new BadDelta('it is for another base');
  const length = number();
  if (length > maxBytes) throw new BadDelta('the result is too large');
  const out = Buffer.allocUnsafe(length);
  let done = 0;
  while (at < delta.length) {
    const command = next();
    if (command === 0) throw new BadDelta('a reserved command');
    let size = command;
    let source: Uint8Array = delta;
    let from = at;
    if (command & 0x80) {
      from = 0;
      size = 0;
      for (let i = 0; i < 4; i++) if (command & (1 << i)) from += next() * 2 ** (8 * i);
      for (let i = 0; i < 3; i++) if (command & (0x10 << i)) size += next() << (8 * i);
      if (size === 0) size = 0x10000;
      source = base;
    } else at += size;
    if (from + size > source.length || done + size > length) throw new BadDelta('it reaches over an end');
    out.set(source.subarray(from, from + size), done);
    done += size;
  }
  if (done !== length) throw new BadDelta('the result is too short');
  return out;
}
