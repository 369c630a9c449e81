import { fail } from '../../common/index.ts';
import { columnNumber } from '../office/cell-address.ts';

/** A cell as tables number it: column 1 is `A`. */
export interface Cell {
  column: number;
  row: number;
}

/** What a range of a verb names: lines, or a place in the terms of the document's format. */
export type Target = { lines: { from: number; to: number } } | { chars: Chars } | { candidate: number } | FormatTarget;

/** Characters `from` to `to` (code points, counted from 1, both included) of one line. */
export interface Chars {
  line: number;
  from: number;
  to: number;
}

/** Addresses that only the format of the document can resolve. `address` is the text as it was given. */
export type FormatTarget = { address: string } & (
  | { kind: 'cells'; sheet?: string; from: Cell; to: Cell }
  | { kind: 'pointer'; tokens: string[] }
  | { kind: 'heading'; level: number; title: string }
  | { kind: 'symbol'; name: string }
  | { kind: 'other' }
);

const LINES = /^([1-9]\d{0,8})(?:-([1-9]\d{0,8}))?$/;
const CHARS = /^([1-9]\d{0,8}):([1-9]\d{0,8})(?:-([1-9]\d{0,8}))?$/;
const CANDIDATE = /^#([1-9]\d{0,8})$/;
const HEADING = /^(#{1,6}) +(\S.*)$/;
const SYMBOL = /^@(\S.*)$/;
/** Ways of single formats: `row 7` and `Amount@7` of tables, `doc2/key` of YAML, `#id` of HTML. */
const OTHER =
  /^(?:rows? [1-9]\d{0,8}(?:-[1-9]\d{0,8})?|[^\s@/#][^@]*@[1-9]\d{0,8}(?::[1-9]\d{0,8})?|doc[1-9]\d{0,6}\/.*|#[^\s#]+)$/;
const CELLS =
  /^(?:(?:'((?:[^']|'')+)'|([^'!\s][^'!]*))!)?([A-Za-z]{1,3})([1-9]\d{0,6})(?::([A-Za-z]{1,3})([1-9]\d{0,6}))?$/;

/** `undefined` for what is no address at all. */
export function readTarget(address: string): Target | undefined {
  let m = LINES.exec(address);
  if (m) return { lines: { from: Number(m[1]), to: Number(m[2] ?? m[1]) } };
  m = CHARS.exec(address);
  if (m) return { chars: { line: Number(m[1]), from: Number(m[2]), to: Number(m[3] ?? m[2]) } };
  m = CANDIDATE.exec(address);
  if (m) return { candidate: Number(m[1]) };
  m = HEADING.exec(address);
  if (m) return { kind: 'heading', address, level: m[1]!.length, title: m[2]!.trim() };
  m = SYMBOL.exec(address);
  if (m) return { kind: 'symbol', address, name: m[1]!.trim() };
  if (address.startsWith('/')) {
    // RFC 6901, 3: `~1` is a slash and `~0` a tilde.
    const tokens = address.slice(1).split('/');
    return { kind: 'pointer', address, tokens: tokens.map((t) => t.replaceAll('~1', '/').replaceAll('~0', '~')) };
  }
  m = CELLS.exec(address);
  if (!m) return OTHER.test(address) ? { kind: 'other', address } : undefined;
  const sheet = m[1]?.replaceAll("''", "'") ?? m[2];
  const from = cellOf(m[3]!, m[4]!);
  const to = m[5] ? cellOf(m[5], m[6]!) : from;
  return { kind: 'cells', address, ...(sheet === undefined ? {} : { sheet }), from, to };
}

/** Throws DOC_VERB_INVALID for what is neither a range of lines nor an address. */
export function parseTarget(address: string, verb: number): Target {
  const target = readTarget(address);
  if (target) return target;
  const reason = `"${address.slice(0, 100)}" is neither lines (12 or 12-13) nor an address (12:5-9, #3, B7, /key, # Heading, @symbol)`;
  throw fail('DOC_VERB_INVALID', { verb, reason });
}

function cellOf(letters: string, row: string): Cell {
  return { column: columnNumber(letters), row: Number(row) };
}
