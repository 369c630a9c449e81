import { type CellBlock, type CellRef, parseBlock, parseRef } from '../cell-address.ts';
import { refused } from '../refused.ts';
import type { XmlElement } from '../xml.ts';
import { movedFormula } from './formula.ts';

export interface Cell extends CellRef {
  element: XmlElement;
  inRow: Row;
  /** `s`, `str`, `inlineStr`, `b`, `e`, `d`; `n` where none is written. */
  type: string;
  style: string | undefined;
  formula: XmlElement | undefined;
}

export interface Row {
  number: number;
  element: XmlElement;
  cells: Cell[];
}

/** Cells whose values come from one formula: none of them can be changed alone. */
export interface FormulaBlock extends Pick<CellBlock, 'from' | 'to'> {
  kind: 'array' | 'dataTable';
}

export interface Sheet {
  root: XmlElement;
  data: XmlElement;
  rows: Row[];
  merged: Pick<CellBlock, 'from' | 'to'>[];
  blocks: FormulaBlock[];
  /** First cell of each shared formula, and how many cells follow it. */
  shared: Map<string, { cell: Cell; followers: number }>;
}

/** The cells of a worksheet in the order of the file. Throws DOC_PARSE_REFUSED. */
export function readSheet(root: XmlElement, part: string): Sheet {
  const data = root.first('sheetData');
  if (root.local !== 'worksheet' || !data) throw refused('it is no worksheet', { part });
  const sheet: Sheet = { root, data, rows: [], merged: [], blocks: [], shared: new Map() };
  let number = 0;
  for (const element of data.elements('row')) {
    number = Number(element.attr('r', '') ?? number + 1);
    const row: Row = { number, element, cells: [] };
    let column = 0;
    for (const each of element.elements('c')) {
      const written = each.attr('r', '');
      const ref = written === undefined ? { row: number, column: column + 1 } : parseRef(written);
      if (!ref) throw refused('a cell has no place', { part, at: each.from });
      column = ref.column;
      const formula = each.first('f');
      const type = each.attr('t', '') ?? 'n';
      const cell: Cell = { ...ref, element: each, inRow: row, type, style: each.attr('s', ''), formula };
      row.cells.push(cell);
      if (formula) noteFormula(sheet, cell, formula);
    }
    sheet.rows.push(row);
  }
  for (const each of root.first('mergeCells')?.elements('mergeCell') ?? []) {
    const block = parseBlock(each.attr('ref', '') ?? '');
    if (block) sheet.merged.push(block);
  }
  return sheet;
}

function noteFormula(sheet: Sheet, cell: Cell, formula: XmlElement): void {
  const kind = formula.attr('t', '');
  if (kind === 'array' || kind === 'dataTable') {
    const block = parseBlock(formula.attr('ref', '') ?? '') ?? { from: cell, to: cell };
    sheet.blocks.push({ ...block, kind });
  }
  if (kind !== 'shared') return;
  const index = formula.attr('si', '') ?? '';
  const first = sheet.shared.get(index);
  if (first) first.followers++;
  else sheet.shared.set(index, { cell, followers: 0 });
}

export function cellAt(sheet: Sheet, ref: CellRef): Cell | undefined {
  for (const row of sheet.rows) {
    if (row.number !== ref.row) continue;
    const found = row.cells.find((cell) => cell.column === ref.column);
    if (found) return found;
  }
  return undefined;
}

/** `=SUM(A1:A3)`, for a cell that shares a formula as it reads there. */
export function formulaOf(sheet: Sheet, cell: Cell): string | undefined {
  const { formula } = cell;
  if (!formula) return undefined;
  if (formula.text !== '' || formula.attr('t', '') !== 'shared') return `=${formula.text}`;
  const first = sheet.shared.get(formula.attr('si', '') ?? '')?.cell;
  if (!first?.formula) return '=';
  return `=${movedFormula(first.formula.text, cell.row - first.row, cell.column - first.column)}`;
}
