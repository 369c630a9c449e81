import type { CellRef } from '../cell-address.ts';
import { BREAK } from '../kind.ts';
import { plainNumber } from '../plain-number.ts';
import { refused } from '../refused.ts';
import type { Parts } from '../relations.ts';
import { textOfPieces } from '../runs.ts';
import type { XmlElement } from '../xml.ts';
import { inlinePieces, TEXT } from './inline.ts';
import { shownFormula } from './open-formula.ts';

export const OFFICE = 'urn:oasis:names:tc:opendocument:xmlns:office:1.0';
export const TABLE = 'urn:oasis:names:tc:opendocument:xmlns:table:1.0';

/** One element that stands for one cell, or for several equal ones side by side. */
export interface CellRun {
  element: XmlElement;
  column: number;
  count: number;
  /** Part of a merged cell whose first cell is elsewhere. */
  isCovered: boolean;
}

/** One element that stands for one row, or for several equal ones. */
export interface RowRun {
  element: XmlElement;
  row: number;
  count: number;
  cells: CellRun[];
}

export interface OdsSheet {
  name: string;
  isHidden: boolean;
  hasCells: boolean;
  element: XmlElement;
  rows: RowRun[];
}

export interface Spreadsheet {
  part: number;
  root: XmlElement;
  sheets: OdsSheet[];
}

/** The tables of a spreadsheet. Throws DOC_PARSE_REFUSED. */
export function readSpreadsheet(parts: Parts): Spreadsheet {
  const part = parts.find('content.xml');
  if (part === undefined) throw refused('it has no content.xml');
  const root = parts.root(part);
  const body = root.first('body')?.first('spreadsheet');
  if (!body) throw refused('it is no spreadsheet', { part: 'content.xml' });
  const hidden = new Set<string>();
  for (const style of root.first('automatic-styles')?.elements('style') ?? []) {
    if (style.first('table-properties')?.attr('display', TABLE) === 'false') hidden.add(style.attr('name') ?? '');
  }
  const sheets: OdsSheet[] = [];
  for (const element of body.elements('table')) {
    const rows: RowRun[] = [];
    addRows(rows, element);
    const isHidden = hidden.has(element.attr('style-name', TABLE) ?? '');
    const name = (element.attr('name', TABLE) ?? '').replaceAll(/[\r\n]/g, ' ');
    sheets.push({ name, isHidden, hasCells: true, element, rows });
  }
  return { part, root, sheets };
}

function addRows(rows: RowRun[], holder: XmlElement): void {
  for (const element of holder.elements()) {
    if (/^table-(?:row-group|rows|header-rows)$/.test(element.local)) addRows(rows, element);
    if (element.local !== 'table-row') continue;
    const last = rows.at(-1);
    const row: RowRun = {
      element,
      row: last ? last.row + last.count : 1,
      count: repeated(element, 'number-rows-repeated'),
      cells: [],
    };
    let column = 1;
    for (const cell of element.elements()) {
      const isCovered = cell.local === 'covered-table-cell';
      if (!isCovered && cell.local !== 'table-cell') continue;
      const count = repeated(cell, 'number-columns-repeated');
      row.cells.push({ element: cell, column, count, isCovered });
      column += count;
    }
    rows.push(row);
  }
}

function repeated(element: XmlElement, name: string): number {
  return Math.max(1, Math.min(1_048_576, Number(element.attr(name, TABLE) ?? 1) || 1));
}

export function runAt(sheet: OdsSheet, ref: CellRef): { row: RowRun; cell: CellRun | undefined } | undefined {
  const row = sheet.rows.find((each) => ref.row >= each.row && ref.row < each.row + each.count);
  if (!row) return undefined;
  return { row, cell: row.cells.find((each) => ref.column >= each.column && ref.column < each.column + each.count) };
}

export function paragraphsIn(cell: XmlElement): XmlElement[] {
  return [...cell.elements('p')].filter((each) => each.uri === TEXT);
}

export function typeOf(cell: XmlElement): string | undefined {
  return cell.attr('value-type', OFFICE);
}

/** The value of a cell in one line, without the rules of a country. */
export function shownValue(cell: XmlElement, bytes: Buffer): string {
  const type = typeOf(cell);
  if (type === 'float' || type === 'percentage' || type === 'currency') {
    return plainNumber(cell.attr('value', OFFICE) ?? '');
  }
  if (type === 'date') return (cell.attr('date-value', OFFICE) ?? '').replace('T', ' ').replace(/\.\d+$/, '');
  if (type === 'boolean') return cell.attr('boolean-value', OFFICE) === 'true' ? 'TRUE' : 'FALSE';
  if (type === 'time') {
    const match = /^PT(\d+)H(\d+)M(\d+)(?:\.\d+)?S$/.exec(cell.attr('time-value', OFFICE) ?? '');
    if (match) return match.slice(1).join(':');
  }
  return paragraphsIn(cell)
    .map((each) => textOfPieces(inlinePieces(each, bytes)))
    .join(BREAK);
}

export function formulaOf(cell: XmlElement): string | undefined {
  const stored = cell.attr('formula', TABLE);
  return stored === undefined ? undefined : shownFormula(stored);
}
