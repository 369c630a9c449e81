import { isUtf8 } from 'node:buffer';
import { type TextFormat, textFormatOf } from '../formats/format-of.ts';
import type { Eol, Kind } from '../rows.ts';
import { countNewlines } from '../text/splice.ts';

/** Bytes that tell text from anything else. */
export const HEAD_BYTES = 8192;
/** Past this a text is not taken in; the size is read before the first byte. */
export const MAX_TEXT_BYTES = 256 * 1024 * 1024;
/** Why a text that is longer is not one for us. */
export const TOO_LARGE = 'too large';

const MAGIC: readonly [string, string][] = [
  ['25504446', 'pdf'],
  ['504b0304', 'office or zip'],
  ['504b0506', 'zip'],
  ['d0cf11e0a1b11ae1', 'old office'],
  ['89504e47', 'png image'],
  ['ffd8ff', 'jpeg image'],
  ['47494638', 'gif image'],
  ['1f8b', 'gzip'],
  ['28b52ffd', 'zstd'],
  ['fd377a585a00', 'xz'],
  ['377abcaf271c', '7z'],
  ['7f454c46', 'program'],
  ['53514c69746520666f726d6174203300', 'sqlite'],
  ['fffe', 'utf-16 text'],
  ['feff', 'utf-16 text'],
];

/** What is not text, in a word for people; `undefined` for text. A NUL byte is no part of any text people edit. */
export function whyOpaque(head: Uint8Array): string | undefined {
  const hex = Buffer.from(head.subarray(0, 16)).toString('hex');
  for (const [magic, kind] of MAGIC) if (hex.startsWith(magic)) return kind;
  return head.includes(0) ? 'binary' : undefined;
}

/** An Office file may be one; what is in it must be looked at elsewhere. */
export function isArchive(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && (head[2] === 3 || head[2] === 5);
}

const REFUSED = 'not taken apart ';

/** What stands in a row about a file that a reader refused; `details` never hold text of the file. */
export function whyRefused({ reason, part, limit, at }: Readonly<Record<string, unknown>>): string {
  return REFUSED + JSON.stringify({ reason, part, limit, at });
}

/** The details of DOC_PARSE_REFUSED, if that is why. */
export function refusalOf(why: string | null): Record<string, unknown> | undefined {
  return why?.startsWith(REFUSED) ? JSON.parse(why.slice(REFUSED.length)) : undefined;
}

export interface TextFacts {
  kind: Kind;
  utf8: boolean;
  eol: Eol;
  bom: boolean;
}

/** Reads, never changes: all of this is for showing and for the line ends of new lines. */
export function textFacts(bytes: Uint8Array): TextFacts {
  const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return { kind: 'text', utf8: isUtf8(bytes), eol: eolOf(bytes), bom };
}

function eolOf(bytes: Uint8Array): Eol {
  const newlines = countNewlines(bytes);
  if (newlines === 0) return 'none';
  let crlf = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) if (bytes[at - 1] === 13) crlf++;
  if (crlf === 0) return 'lf';
  return crlf === newlines ? 'crlf' : 'mixed';
}

export type Format = 'markdown' | 'csv' | 'yaml' | 'json' | 'html' | 'code' | 'plain';

const FORMATS: Partial<Record<TextFormat, Format>> = { jsonl: 'json', xml: 'html' };
/** Read line by line as code, though nothing in them has an address. */
const CODE = /\.(?:kt|sql|swift|lua|scss|toml|conf)$/i;

/** How the text is laid out, judged by its name alone: only candidates and outlines depend on it, never an edit. */
export function formatOf(path: string): Format {
  const format = textFormatOf(path);
  if (format === 'plain') return CODE.test(path) ? 'code' : 'plain';
  return FORMATS[format] ?? (format as Format);
}
