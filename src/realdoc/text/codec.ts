import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Change, Splice } from './splice.ts';

/**
 * A change as it lies in the op log. One byte says how: 0 plain, 1 zstd, 2 a full version (SHA-256 of its text, or the
 * number of an older version that has it). Then for each splice three LEB128 numbers
 * (distance from the end of the last one, bytes taken out, bytes put in) and the bytes themselves.
 */
const PLAIN = 0;
const ZSTD = 1;
const FULL = 2;
/** Shorter ones cost more time than they give back in bytes: their rows are packed together before long. */
const COMPRESS_ABOVE = 2048;

/** The digested form: the same bytes on any box, whatever the zstd version. */
export function plainChange(change: Change): Buffer {
  let bytes = varintBytes(change.length);
  let end = 0;
  for (const { at, del, ins } of change) {
    const numbers = varintBytes(at - end) + varintBytes(del.length) + varintBytes(ins.length);
    bytes += numbers + del.length + ins.length;
    end = at + del.length;
  }
  const out = Buffer.allocUnsafe(bytes);
  let to = putVarint(out, 0, change.length);
  end = 0;
  for (const { at, del, ins } of change) {
    to = putVarint(out, to, at - end);
    to = putVarint(out, to, del.length);
    to = putVarint(out, to, ins.length);
    out.set(del, to);
    out.set(ins, to + del.length);
    to += del.length + ins.length;
    end = at + del.length;
  }
  return out;
}

export function packChange(plain: Uint8Array): Buffer {
  if (plain.length > COMPRESS_ABOVE) {
    const squeezed = zstdCompressSync(plain);
    if (squeezed.length < plain.length) return after(ZSTD, squeezed);
  }
  return after(PLAIN, plain);
}

function after(how: number, bytes: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(bytes.length + 1);
  out[0] = how;
  out.set(bytes, 1);
  return out;
}

/**
 * Throws `RangeError` for bytes that are no packed change: rows are read as strictly as anything from outside. A full
 * version has none either; see `Documents.netChange`.
 */
export function unpackChange(packed: Uint8Array): Change {
  return parseChange(plainOf(packed));
}

/** The digested form of a packed change. */
export function plainOf(packed: Uint8Array): Uint8Array {
  const body = packed.subarray(1);
  if (packed[0] === ZSTD) return zstdDecompressSync(body);
  if (packed[0] !== PLAIN) throw new RangeError('not a packed change');
  return body;
}

/** Stands in the place of a change for a version that is a stored text. */
export function packFull(sha256: string): Buffer {
  return after(FULL, Buffer.from(sha256, 'hex'));
}

/** No digest begins with so many zero bytes: what follows them is the number of a version. */
const NO_DIGEST = Buffer.alloc(24);

/** Stands in the place of a change for a version that has the text of an older one. */
export function packSame(version: number): Buffer {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(version));
  return Buffer.concat([Buffer.of(FULL), NO_DIGEST, number]);
}

/** The version whose text it is, of a version that has the text of an older one. */
export function sameAs(packed: Uint8Array): number | undefined {
  if (packed[0] !== FULL || NO_DIGEST.compare(packed, 1, 25) !== 0) return undefined;
  return Number(Buffer.from(packed.buffer, packed.byteOffset, packed.length).readBigUInt64BE(25));
}

/** True for a version that is a text and no change, stored or of an older version. */
export function isFullSplices(packed: Uint8Array): boolean {
  return packed[0] === FULL;
}

/** Longer arguments are compressed, with the change as the dictionary: mostly they hold the same words. */
const ARGS_IN_FULL = 512;

export function packArgs(args: string, splices: Uint8Array): string | Buffer {
  if (args.length <= ARGS_IN_FULL) return args;
  return zstdCompressSync(args, withDictionary(isFullSplices(splices) ? splices : plainOf(splices)));
}

export function unpackArgs(args: string | Uint8Array, splices: Uint8Array): string {
  if (typeof args === 'string') return args;
  const options = withDictionary(isFullSplices(splices) ? splices : plainOf(splices));
  return zstdDecompressSync(args, options).toString('utf8');
}

/** A zero byte first, so that no content is ever taken for a trained dictionary. */
export function withDictionary(content: Uint8Array): { dictionary: Buffer } {
  return { dictionary: Buffer.concat([Buffer.of(0), content]) };
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
  const out = Buffer.allocUnsafe(varintBytes(value));
  putVarint(out, 0, value);
  return out;
}

export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest /= 128) bytes++;
  return bytes;
}

/** Writes a number and says where the next one goes. */
export function putVarint(out: Uint8Array, at: number, value: number): number {
  let rest = value;
  let to = at;
  while (rest >= 128) {
    out[to++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  out[to++] = rest;
  return to;
}

export class VarintReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** How many bytes were read. */
  get at(): number {
    return this.#at;
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

  /** So many numbers one after the other. Nearly all are of one byte, which costs no call. */
  many(count: number): number[] {
    const out = new Array<number>(count);
    for (let i = 0; i < count; i++) {
      const byte = this.#bytes[this.#at];
      if (byte !== undefined && byte < 128) {
        out[i] = byte;
        this.#at++;
      } else out[i] = this.next();
    }
    return out;
  }

  bytes(count: number): Uint8Array {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new RangeError('bytes are cut off');
    const out = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return out;
  }
}
