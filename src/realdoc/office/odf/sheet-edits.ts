import { type CellBlock, type CellRef, holds, parseAddress, refName, sheetPrefix } from '../cell-address.ts';
import { isInBlock, isMergedAway, isSameCell, isSheetName, isWorkedOut, withoutValue } from '../cell-refusals.ts';
import { type CellEdits, cellName } from '../cell-verbs.ts';
import type { PartAim, ViewLine } from '../kind.ts';
import { contentOf, type Lines, type Step, withoutPrefix } from '../line-verbs.ts';
import type { Parts } from '../relations.ts';
import { applyHunks, type TextHunk, wordHunks } from '../runs.ts';
import type { XmlElement } from '../xml.ts';
import { contentOfText, textContent } from './sheet-content.ts';
import { SheetWriter } from './sheet-writing.ts';
import { formulaOf, type OdsSheet, runAt, type Spreadsheet, shownValue, TABLE, typeOf } from './spreadsheet.ts';

interface Pending {
  sheet: OdsSheet;
  ref: CellRef;
  verb: number;
  lines: Lines;
  cell: XmlElement | undefined;
  /** What the line says now, and is to say, without its address. */
  shown: string;
  text: string;
  hunks: readonly TextHunk[];
}

type Block = Pick<CellBlock, 'from' | 'to'>;

/** Collects what verbs ask of cells of a spreadsheet. */
export class OdsEdits implements CellEdits {
  readonly #spreadsheet: Spreadsheet;
  readonly #sheets: readonly OdsSheet[];
  readonly #bytes: Buffer;
  readonly #view: readonly ViewLine[];
  readonly #lineOf = new Map<string, number>();
  readonly #pending = new Map<string, Pending>();

  constructor(parts: Parts, spreadsheet: Spreadsheet, view: readonly ViewLine[]) {
    this.#spreadsheet = spreadsheet;
    this.#sheets = spreadsheet.sheets;
    this.#bytes = parts.bytes(spreadsheet.part);
    this.#view = view;
    for (const [i, line] of view.entries()) if (line.address) this.#lineOf.set(line.address, i + 1);
  }

  linesIn(sheet: number, block: Block): number[] {
    const start = `${sheetPrefix(this.#sheets[sheet]!.name)}!`;
    const out: number[] = [];
    for (const [i, line] of this.#view.entries()) {
      if (!line.address?.startsWith(start)) continue;
      const at = parseAddress(line.address);
      if (at && holds(block, at.from)) out.push(i + 1);
    }
    return out;
  }

  isFilled(sheet: number, ref: CellRef): boolean {
    const name = cellName(this.#sheets[sheet]!.name, ref);
    return this.#lineOf.has(name) || this.#pending.has(name);
  }

  setLine(n: number, text: string, verb: number): void {
    const { sheet, ref } = this.#cellOf(n, verb);
    this.set(sheet, ref, withoutPrefix(this.#view[n - 1]!, text), verb);
  }

  clearLine(n: number, verb: number): void {
    const { sheet, ref } = this.#cellOf(n, verb);
    this.#add(sheet, ref, '', [], verb);
  }

  clear(sheet: number, block: Block, verb: number): void {
    for (const n of this.linesIn(sheet, block)) this.clearLine(n, verb);
  }

  change(step: Extract<Step, { kind: 'sub' }>): void {
    const { sheet, ref } = this.#cellOf(step.line, step.verb);
    const content = contentOf(this.#view[step.line - 1]!);
    const cell = runAt(this.#sheets[sheet]!, ref)?.cell?.element;
    const formula = cell && formulaOf(cell);
    const hunk = { from: step.from, to: step.to, text: step.text };
    if (formula !== undefined) {
      const start = content.length - formula.length;
      if (step.from < start) throw isWorkedOut(step.verb, `the formula ${formula}`);
      return this.#add(sheet, ref, applyHunks(content, [hunk]).slice(start), [], step.verb);
    }
    const known = this.#pending.get(cellName(this.#sheets[sheet]!.name, ref));
    if (!known || known.hunks.length === 0) {
      return this.#add(sheet, ref, applyHunks(content, [hunk]), [hunk], step.verb);
    }
    if (known.hunks.some((h) => step.from < h.to && h.from < step.to)) throw isSameCell(step.verb, known.verb);
    known.hunks = [...known.hunks, hunk].toSorted((a, b) => a.from - b.from);
    known.text = applyHunks(content, known.hunks);
  }

  set(sheet: number, ref: CellRef, text: string, verb: number): void {
    const cell = runAt(this.#sheets[sheet]!, ref)?.cell?.element;
    const formula = cell && formulaOf(cell);
    const value = cell ? shownValue(cell, this.#bytes) : '';
    const typed = cell ? withoutValue(text, value, formula, verb) : text;
    const isText = cell && formula === undefined && typeOf(cell) === 'string' && !/^'?=/.test(typed);
    this.#add(sheet, ref, typed, isText ? wordHunks(value, typed) : [], verb);
  }

  aims(): PartAim[] {
    const writer = new SheetWriter(this.#spreadsheet, this.#bytes);
    const bySheet = Map.groupBy(this.#pending.values(), (each) => each.sheet);
    return [...bySheet].flatMap(([sheet, list]) => {
      const changed = list.filter((each) => !this.#isEcho(each));
      const cells = changed.map(({ text, cell, ...rest }) => {
        // A text that begins with `=` stays one where other words of it change.
        const isKept = cell && rest.hunks.length > 0 && /^'?=/.test(rest.shown) && text !== '';
        return { ...rest, content: isKept ? textContent(text) : contentOfText(text, cell) };
      });
      return writer.aims(sheet, cells);
    });
  }

  /** Set to what the line says: how the cell says it is kept. */
  #isEcho({ cell, text }: Pending): boolean {
    return cell !== undefined && text === (formulaOf(cell) ?? shownValue(cell, this.#bytes));
  }

  #cellOf(n: number, verb: number): { sheet: number; ref: CellRef } {
    const line = this.#view[n - 1]!;
    const at = line.level === undefined ? parseAddress(line.address ?? '') : undefined;
    if (at?.sheet === undefined) throw isSheetName(verb, n);
    return { sheet: this.#sheets.findIndex((each) => each.name === at.sheet), ref: at.from };
  }

  #add(sheet: number, ref: CellRef, text: string, hunks: TextHunk[], verb: number): void {
    const read = this.#sheets[sheet]!;
    const name = cellName(read.name, ref);
    const known = this.#pending.get(name);
    if (known) throw isSameCell(verb, known.verb);
    const run = runAt(read, ref)?.cell;
    if (run?.isCovered) throw isMergedAway(verb, ref, 'the first cell of it');
    this.#refuseMatrix(read, ref, verb);
    const line = this.#lineOf.get(name);
    const lines = line === undefined ? this.#linesBefore(sheet, ref) : { from: line, to: line };
    const shown = line === undefined ? '' : contentOf(this.#view[line - 1]!);
    this.#pending.set(name, { sheet: read, ref, verb, lines, cell: run?.element, shown, text, hunks });
  }

  #refuseMatrix(sheet: OdsSheet, ref: CellRef, verb: number): void {
    for (const row of sheet.rows) {
      if (row.row > ref.row) return;
      for (const { element, column } of row.cells) {
        const columns = element.attr('number-matrix-columns-spanned', TABLE);
        if (columns === undefined) continue;
        const rows = Number(element.attr('number-matrix-rows-spanned', TABLE) ?? 1);
        const to = { row: row.row + rows - 1, column: column + Number(columns) - 1 };
        const from = { row: row.row, column };
        if (!holds({ from, to }, ref) || refName(from) === refName(to)) continue;
        throw isInBlock(verb, ref, 'an array formula', { from, to });
      }
    }
  }

  #linesBefore(sheet: number, ref: CellRef): Lines {
    const from = { row: 1, column: 1 };
    const above = this.linesIn(sheet, { from, to: { row: ref.row, column: 16_384 } });
    const last = above.filter((n) => {
      const at = parseAddress(this.#view[n - 1]!.address!)!.from;
      return at.row < ref.row || at.column < ref.column;
    });
    const before = last.at(-1) ?? this.#lineOf.get(sheetPrefix(this.#sheets[sheet]!.name)) ?? 0;
    return { from: before + 1, to: before };
  }
}
