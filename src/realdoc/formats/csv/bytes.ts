import type { Source } from '../ask.ts';

const WINDOW = 1024 * 1024;

/** Looks into a source a window at a time, mostly forwards, so that a long text is never in memory as a whole. */
export class Bytes {
  readonly #source: Source;
  #from = 0;
  #window: Buffer = Buffer.alloc(0);

  constructor(source: Source) {
    this.#source = source;
  }

  get length(): number {
    return this.#source.bytes;
  }

  /** -1 behind the end. */
  at(offset: number): number {
    if (offset < this.#from || offset >= this.#from + this.#window.length) this.#load(offset);
    return this.#window[offset - this.#from] ?? -1;
  }

  /** Offset of `byte` in [from, to), or -1. */
  indexOf(byte: number, from: number, to = this.length): number {
    for (let at = from; at < to; ) {
      if (at < this.#from || at >= this.#from + this.#window.length) this.#load(at);
      const end = Math.min(to, this.#from + this.#window.length);
      // No further than asked: a table without quotes is asked for one in each of its rows.
      const found = this.#window.subarray(at - this.#from, end - this.#from).indexOf(byte);
      if (found >= 0) return at + found;
      at = end;
    }
    return -1;
  }

  slice(from: number, to: number): Buffer {
    return this.#source.slice(from, Math.min(to, this.length));
  }

  #load(offset: number): void {
    this.#from = offset;
    this.#window = this.#source.slice(offset, Math.min(this.length, offset + WINDOW));
  }
}
