import type { CellRef } from '../cell-address.ts';
import { insideOf, replaceBytes, startTag } from '../edit-element.ts';
import { BREAK, type PartAim, type PartSplice } from '../kind.ts';
import type { Lines } from '../line-verbs.ts';
import { type Piece, spliceRuns, type TextHunk, Unsafe, wordHunks } from '../runs.ts';
import type { XmlElement } from '../xml.ts';
import { inlinePieces, keepSpaces } from './inline.ts';
import { newCell, type OdsContent, type Prefixes, prefixesOf, repeatedCell, writtenCell } from './sheet-content.ts';
import {
  type CellRun,
  type OdsSheet,
  paragraphsIn,
  type RowRun,
  runAt,
  type Spreadsheet,
  TABLE,
  typeOf,
} from './spreadsheet.ts';

/** A cell that changes. */
export interface ChangedCell {
  ref: CellRef;
  verb: number;
  lines: Lines;
  content: OdsContent;
  /** Changes of a text that stays text, in units of what the line shows; none: the cell is written anew. */
  hunks: readonly TextHunk[];
  shown: string;
}

/** Writes cells into the rows of a spreadsheet, where one element may stand for many and is split where one changes. */
export class SheetWriter {
  readonly #part: number;
  readonly #bytes: Buffer;
  readonly #prefixes: Prefixes;

  constructor(spreadsheet: Spreadsheet, bytes: Buffer) {
    this.#part = spreadsheet.part;
    this.#bytes = bytes;
    this.#prefixes = prefixesOf(spreadsheet.root);
  }

  /** All changes of one sheet. */
  aims(sheet: OdsSheet, cells: readonly ChangedCell[]): PartAim[] {
    const sorted = cells.toSorted((a, b) => a.ref.row - b.ref.row || a.ref.column - b.ref.column);
    const rows = Map.groupBy(sorted, (each) => runAt(sheet, each.ref)?.row);
    return [...rows].flatMap(([row, list]) => {
      if (!row) return this.#newRows(sheet, list);
      return row.count === 1 ? this.#inRow(row, list) : this.#splitRow(row, list);
    });
  }

  #inRow(row: RowRun, cells: readonly ChangedCell[]): PartAim[] {
    const runs = Map.groupBy(cells, ({ ref }) =>
      row.cells.find((run) => ref.column >= run.column && ref.column < run.column + run.count),
    );
    return [...runs].flatMap(([run, list]) => {
      const [first] = list;
      if (!run) return this.#behindRow(row, list);
      const { element } = run;
      const kept = run.count === 1 && list.length === 1 ? this.#keepingLooks(element, first!) : undefined;
      const written = kept ? [] : [this.#runMarkup(run, list)];
      const splices = kept ?? replaceBytes(this.#bytes, element.from, element.to, written.join(''));
      return splices.length === 0 ? [] : [this.#aim(first!, insideOf(element), splices)];
    });
  }

  /** Text that stays text: only the words that differ, in the spans they stand in. */
  #keepingLooks(element: XmlElement, cell: ChangedCell): PartSplice[] | undefined {
    if (cell.hunks.length === 0 || cell.content.kind === 'empty' || typeOf(element) !== 'string') return undefined;
    if (element.attr('string-value') !== undefined || cell.hunks.some((h) => h.text.includes(BREAK))) return undefined;
    const pieces: Piece[] = [];
    for (const [i, paragraph] of paragraphsIn(element).entries()) {
      if (i > 0) pieces.push({ kind: 'fixed', text: BREAK, what: 'a line break', end: paragraph.from });
      pieces.push(...inlinePieces(paragraph, this.#bytes));
    }
    const finer = cell.hunks.flatMap((h) => wordHunks(cell.shown.slice(h.from, h.to), h.text, h.from));
    try {
      return spliceRuns(pieces, keepSpaces(pieces, finer));
    } catch (error) {
      if (error instanceof Unsafe) return undefined;
      throw error;
    }
  }

  /** One element for several cells as so many elements as now differ. */
  #runMarkup(run: CellRun, list: readonly ChangedCell[]): string {
    let out = '';
    let column = run.column;
    const rest = (to: number): void => {
      if (to > column) out += repeatedCell(run.element, this.#bytes, to - column, this.#prefixes);
    };
    for (const each of list) {
      rest(each.ref.column);
      out += writtenCell(run.element, this.#bytes, each.content, this.#prefixes);
      column = each.ref.column + 1;
    }
    rest(run.column + run.count);
    return out;
  }

  #behindRow(row: RowRun, list: readonly ChangedCell[]): PartAim[] {
    const last = row.cells.at(-1);
    const ins = this.#gapped(last ? last.column + last.count : 1, list);
    if (ins === '') return [];
    const { element } = row;
    if (!element.isSelfClosing) {
      const at = last?.element.to ?? element.innerTo;
      return [this.#aim(list[0]!, { from: at, to: at }, [{ at, del: 0, ins }])];
    }
    const opened = `${startTag(element, this.#bytes, {})}>${ins}</${element.name}>`;
    return [this.#aim(list[0]!, insideOf(element), replaceBytes(this.#bytes, element.from, element.to, opened))];
  }

  #gapped(from: number, list: readonly ChangedCell[]): string {
    let out = '';
    let column = from;
    for (const each of list) {
      const { content } = each;
      if (content.kind === 'empty') continue;
      const gap = each.ref.column - column;
      if (gap > 0)
        out += `<${this.#prefixes.table}table-cell${gap > 1 ? ` ${this.#prefixes.table}number-columns-repeated="${gap}"` : ''}/>`;
      out += newCell(content, this.#prefixes);
      column = each.ref.column + 1;
    }
    return out;
  }

  /** Equal rows written once: the one that changes gets an element of its own. */
  #splitRow(row: RowRun, cells: readonly ChangedCell[]): PartAim[] {
    const { element } = row;
    const name = element.attribute('number-rows-repeated', TABLE)!.name;
    const raw = this.#bytes.toString('utf8', element.innerFrom, element.innerTo);
    const rowOf = (count: number, inner: string): string => {
      const head = startTag(element, this.#bytes, { [name]: count > 1 ? String(count) : undefined });
      return inner === '' ? `${head}/>` : `${head}>${inner}</${element.name}>`;
    };
    let out = '';
    let at = row.row;
    for (const number of new Set(cells.map((cell) => cell.ref.row))) {
      if (number > at) out += rowOf(number - at, raw);
      out += rowOf(
        1,
        this.#rowInner(
          row,
          cells.filter((cell) => cell.ref.row === number),
        ),
      );
      at = number + 1;
    }
    if (row.row + row.count > at) out += rowOf(row.row + row.count - at, raw);
    return [this.#aim(cells[0]!, insideOf(element), replaceBytes(this.#bytes, element.from, element.to, out))];
  }

  #rowInner(row: RowRun, cells: readonly ChangedCell[]): string {
    let out = '';
    let at = row.element.innerFrom;
    for (const run of row.cells) {
      const inside = cells.filter((c) => c.ref.column >= run.column && c.ref.column < run.column + run.count);
      if (inside.length === 0) continue;
      out += this.#bytes.toString('utf8', at, run.element.from) + this.#runMarkup(run, inside);
      at = run.element.to;
    }
    const last = row.cells.at(-1);
    const end = last ? last.column + last.count : 1;
    const behind = cells.filter((c) => c.ref.column >= end);
    return out + this.#bytes.toString('utf8', at, row.element.innerTo) + this.#gapped(end, behind);
  }

  #newRows(sheet: OdsSheet, cells: readonly ChangedCell[]): PartAim[] {
    const last = sheet.rows.at(-1);
    const { table } = this.#prefixes;
    let next = last ? last.row + last.count : 1;
    let ins = '';
    for (const number of new Set(cells.map((cell) => cell.ref.row))) {
      const inner = this.#gapped(
        1,
        cells.filter((cell) => cell.ref.row === number),
      );
      if (inner === '') continue;
      const gap = number - next;
      if (gap > 0) {
        const count = gap > 1 ? ` ${table}number-rows-repeated="${gap}"` : '';
        ins += `<${table}table-row${count}><${table}table-cell/></${table}table-row>`;
      }
      ins += `<${table}table-row>${inner}</${table}table-row>`;
      next = number + 1;
    }
    if (ins === '') return [];
    const { element } = sheet;
    if (element.isSelfClosing) {
      const opened = `${startTag(element, this.#bytes, {})}>${ins}</${element.name}>`;
      return [this.#aim(cells[0]!, insideOf(element), replaceBytes(this.#bytes, element.from, element.to, opened))];
    }
    const columns = [...element.elements()].findLast((each) =>
      /^table-(?:header-)?columns?(?:-group)?$/.test(each.local),
    );
    const at = outermost(last?.element, element)?.to ?? columns?.to ?? element.innerTo;
    return [this.#aim(cells[0]!, { from: at, to: at }, [{ at, del: 0, ins }])];
  }

  #aim({ verb, lines }: ChangedCell, region: PartAim['region'], splices: PartSplice[]): PartAim {
    return { verb, lines, part: this.#part, region, splices };
  }
}

/** The group of rows around an element, if it is in one. */
function outermost(element: XmlElement | undefined, top: XmlElement): XmlElement | undefined {
  let at = element;
  while (at?.parent && at.parent !== top) at = at.parent;
  return at;
}
