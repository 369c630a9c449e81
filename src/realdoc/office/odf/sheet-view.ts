import { refName, sheetPrefix } from '../cell-address.ts';
import type { ViewLine } from '../kind.ts';
import { refused } from '../refused.ts';
import { formulaOf, type Spreadsheet, shownValue } from './spreadsheet.ts';

/** A row or cell that stands for a million others must not become a million lines. */
const MAX_LINES = 1_000_000;

/** As for workbooks of Excel: a heading a sheet, then a line for each cell that holds something. */
export function viewSpreadsheet({ sheets, part }: Spreadsheet, bytes: Buffer): ViewLine[] {
  const lines: ViewLine[] = [];
  for (const sheet of sheets) {
    const { from, to } = sheet.element;
    const start = sheetPrefix(sheet.name);
    const text = `# ${sheet.name}${sheet.isHidden ? ' (hidden)' : ''}`;
    lines.push({ text, prefix: text, address: start, part, from, to, level: 1 });
    for (const row of sheet.rows) {
      const shown = row.cells.flatMap((cell) => {
        const value = cell.isCovered ? '' : shownValue(cell.element, bytes).replaceAll(/[\r\n]/g, ' ');
        const formula = cell.isCovered ? undefined : formulaOf(cell.element);
        if (value === '' && formula === undefined) return [];
        return [{ cell, content: value + (formula === undefined ? '' : `|${formula}`) }];
      });
      for (let r = 0; r < row.count && shown.length > 0; r++) {
        for (const { cell, content } of shown) {
          const { element, column, count } = cell;
          if (lines.length + count > MAX_LINES) throw refused('too many filled cells', { limit: MAX_LINES });
          for (let c = 0; c < count; c++) {
            const address = `${start}!${refName({ row: row.row + r, column: column + c })}`;
            const prefix = `${address}|`;
            lines.push({ text: prefix + content, prefix, address, part, from: element.from, to: element.to });
          }
        }
      }
    }
  }
  return lines;
}
