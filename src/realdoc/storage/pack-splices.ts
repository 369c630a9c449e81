import { zstdDecompressSync } from 'node:zlib';
import { plainChange, VarintReader } from '../text/codec.ts';
import type { Change, Splice } from '../text/splice.ts';

/** The splices of a pack; a change is made of them when it is asked for, since mostly it is one of two thousand. */
export class PackedSplices {
  readonly plain: Buffer;
  readonly count: number;
  /** Number of the first splice of each entry; -1 of one that is a text. */
  readonly #first: Int32Array;
  readonly #counts: number[];
  readonly #ats: Float64Array;
  readonly #dels: number[];
  readonly #adds: number[];
  /** Where the bytes of each splice begin in `plain`. */
  readonly #bytes: Int32Array;
  readonly #texts = new Map<number, Uint8Array>();

  constructor(z: Uint8Array) {
    this.plain = zstdDecompressSync(z);
    const reader = new VarintReader(this.plain);
    this.#counts = reader.many(reader.next());
    this.count = this.#counts.length;
    const total = this.#counts.reduce((sum, count) => sum + Math.max(0, count - 1), 0);
    const ats = reader.many(total);
    this.#dels = reader.many(total);
    this.#adds = reader.many(total);
    for (const [i, count] of this.#counts.entries()) if (count === 0) this.#texts.set(i, reader.bytes(32));
    this.#first = new Int32Array(this.count);
    this.#ats = new Float64Array(total);
    this.#bytes = new Int32Array(total);
    let [cursor, next, at] = [0, 0, reader.at];
    for (const [i, count] of this.#counts.entries()) {
      this.#first[i] = count === 0 ? -1 : next;
      for (let k = 1, shift = 0; k < count; k++, next++) {
        const [del, add] = [this.#dels[next]!, this.#adds[next]!];
        this.#ats[next] = cursor + unsigned(ats[next]!) - shift;
        this.#bytes[next] = at;
        at += del + add;
        shift += add - del;
        cursor = this.#ats[next]! + shift + del;
      }
    }
    if (at !== this.plain.length) throw new RangeError('the bytes of a pack do not end with its last splice');
  }

  /** `undefined` for an entry that is a text. */
  change(entry: number): Change | undefined {
    const first = this.#first[entry]!;
    if (first < 0) return undefined;
    return Array.from({ length: this.#counts[entry]! - 1 }, (_, k): Splice => {
      const i = first + k;
      const from = this.#bytes[i]!;
      const middle = from + this.#dels[i]!;
      return {
        at: this.#ats[i]!,
        del: this.plain.subarray(from, middle),
        ins: this.plain.subarray(middle, middle + this.#adds[i]!),
      };
    });
  }

  /** The same in the form of a row. */
  row(entry: number): Uint8Array {
    const change = this.change(entry);
    if (change) return Buffer.concat([Buffer.of(0), plainChange(change)]);
    return Buffer.concat([Buffer.of(2), this.#texts.get(entry)!]);
  }
}

/** Small numbers of either sign as small numbers without one: 0, -1, 1, -2, ... */
export const unsigned = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);
