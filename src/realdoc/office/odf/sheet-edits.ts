import { fail } from '../../../common/index.ts';
import { type CellBlock, type CellRef, holds, parseAddress, refName, sheetPrefix } from '../cell-address.ts';
import { type CellEdits, cellName } from '../cell-verbs.ts';
import { insideOf, replaceBytes, startTag } from '../edit-element.ts';
import { BREAK, type PartAim, type PartSplice, type ViewLine } from '../kind.ts';
import { contentOf, type Lines, type Step } from '../line-verbs.ts';
import type { Parts } from '../relations.ts';
import { type Piece, spliceRuns, type TextHunk, Unsafe, wordHunks } from '../runs.ts';
import type { XmlElement } from '../xml.ts';
import { inlinePieces, keepSpaces } from './inline.ts';
import {
  contentOfText,
  newCell,
  type OdsContent,
  type Prefixes,
  prefixesOf,
  repeatedCell,
  writtenCell,
} from './sheet-content.ts';
import {
  type CellRun,
  formulaOf,
  type OdsSheet,
  paragraphsIn,
  type RowRun,
  runAt,
  type Spreadsheet,
  shownValue,
  TABLE,
  typeOf,
} from './spreadsheet.ts';

interface Pending {
  ref: CellRef;
  verb: number;
  lines: Lines;
  cell: XmlElement | undefined;
  /** What the line is to say without its address. */
  text: string;
  hunks: TextHunk[];
}

type Block = Pick<CellBlock, 'from' | 'to'>;

/** Collects what verbs ask of cells of a spreadsheet; one element may stand for many cells and is split where one changes. */
export class OdsEdits implements CellEdits {
  readonly #sheets: readonly OdsSheet[];
  readonly #part: number;
  readonly #bytes: Buffer;
  readonly #view: readonly ViewLine[];
  readonly #prefixes: Prefixes;
  readonly #lineOf = new Map<string, number>();
  readonly #pending = new Map<string, Pending>();

  constructor(parts: Parts, spreadsheet: Spreadsheet, view: readonly ViewLine[]) {
    this.#sheets = spreadsheet.sheets;
    this.#part = spreadsheet.part;
    this.#bytes = parts.bytes(spreadsheet.part);
    this.#view = view;
    this.#prefixes = prefixesOf(spreadsheet.root);
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
    const { prefix } = this.#view[n - 1]!;
    this.set(sheet, ref, prefix && text.startsWith(prefix) ? text.slice(prefix.length) : text, verb);
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
      if (step.from < start)
        throw this.#refuse(step.verb, 'what a formula works out is not typed in', `the formula ${formula}`);
      return this.#add(
        sheet,
        ref,
        (content.slice(0, step.from) + step.text + content.slice(step.to)).slice(start),
        [],
        step.verb,
      );
    }
    const known = this.#pending.get(cellName(this.#sheets[sheet]!.name, ref));
    if (!known || known.hunks.length === 0) {
      const text = content.slice(0, step.from) + step.text + content.slice(step.to);
      return this.#add(sheet, ref, text, [hunk], step.verb);
    }
    if (known.hunks.some((h) => step.from < h.to && h.from < step.to)) throw this.#overlap(step.verb, known);
    known.hunks = [...known.hunks, hunk].toSorted((a, b) => a.from - b.from);
    known.text = applied(content, known.hunks);
  }

  set(sheet: number, ref: CellRef, text: string, verb: number): void {
    const cell = runAt(this.#sheets[sheet]!, ref)?.cell?.element;
    const formula = cell && formulaOf(cell);
    const value = cell ? shownValue(cell, this.#bytes) : '';
    let typed = text;
    if (cell && text.startsWith(`${value}|=`)) typed = text.slice(value.length + 1);
    else if (formula !== undefined && text.endsWith(`|${formula}`)) {
      throw this.#refuse(
        verb,
        'what a formula works out is not typed in',
        `the formula ${formula}, or a text without it`,
      );
    }
    const isText = cell && formula === undefined && typeOf(cell) === 'string' && !/^'?=/.test(typed);
    this.#add(sheet, ref, typed, isText ? wordHunks(value, typed) : [], verb);
  }

  aims(): PartAim[] {
    const bySheet = new Map<OdsSheet, Pending[]>();
    for (const [name, pending] of this.#pending) {
      const sheet = this.#sheets.find((each) => cellName(each.name, pending.ref) === name)!;
      bySheet.set(sheet, [...(bySheet.get(sheet) ?? []), pending]);
    }
    return [...bySheet].flatMap(([sheet, list]) => {
      const sorted = list.toSorted((a, b) => a.ref.row - b.ref.row || a.ref.column - b.ref.column);
      const rows = new Map<RowRun | undefined, Pending[]>();
      for (const each of sorted) {
        const row = runAt(sheet, each.ref)?.row;
        rows.set(row, [...(rows.get(row) ?? []), each]);
      }
      return [...rows].flatMap(([row, cells]) => {
        if (!row) return this.#newRows(sheet, cells);
        return row.count === 1 ? this.#inRow(row, cells) : this.#splitRow(row, cells);
      });
    });
  }

  #inRow(row: RowRun, cells: readonly Pending[]): PartAim[] {
    const runs = new Map<CellRun | undefined, Pending[]>();
    for (const each of cells) {
      const run = row.cells.find((c) => each.ref.column >= c.column && each.ref.column < c.column + c.count);
      runs.set(run, [...(runs.get(run) ?? []), each]);
    }
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
  #keepingLooks(element: XmlElement, pending: Pending): PartSplice[] | undefined {
    if (pending.hunks.length === 0 || pending.text === '' || typeOf(element) !== 'string') return undefined;
    if (element.attr('string-value') !== undefined || pending.hunks.some((h) => h.text.includes(BREAK)))
      return undefined;
    const pieces: Piece[] = [];
    for (const [i, paragraph] of paragraphsIn(element).entries()) {
      if (i > 0) pieces.push({ kind: 'fixed', text: BREAK, what: 'a line break', end: paragraph.from });
      pieces.push(...inlinePieces(paragraph, this.#bytes));
    }
    const shown = contentOf(this.#view[(this.#lineOf.get(this.#nameOfLine(pending)) ?? 1) - 1]!);
    const finer = pending.hunks.flatMap((h) => wordHunks(shown.slice(h.from, h.to), h.text, h.from));
    try {
      return spliceRuns(pieces, keepSpaces(pieces, finer));
    } catch (error) {
      if (error instanceof Unsafe) return undefined;
      throw error;
    }
  }

  #nameOfLine(pending: Pending): string {
    for (const [name, each] of this.#pending) if (each === pending) return name;
    return '';
  }

  /** One element for several cells as so many elements as now differ. */
  #runMarkup(run: CellRun, list: readonly Pending[]): string {
    let out = '';
    let column = run.column;
    const rest = (to: number): void => {
      if (to > column) out += repeatedCell(run.element, this.#bytes, to - column, this.#prefixes);
    };
    for (const each of list) {
      rest(each.ref.column);
      out += writtenCell(run.element, this.#bytes, this.#content(each), this.#prefixes);
      column = each.ref.column + 1;
    }
    rest(run.column + run.count);
    return out;
  }

  #behindRow(row: RowRun, list: readonly Pending[]): PartAim[] {
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

  #gapped(from: number, list: readonly Pending[]): string {
    let out = '';
    let column = from;
    for (const each of list) {
      const content = this.#content(each);
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
  #splitRow(row: RowRun, cells: readonly Pending[]): PartAim[] {
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

  #rowInner(row: RowRun, cells: readonly Pending[]): string {
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

  #newRows(sheet: OdsSheet, cells: readonly Pending[]): PartAim[] {
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

  #aim({ verb, lines }: Pending, region: PartAim['region'], splices: PartSplice[]): PartAim {
    return { verb, lines, part: this.#part, region, splices };
  }

  #content(pending: Pending): OdsContent {
    return contentOfText(pending.text, pending.cell);
  }

  #cellOf(n: number, verb: number): { sheet: number; ref: CellRef } {
    const line = this.#view[n - 1]!;
    const at = line.level === undefined ? parseAddress(line.address ?? '') : undefined;
    if (at?.sheet === undefined) {
      throw this.#refuse(verb, `line ${n} is the name of a sheet, which formulas use`, 'the cells below it');
    }
    return { sheet: this.#sheets.findIndex((each) => each.name === at.sheet), ref: at.from };
  }

  #add(sheet: number, ref: CellRef, text: string, hunks: TextHunk[], verb: number): void {
    const read = this.#sheets[sheet]!;
    const name = cellName(read.name, ref);
    const known = this.#pending.get(name);
    if (known) throw this.#overlap(verb, known);
    const run = runAt(read, ref)?.cell;
    if (run?.isCovered) throw this.#refuse(verb, `${refName(ref)} is inside a merged cell`, 'the first cell of it');
    this.#refuseMatrix(read, ref, verb);
    const line = this.#lineOf.get(name);
    const lines = line === undefined ? this.#linesBefore(sheet, ref) : { from: line, to: line };
    this.#pending.set(name, { ref, verb, lines, cell: run?.element, text, hunks });
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
        const what = `${refName(ref)} is part of an array formula over ${refName(from)}:${refName(to)}`;
        throw this.#refuse(verb, what, 'other cells');
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

  #refuse(verb: number, what: string, safe: string): Error {
    return fail('DOC_UNSAFE_SPAN', { verb, what, safe });
  }

  #overlap(verb: number, known: Pending): Error {
    return fail('DOC_VERB_INVALID', { verb, reason: `it touches the same cell as verb ${known.verb}` });
  }
}

function applied(text: string, hunks: readonly TextHunk[]): string {
  let out = '';
  let at = 0;
  for (const hunk of hunks) {
    out += text.slice(at, hunk.from) + hunk.text;
    at = hunk.to;
  }
  return out + text.slice(at);
}

/** The group of rows around an element, if it is in one. */
function outermost(element: XmlElement | undefined, top: XmlElement): XmlElement | undefined {
  let at = element;
  while (at?.parent && at.parent !== top) at = at.parent;
  return at;
}
