import { BREAK } from '../kind.ts';
import { plainNumber } from '../plain-number.ts';
import type { Looks } from './dates.ts';
import { showDate } from './dates.ts';
import type { Cell } from './sheet.ts';
import { joined, runsOf, type SharedStrings, type TextRun } from './strings.ts';

/** Reads values of cells as people see them, as far as that needs no rules of a country. */
export class Values {
  readonly #strings: SharedStrings;
  readonly looks: Looks;
  readonly is1904: boolean;

  constructor(strings: SharedStrings, looks: Looks, is1904: boolean) {
    this.#strings = strings;
    this.looks = looks;
    this.is1904 = is1904;
  }

  /** In one line: each unit of the value is one unit here. */
  shown(cell: Cell): string {
    return inOneLine(this.#value(cell));
  }

  /** The runs of a cell that holds text. */
  runs(cell: Cell): TextRun[] {
    if (cell.type === 's') return this.#strings.runs(Number(cell.element.first('v')?.text ?? -1));
    const item = cell.element.first('is');
    return cell.type === 'inlineStr' && item ? runsOf(item) : [{ text: cell.element.first('v')?.text ?? '' }];
  }

  #value(cell: Cell): string {
    if (cell.type === 's' || cell.type === 'inlineStr' || cell.type === 'str') return joined(this.runs(cell));
    const stored = cell.element.first('v')?.text ?? '';
    if (cell.type === 'b') return stored === '1' || stored === 'true' ? 'TRUE' : stored === '' ? '' : 'FALSE';
    if (cell.type !== 'n' || stored === '') return stored;
    const number = Number(stored);
    if (!Number.isFinite(number)) return stored;
    return showDate(number, this.looks.of(cell.style), this.is1904) ?? plainNumber(stored);
  }
}

export function inOneLine(text: string): string {
  return text.replaceAll('\n', BREAK).replaceAll('\r', '␍').toWellFormed();
}

/** What a line says, with its breaks again. */
export function inLines(text: string): string {
  return text.replaceAll(BREAK, '\n');
}
