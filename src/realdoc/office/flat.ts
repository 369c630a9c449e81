import { fail } from '../../common/index.ts';
import type { KindName } from './kind.ts';
import type { ZipDirectory } from './zip.ts';

/**
 * The flat form of a package: the bytes that its versions are made of. Per entry, in the order of the file, a line with
 * what is not content, the compressed bytes as they were, and for XML the inflated text. Edits touch the inflated text
 * alone; compressed bytes whose text changed are no longer used, but stay, so that taking the edit back gives the very
 * file. No inflated text holds a NUL, so a NUL ends it.
 */
const HEAD = '\0jingu-flat 1 ';

/** True for the beginning of a flat form; no text and no known file begins so. */
export function isFlat(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, HEAD.length)).toString('latin1') === HEAD;
}
const ENTRY = '\0entry ';
const TEXT = Buffer.from('\0text\n');
const TAIL = '\0tail ';

/** What stands in the line of an entry. Binary members are base64. */
interface EntryLine {
  name: string;
  method: number;
  size: number;
  crc: number;
  /** Bytes of compressed content after the line. */
  raw: number;
  local: string;
  central: string;
  descriptor?: string;
  /** Bytes before the local header that belong to no entry. */
  gap?: string;
  /** Place in the central directory, where that is not in the order of the file. */
  order?: number;
}

interface TailLine {
  gap?: string;
  /** Everything after the central directory. */
  records: string;
}

export interface FlatEntry extends EntryLine {
  rawAt: number;
  /** Inflated text, in bytes of the flat form; absent for what is no XML. */
  text?: { from: number; to: number };
}

export interface FlatIndex {
  kind: KindName;
  entries: FlatEntry[];
  tail: TailLine;
}

/** Where flat bytes come from: a text tree, or a buffer in tests. */
export interface FlatSource {
  readonly bytes: number;
  slice(from: number, to: number): Buffer;
}

/** `texts[i]` is the inflated text of entry i, or `undefined` for what is kept compressed only. */
export function flatten(
  file: Buffer,
  kind: KindName,
  directory: ZipDirectory,
  texts: readonly (Buffer | undefined)[],
): Buffer {
  const { entries } = directory;
  const ordered = entries.map((entry) => entry.central).toSorted((a, b) => a - b);
  const isOrdered = entries.every((entry, i) => entry.central === ordered[i]);
  const pieces: Buffer[] = [Buffer.from(`${HEAD}${kind}\n`)];
  let at = 0;
  for (const [i, entry] of entries.entries()) {
    const line: EntryLine = {
      name: entry.name,
      method: entry.method,
      size: entry.size,
      crc: entry.crc,
      raw: entry.dataEnd - entry.data,
      local: file.toString('base64', entry.local, entry.data),
      central: file.toString('base64', entry.central, entry.centralEnd),
    };
    if (entry.end > entry.dataEnd) line.descriptor = file.toString('base64', entry.dataEnd, entry.end);
    if (entry.local > at) line.gap = file.toString('base64', at, entry.local);
    if (!isOrdered) line.order = ordered.indexOf(entry.central);
    pieces.push(Buffer.from(`${ENTRY}${JSON.stringify(line)}\n`), file.subarray(entry.data, entry.dataEnd));
    const text = texts[i];
    if (text) pieces.push(TEXT, text);
    at = entry.end;
  }
  const tail: TailLine = { records: file.toString('base64', directory.tail) };
  if (directory.central > at) tail.gap = file.toString('base64', at, directory.central);
  pieces.push(Buffer.from(`${TAIL}${JSON.stringify(tail)}\n`));
  return Buffer.concat(pieces);
}

/** Finds the entries again. Throws DOC_CORRUPT: only our own writing is read here, so nothing else can be wrong. */
export function indexFlat(flat: FlatSource): FlatIndex {
  const head = lineAt(flat, 0);
  if (!head.text.startsWith(HEAD)) throw corrupt('no package');
  const kind = head.text.slice(HEAD.length) as KindName;
  const entries: FlatEntry[] = [];
  for (let at = head.end; ; ) {
    const { text, end } = lineAt(flat, at);
    if (text.startsWith(TAIL)) {
      if (end !== flat.bytes) throw corrupt('bytes after the end');
      return { kind, entries, tail: JSON.parse(text.slice(TAIL.length)) };
    }
    if (!text.startsWith(ENTRY)) throw corrupt(`no entry at byte ${at}`);
    const line = JSON.parse(text.slice(ENTRY.length)) as EntryLine;
    const entry: FlatEntry = { ...line, rawAt: end };
    at = end + line.raw;
    if (flat.slice(at, at + TEXT.length).equals(TEXT)) {
      const from = at + TEXT.length;
      at = nextNul(flat, from);
      entry.text = { from, to: at };
    }
    entries.push(entry);
  }
}

/** The inflated parts with the byte of the flat form at which each begins. */
export function partsOf(flat: FlatSource, index: FlatIndex): { name: string; at: number; bytes: Buffer }[] {
  return index.entries.flatMap(({ name, text }) =>
    text ? [{ name, at: text.from, bytes: flat.slice(text.from, text.to) }] : [],
  );
}

const STEP = 64 * 1024;

function lineAt(flat: FlatSource, at: number): { text: string; end: number } {
  for (let size = 1024; ; size *= 4) {
    const piece = flat.slice(at, Math.min(flat.bytes, at + size));
    const newline = piece.indexOf(10);
    if (newline >= 0) return { text: piece.toString('utf8', 0, newline), end: at + newline + 1 };
    if (at + size >= flat.bytes) throw corrupt(`an open line at byte ${at}`);
  }
}

function nextNul(flat: FlatSource, from: number): number {
  for (let at = from; at < flat.bytes; at += STEP) {
    const nul = flat.slice(at, Math.min(flat.bytes, at + STEP)).indexOf(0);
    if (nul >= 0) return at + nul;
  }
  throw corrupt('a text without an end');
}

function corrupt(reason: string): Error {
  return fail('DOC_CORRUPT', { reason: `the package as stored: ${reason}` });
}
