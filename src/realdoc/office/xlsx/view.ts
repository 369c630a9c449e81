import { refName, sheetPrefix } from '../cell-address.ts';
import type { ViewLine } from '../kind.ts';
import type { Parts } from '../relations.ts';
import { Looks } from './dates.ts';
import { formulaOf, readSheet, type Sheet } from './sheet.ts';
import { SharedStrings } from './strings.ts';
import { Values } from './values.ts';
import type { Workbook } from './workbook.ts';

export function valuesOf(parts: Parts, workbook: Workbook): Values {
  const { sharedStrings, styles, is1904 } = workbook;
  const strings = new SharedStrings(sharedStrings === undefined ? undefined : parts.root(sharedStrings));
  return new Values(strings, new Looks(styles === undefined ? undefined : parts.root(styles)), is1904);
}

/**
 * A heading for each sheet, then a line for each cell that holds something: `Sheet1!B7|120|=B5+B6`. Defined names come
 * last. The address is `prefix`.
 */
export function viewWorkbook(parts: Parts, workbook: Workbook): ViewLine[] {
  const values = valuesOf(parts, workbook);
  const lines: ViewLine[] = [];
  for (const entry of workbook.sheets) {
    const text = `# ${entry.name}${entry.isHidden ? ' (hidden)' : ''}`;
    const { from, to } = entry.element;
    lines.push({ text, prefix: text, address: sheetPrefix(entry.name), part: workbook.part, from, to, level: 1 });
    if (entry.part === undefined) continue;
    const sheet = readSheet(parts.root(entry.part), parts.name(entry.part));
    addCells(lines, sheet, `${sheetPrefix(entry.name)}!`, entry.part, values);
  }
  for (const { name, element } of workbook.names) {
    const prefix = `${name}|`;
    const text = `${prefix}=${element.text.replaceAll(/\s+/g, ' ')}`;
    lines.push({ text, prefix, address: name, part: workbook.part, from: element.from, to: element.to });
  }
  return lines;
}

function addCells(lines: ViewLine[], sheet: Sheet, start: string, part: number, values: Values): void {
  for (const row of sheet.rows) {
    for (const cell of row.cells) {
      const value = values.shown(cell);
      const formula = formulaOf(sheet, cell);
      if (value === '' && formula === undefined) continue;
      const address = start + refName(cell);
      const text = `${address}|${value}${formula === undefined ? '' : `|${formula.replaceAll(/[\r\n]/g, ' ')}`}`;
      const { from, to } = cell.element;
      lines.push({ text, prefix: `${address}|`, address, part, from, to });
    }
  }
}
