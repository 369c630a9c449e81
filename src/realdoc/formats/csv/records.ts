import type { Source } from '../ask.ts';
import { Bytes } from './bytes.ts';

const QUOTE = 34;
const NEWLINE = 10;
const STRIDE = 1024;
const SNIFFED = 64 * 1024;
const DELIMITERS = [44, 59, 9, 124];

export interface Record {
  /** Counted from 1; the header is 1. */
  row: number;
  from: number;
  /** End without the line end. */
  to: number;
  /** Beginning of the next record. */
  next: number;
}

export interface Field {
  from: number;
  to: number;
  /** In quotes, all of it. */
  isQuoted: boolean;
}

/**
 * The records of a CSV text (RFC 4180 with the liberties people take): any of `, ; tab |`, a BOM, line breaks inside
 * quotes, and quotes where none should be, which are content. A quote that never closes opens nothing. Offsets of every
 * 1024th record are kept, so that a second question does not begin anew.
 */
export class CsvText {
  readonly delimiter: number;
  /** Where the first record begins: after a BOM and a `sep=` line. */
  readonly start: number;
  readonly bytes: Bytes;
  readonly #marks: number[];
  #known = 0;
  #scannedTo: number;
  #openQuote = -1;
  /** Rows are mostly asked for one after the other. */
  #last: Record | undefined;

  constructor(source: Source, delimiter?: number) {
    this.bytes = new Bytes(source);
    const head = source.slice(0, SNIFFED);
    let start = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
    const sep = /^sep=([,;|\t])\r?\n/i.exec(head.toString('latin1', start, start + 16));
    if (sep) start += sep[0].length;
    this.delimiter = sep ? sep[1]!.charCodeAt(0) : (delimiter ?? sniff(head.subarray(start)));
    this.start = start;
    this.#marks = [start];
    this.#scannedTo = start;
  }

  /** Record `row`, or nothing if there are fewer. */
  record(row: number): Record | undefined {
    if (row < 1) return undefined;
    const mark = Math.min(Math.floor((row - 1) / STRIDE), this.#marks.length - 1);
    let n = mark * STRIDE + 1;
    let from = this.#marks[mark]!;
    if (this.#last && this.#last.row >= n && this.#last.row <= row) {
      n = this.#last.row;
      from = this.#last.from;
    }
    for (; from < this.bytes.length; n++) {
      const record = this.#end(n, from);
      from = record.next;
      if (n % STRIDE === 0 && n / STRIDE === this.#marks.length) this.#marks.push(from);
      if (n > this.#known) {
        this.#known = n;
        this.#scannedTo = from;
      }
      if (n === row) {
        this.#last = record;
        return record;
      }
    }
    return undefined;
  }

  /** Records in the text. Reads all of it once. */
  count(): number {
    while (this.#scannedTo < this.bytes.length) if (!this.record(this.#known + 1 + STRIDE)) break;
    return this.#known;
  }

  /** The record that holds the byte at `offset`, going on from `after` if given. */
  recordAround(offset: number): Record | undefined {
    let low = 0;
    let high = this.#marks.length;
    while (low + 1 < high) {
      const middle = (low + high) >> 1;
      if (this.#marks[middle]! <= offset) low = middle;
      else high = middle;
    }
    for (let row = low * STRIDE + 1, at = this.#marks[low]!; at < this.bytes.length; row++) {
      const record = this.#end(row, at);
      if (offset < record.next) return record;
      at = record.next;
    }
    return undefined;
  }

  fields(record: Record): Field[] {
    const b = this.bytes.slice(record.from, record.to);
    const fields: Field[] = [];
    let from = 0;
    while (true) {
      const { to, isQuoted } = this.#field(b, from, record.from);
      fields.push({ from: record.from + from, to: record.from + to, isQuoted });
      if (to >= b.length) return fields;
      from = to + 1;
    }
  }

  /** What a field says. */
  value(field: Field): string {
    const raw = this.bytes.slice(field.from, field.to).toString('utf8');
    return field.isQuoted ? raw.slice(1, -1).replaceAll('""', '"') : raw;
  }

  /** Where a quote opens that never closes; -1 if there is none in what was read so far. */
  get openQuote(): number {
    return this.#openQuote;
  }

  #field(b: Buffer, from: number, base: number): { to: number; isQuoted: boolean } {
    let at = from;
    let closed = -1;
    if (b[at] === QUOTE && base + at !== this.#openQuote) {
      closed = from + 1;
      while (closed < b.length && !(b[closed] === QUOTE && b[closed + 1] !== QUOTE))
        closed += b[closed] === QUOTE ? 2 : 1;
      at = closed + 1;
    }
    const to = b.indexOf(this.delimiter, at);
    const end = to < 0 ? b.length : to;
    return { to: end, isQuoted: closed >= 0 && closed + 1 === end };
  }

  #end(row: number, from: number): Record {
    const { bytes } = this;
    const { length } = bytes;
    let at = from;
    while (true) {
      const newline = bytes.indexOf(NEWLINE, at);
      const stop = newline < 0 ? length : newline;
      const quote = this.#opensAt(from, at, stop);
      if (quote < 0) {
        const to = newline > from && bytes.at(newline - 1) === 13 ? newline - 1 : stop;
        return { row, from, to, next: newline < 0 ? length : newline + 1 };
      }
      const close = this.#closeOf(quote);
      if (close < 0) this.#openQuote = quote;
      at = close < 0 ? quote + 1 : close + 1;
    }
  }

  /** The next quote in [at, stop) that opens a field: at its beginning, or right behind a delimiter. */
  #opensAt(from: number, at: number, stop: number): number {
    for (let q = this.bytes.indexOf(QUOTE, at, stop); q >= 0; q = this.bytes.indexOf(QUOTE, q + 1, stop)) {
      if (q !== this.#openQuote && (q === from || this.bytes.at(q - 1) === this.delimiter)) return q;
    }
    return -1;
  }

  #closeOf(open: number): number {
    for (let at = this.bytes.indexOf(QUOTE, open + 1); at >= 0; at = this.bytes.indexOf(QUOTE, at + 2)) {
      if (this.bytes.at(at + 1) !== QUOTE) return at;
    }
    return -1;
  }
}

/** The delimiter that parts the first records most evenly; a comma if none does. */
function sniff(head: Buffer): number {
  let best = DELIMITERS[0]!;
  let bestScore = 0;
  for (const delimiter of DELIMITERS) {
    const counts = fieldCounts(head, delimiter);
    const tally = new Map<number, number>();
    for (const count of counts) tally.set(count, (tally.get(count) ?? 0) + 1);
    let score = 0;
    for (const [count, times] of tally) if (count > 1) score = Math.max(score, times / counts.length + count / 10_000);
    if (score > bestScore) {
      best = delimiter;
      bestScore = score;
    }
  }
  return best;
}

function fieldCounts(head: Buffer, delimiter: number): number[] {
  const counts: number[] = [];
  let fields = 1;
  let quoted = false;
  for (let at = 0; at < head.length && counts.length < 50; at++) {
    const c = head[at];
    if (c === QUOTE) quoted = !quoted;
    else if (quoted) continue;
    else if (c === delimiter) fields++;
    else if (c === NEWLINE) {
      counts.push(fields);
      fields = 1;
    }
  }
  if (counts.length === 0) counts.push(fields);
  return counts;
}
