import { columnName, columnNumber } from '../../office/cell-address.ts';
import { type Ask, type Doc, invalid, sharedAddress, unknownAddress } from '../ask.ts';
import type { CsvText } from './records.ts';

/** Rows and columns counted from 1; without columns whole records are meant. */
export interface Cells {
  rows: { from: number; to: number };
  columns?: { from: number; to: number };
}

const CELLS = /^([A-Z]{1,4})([1-9]\d{0,8})(?::([A-Z]{1,4})([1-9]\d{0,8}))?$/i;
const ROWS = /^rows? ([1-9]\d{0,8})(?:-([1-9]\d{0,8}))?$/i;
const NAMED = /^(.+)@([1-9]\d{0,8})(?:[:-]([1-9]\d{0,8}))?$/s;
const MAX_NAMES = 2000;

/**
 * Reads `B7`, `B7:C9`, `row 7`, `rows 7-9` (whole records) or `Amount@7`, `Amount@7:9` (the column with that word in the header). Throws
 * DOC_VERB_INVALID, DOC_ADDRESS_UNKNOWN or DOC_AMBIGUOUS.
 */
export function cellsOf(doc: Doc, ask: Ask, csv: CsvText): Cells {
  const { address } = ask;
  const cells = CELLS.exec(address);
  if (cells) {
    const [, a, row, b, last] = cells;
    const columns = ordered(columnNumber(a!), columnNumber(b ?? a!));
    return { columns, rows: ordered(Number(row), Number(last ?? row)) };
  }
  const rows = ROWS.exec(address);
  if (rows) return { rows: ordered(Number(rows[1]), Number(rows[2] ?? rows[1])) };
  const named = NAMED.exec(address);
  if (!named) throw invalid(ask, `"${address.slice(0, 80)}" is no address here: B7, B7:C9, row 7 or Amount@7`);
  const names = headerOf(csv);
  const found = names.flatMap((name, i) => (name === named[1] ? [i + 1] : []));
  if (found.length > 1)
    throw sharedAddress(
      doc,
      ask,
      found.map((column) => ({ line: 1, address: `${columnName(column)}${named[2]}` })),
    );
  const [column] = found;
  if (column === undefined)
    throw unknownAddress(
      doc,
      ask,
      names.map((name) => `${name}@${named[2]}`),
    );
  return { columns: { from: column, to: column }, rows: ordered(Number(named[2]), Number(named[3] ?? named[2])) };
}

export function headerOf(csv: CsvText): string[] {
  const first = csv.record(1);
  return first
    ? csv
        .fields(first)
        .slice(0, MAX_NAMES)
        .map((field) => csv.value(field).trim())
    : [];
}

function ordered(a: number, b: number): { from: number; to: number } {
  return { from: Math.min(a, b), to: Math.max(a, b) };
}
