import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Change, Splice } from './splice.ts';

/**
 * A change as it lies in the op log. One byte says how: 0 plain, 1 zstd. Then for each splice three LEB128 numbers
 * (distance from the end of the last one, bytes taken out, bytes put in) and the bytes themselves.
 */
const PLAIN = 0;
const ZSTD = 1;
/** Shorter ones do not win anything by compression. */
const COMPRESS_ABOVE = 200;

/** The digested form: the same bytes on any box, whatever the zstd version. */
export function plainChange(change: Change): Buffer {
  const parts: Uint8Array[] = [varint(change.length)];
  let end = 0;
  for (const s of change) {
    parts.push(varint(s.at - end), varint(s.del.length), varint(s.ins.length), s.del, s.ins);
    end = s.at + s.del.length;
  }
  return Buffer.concat(parts);
}

export function packChange(plain: Buffer): Buffer {
  if (plain.length > COMPRESS_ABOVE) {
    const squeezed = zstdCompressSync(plain);
    if (squeezed.length < plain.length) return Buffer.concat([Buffer.of(ZSTD), squeezed]);
  }
  return Buffer.concat([Buffer.of(PLAIN), plain]);
}

/** Throws `RangeError` for bytes that are no packed change: rows are read as strictly as anything from outside. */
export function unpackChange(packed: Uint8Array): Change {
  const body = packed.subarray(1);
  return parseChange(packed[0] === ZSTD ? zstdDecompressSync(body) : body);
}

export function parseChange(plain: Uint8Array): Change {
  const reader = new VarintReader(plain);
  const count = reader.next();
  const out: Splice[] = [];
  let end = 0;
  for (let i = 0; i < count; i++) {
    const at = end + reader.next();
    const dropped = reader.next();
    const added = reader.next();
    const del = reader.bytes(dropped);
    out.push({ at, del, ins: reader.bytes(added) });
    end = at + dropped;
  }
  if (!reader.atEnd) throw new RangeError('bytes after the last splice');
  return out;
}

export function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  while (rest >= 128) {
    out.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
  return Buffer.from(out);
}

export class VarintReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  next(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || scale > 2 ** 49) throw new RangeError('a number is cut off');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  }

  bytes(count: number): Uint8Array {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new RangeError('bytes are cut off');
    const out = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return out;
  }
}
