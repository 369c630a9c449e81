import { fail } from '../../common/index.ts';
import type { Range } from '../text/map.ts';
import { nearestNames } from './nearest-names.ts';

/** Bytes that can be read in pieces: a `Buffer` wrapped by `sourceOf`, or a text tree that must not become one string. */
export interface Source {
  readonly bytes: number;
  /** Bytes `from` up to `to`, cut at the end; may be a view: read only. */
  slice(from: number, to: number): Buffer;
}

/** What a verb with an address wants. `show` only asks where it is. Plain data: it may cross to a guest. */
export interface Ask {
  /** Number of the verb in its call, for errors. */
  verb: number;
  act: 'show' | 'set' | 'cut' | 'before' | 'after';
  address: string;
  /** New lines, without line ends; for `set`, `before` and `after`. */
  text?: readonly string[];
}

/** `del` bytes at byte `at` give way to `ins`. */
export interface Patch {
  at: number;
  del: number;
  ins: string;
}

/** Where an address lies, and what the ask means there. Patches are sorted, do not overlap and touch nothing else. */
export interface Landing {
  /** The address as this format writes it. */
  address: string;
  /** The bytes of what is addressed. For a `cut` all that goes. */
  region: Range;
  patches: Patch[];
}

/** A text as an error names it. */
export interface Doc {
  path: string;
  version: number;
  source: Source;
}

/** A line of an outline. */
export interface OutlineEntry {
  line: number;
  level: number;
  title: string;
  /** Last line of what the entry heads. */
  to?: number;
  /** What a verb may say instead of the lines. */
  address?: string;
}

export interface SyntaxFault {
  line: number;
  reason: string;
}

export function sourceOf(bytes: Uint8Array): Source {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return { bytes: buffer.length, slice: (from, to) => buffer.subarray(from, to) };
}

/** What text says that was read with one character a byte. */
export function utf8(latin1: string): string {
  return /[\u0080-\u00ff]/.test(latin1) ? Buffer.from(latin1, 'latin1').toString('utf8') : latin1;
}

/** The whole text, for formats that cannot be read in pieces. Throws DOC_PARSE_REFUSED above `limit` bytes. */
export function wholeOf(doc: Doc, limit: number): Buffer {
  const { bytes } = doc.source;
  if (bytes > limit) {
    const reason = `it has ${bytes} bytes, and addresses in this format work up to ${limit}`;
    throw fail('DOC_PARSE_REFUSED', { path: doc.path, reason, limit });
  }
  return doc.source.slice(0, doc.source.bytes);
}

export function unknownAddress(doc: Doc, ask: Ask, known: readonly string[], reason = 'nothing is there'): Error {
  const near = nearestNames(known, ask.address);
  const { path, version } = doc;
  const said = near.length > 0 ? `${reason}; near it: ${near.join(', ').slice(0, 400)}` : reason;
  return fail('DOC_ADDRESS_UNKNOWN', { address: ask.address, verb: ask.verb, reason: said, near, path, version });
}

/**
 * Several things have the same address. They are no candidates of lines: `places` says where they are and, where there
 * is one, what tells them apart.
 */
export function sharedAddress(doc: Doc, ask: Ask, places: readonly { line: number; address?: string }[]): Error {
  const { path, version } = doc;
  const shown = places
    .slice(0, 5)
    .map(({ line, address }) => ({ line, ...(address === undefined ? {} : { address }) }));
  return fail('DOC_AMBIGUOUS', {
    count: places.length,
    verb: ask.verb,
    address: ask.address,
    path,
    version,
    places: shown,
  });
}

export function invalid(ask: Ask, reason: string): Error {
  return fail('DOC_VERB_INVALID', { verb: ask.verb, reason });
}

/** The text does not hold together as what its name says. */
export function unparsed(doc: Doc, reason: string, line: number): Error {
  return fail('DOC_SYNTAX', { path: doc.path, version: doc.version, reason, line });
}

export function lineOf(bytes: Uint8Array, at: number): number {
  let line = 1;
  for (let i = bytes.indexOf(10); i >= 0 && i < at; i = bytes.indexOf(10, i + 1)) line++;
  return line;
}

/** The first byte of the line that holds the byte at `at`. */
export function lineStart(bytes: Buffer, at: number): number {
  return at === 0 ? 0 : bytes.lastIndexOf(10, at - 1) + 1;
}

/** The line end in use around a place: that of the line itself, else the first of the text. */
export function eolAt(bytes: Uint8Array, at: number): string {
  let newline = bytes.indexOf(10, at);
  if (newline < 0) newline = bytes.indexOf(10);
  return newline > 0 && bytes[newline - 1] === 13 ? '\r\n' : '\n';
}

/** The new text of an ask. Throws DOC_VERB_INVALID when there is none or a line holds a line break. */
export function textOf(ask: Ask): readonly string[] {
  if (!ask.text) throw invalid(ask, 'there is no text');
  for (const line of ask.text) {
    if (/[\r\n]/.test(line)) throw invalid(ask, 'each text is one line without line breaks; give several texts');
    if (!line.isWellFormed()) throw invalid(ask, 'a text holds half a character');
  }
  return ask.text;
}

/** Lines of offsets, asked for mostly in rising order. */
export class LineCounter {
  readonly #bytes: Uint8Array;
  #at = 0;
  #line = 1;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  at(offset: number): number {
    if (offset < this.#at) {
      // A little way back: count the line ends in between off again.
      for (let i = this.#bytes.lastIndexOf(10, this.#at - 1); i >= offset && i >= 0; ) {
        this.#line--;
        i = i === 0 ? -1 : this.#bytes.lastIndexOf(10, i - 1);
      }
    } else {
      for (let i = this.#bytes.indexOf(10, this.#at); i >= 0 && i < offset; i = this.#bytes.indexOf(10, i + 1))
        this.#line++;
    }
    this.#at = offset;
    return this.#line;
  }
}
