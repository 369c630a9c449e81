import { fail } from '../../../common/index.ts';
import { type CellBlock, type CellRef, holds, parseAddress, refName, sheetPrefix } from '../cell-address.ts';
import { type CellEdits, cellName } from '../cell-verbs.ts';
import { insideOf, replaceBytes } from '../edit-element.ts';
import type { PartAim, ViewLine } from '../kind.ts';
import { contentOf, type Lines, type Step } from '../line-verbs.ts';
import type { Parts } from '../relations.ts';
import { type TextHunk, wordHunks } from '../runs.ts';
import { escapeXml } from '../xml-text.ts';
import { type Content, contentOfText, writtenCell } from './content.ts';
import { type AddedCell, addedAims } from './insert.ts';
import { hasFormulas, recalculateOnLoad, widenDimension, withoutChained } from './recalculate.ts';
import { type Cell, cellAt, formulaOf, readSheet, type Sheet } from './sheet.ts';
import { changeRuns, joined } from './strings.ts';
import { type TableEdit, tableAims, tableCellAt } from './tables.ts';
import { inLines, type Values } from './values.ts';
import { valuesOf } from './view.ts';
import type { Workbook } from './workbook.ts';

/** One cell that changes. Hunks of several `sub` verbs meet here; everything else may come once. */
interface Pending {
  sheet: number;
  ref: CellRef;
  cell: Cell | undefined;
  verb: number;
  lines: Lines;
  /** A new text, or changes of the text that is there, in units of what the line shows. */
  to: { text: string } | { hunks: TextHunk[] };
}

/** Collects what verbs ask of cells, then says what that means for the parts. */
export class SheetEdits implements CellEdits {
  readonly #parts: Parts;
  readonly #workbook: Workbook;
  readonly #view: readonly ViewLine[];
  readonly #values: Values;
  readonly #sheets = new Map<number, Sheet>();
  readonly #pending = new Map<string, Pending>();
  readonly #names: PartAim[] = [];
  readonly #lineOf = new Map<string, number>();

  constructor(parts: Parts, workbook: Workbook, view: readonly ViewLine[]) {
    this.#parts = parts;
    this.#workbook = workbook;
    this.#view = view;
    this.#values = valuesOf(parts, workbook);
    for (const [i, line] of view.entries()) if (line.address) this.#lineOf.set(line.address, i + 1);
  }

  /** Numbers of the lines whose cells lie in the block. */
  linesIn(sheet: number, block: Pick<CellBlock, 'from' | 'to'>): number[] {
    const out: number[] = [];
    for (const row of this.#sheet(sheet).rows) {
      if (row.number < block.from.row || row.number > block.to.row) continue;
      for (const cell of row.cells) {
        const line = holds(block, cell) ? this.#lineOf.get(this.#nameOf(sheet, cell)) : undefined;
        if (line !== undefined) out.push(line);
      }
    }
    return out;
  }

  #nameOf(sheet: number, ref: CellRef): string {
    return cellName(this.#workbook.sheets[sheet]!.name, ref);
  }

  isFilled(sheet: number, ref: CellRef): boolean {
    return this.#lineOf.has(this.#nameOf(sheet, ref)) || this.#pending.has(this.#nameOf(sheet, ref));
  }

  /** `set` on a line of the view; an echoed address is taken off, and so is the value before an echoed formula. */
  setLine(n: number, text: string, verb: number): void {
    const line = this.#view[n - 1]!;
    const cell = this.#cellOfLine(n, verb);
    const bare = line.prefix && text.startsWith(line.prefix) ? text.slice(line.prefix.length) : text;
    if (cell) this.set(cell.sheet, cell.ref, bare, verb);
    else this.#setName(n, bare, verb);
  }

  clearLine(n: number, verb: number): void {
    const cell = this.#cellOfLine(n, verb);
    if (!cell) throw this.#refuse(verb, 'a defined name is used by formulas', 'cells');
    this.clear(cell.sheet, { from: cell.ref, to: cell.ref }, verb);
  }

  /** A `sub`, or some characters of a line. */
  change(step: Extract<Step, { kind: 'sub' }>): void {
    const line = this.#view[step.line - 1]!;
    const at = this.#cellOfLine(step.line, step.verb);
    const content = contentOf(line);
    const changed = content.slice(0, step.from) + step.text + content.slice(step.to);
    if (!at) return this.#setName(step.line, changed, step.verb);
    const cell = cellAt(this.#sheet(at.sheet), at.ref);
    const formula = cell && formulaOf(this.#sheet(at.sheet), cell);
    const start = formula === undefined ? 0 : content.length - formula.length;
    if (step.from < start) {
      const what = 'what a formula works out is not typed in';
      throw this.#refuse(step.verb, what, `the formula ${formula}`);
    }
    if (formula !== undefined) return this.set(at.sheet, at.ref, changed.slice(start), step.verb);
    const hunk = { from: step.from, to: step.to, text: step.text };
    const known = this.#pending.get(this.#nameOf(at.sheet, at.ref));
    if (known && 'hunks' in known.to) {
      if (known.to.hunks.some((h) => step.from < h.to && h.from < step.to)) throw this.#overlap(step.verb, known);
      known.to.hunks.push(hunk);
      known.to.hunks.sort((a, b) => a.from - b.from);
      return;
    }
    this.#add(at.sheet, at.ref, { hunks: [hunk] }, step.verb);
  }

  set(sheet: number, ref: CellRef, text: string, verb: number): void {
    const cell = cellAt(this.#sheet(sheet), ref);
    this.#add(sheet, ref, { text: cell ? this.#typed(sheet, cell, text, verb) : text }, verb);
  }

  clear(sheet: number, block: Pick<CellBlock, 'from' | 'to'>, verb: number): void {
    for (const n of this.linesIn(sheet, block)) {
      const { ref } = this.#cellOfLine(n, verb)!;
      this.#add(sheet, ref, { text: '' }, verb);
    }
  }

  aims(): PartAim[] {
    const pending = [...this.#pending.values()].sort(
      (a, b) => a.sheet - b.sheet || a.ref.row - b.ref.row || a.ref.column - b.ref.column,
    );
    const out: PartAim[] = [...this.#names];
    const added = new Map<number, AddedCell[]>();
    const tables: TableEdit[] = [];
    const unchained: (Pick<Pending, 'verb' | 'lines' | 'ref'> & { sheet: string })[] = [];
    for (const each of pending) {
      const { sheet, ref, cell, verb, lines } = each;
      const part = this.#partOf(sheet);
      const table = tableCellAt(this.#parts, part, ref);
      const content = this.#content(each, table !== undefined);
      if (table)
        tables.push({ verb, lines, at: table, text: content.kind === 'text' ? joined(content.runs) : undefined });
      if (!cell) {
        if (content.kind === 'empty') continue;
        added.set(sheet, [...(added.get(sheet) ?? []), { ref, content, verb, lines }]);
        continue;
      }
      const { element } = cell;
      const bytes = this.#parts.bytes(part);
      const splices = replaceBytes(bytes, element.from, element.to, writtenCell(cell, bytes, content));
      if (splices.length === 0) continue;
      out.push({ verb, lines, part, region: insideOf(element), splices });
      if (cell.formula && content.kind !== 'formula') {
        unchained.push({ verb, lines, ref, sheet: this.#workbook.sheets[sheet]!.element.attr('sheetId', '') ?? '' });
      }
    }
    for (const [sheet, cells] of added) out.push(...this.#insert(sheet, cells));
    out.push(...tableAims(this.#parts, tables, () => this.#allFormulas()));
    out.push(...withoutChained(this.#parts, this.#workbook, unchained));
    const [cause] = out;
    const isCounted = pending.some((each) => 'text' in each.to && each.to.text.startsWith('='));
    if (cause && (isCounted || hasFormulas(this.#parts, this.#workbook))) {
      out.push(...recalculateOnLoad(this.#parts, this.#workbook, { verb: cause.verb, lines: cause.lines }));
    }
    return out;
  }

  #insert(sheet: number, cells: AddedCell[]): PartAim[] {
    const part = this.#partOf(sheet);
    const read = this.#sheet(sheet);
    const [first] = cells;
    const cause = { verb: first!.verb, lines: first!.lines };
    const refs = cells.map((cell) => cell.ref);
    return [...addedAims(read, part, this.#parts.bytes(part), cells), ...widenDimension(read, part, refs, cause)];
  }

  #sheet(index: number): Sheet {
    let sheet = this.#sheets.get(index);
    if (!sheet) {
      const part = this.#partOf(index);
      sheet = readSheet(this.#parts.root(part), this.#parts.name(part));
      this.#sheets.set(index, sheet);
    }
    return sheet;
  }

  #partOf(sheet: number): number {
    return this.#workbook.sheets[sheet]!.part!;
  }

  /** The cell of a line; `undefined` for that of a defined name. Headings of sheets are refused. */
  #cellOfLine(n: number, verb: number): { sheet: number; ref: CellRef } | undefined {
    const line = this.#view[n - 1]!;
    if (line.level !== undefined) {
      throw this.#refuse(verb, `line ${n} is the name of a sheet, which formulas use`, 'the cells below it');
    }
    const block = parseAddress(line.address ?? '');
    if (block?.sheet === undefined) return undefined;
    return { sheet: this.#workbook.sheets.findIndex((entry) => entry.name === block.sheet), ref: block.from };
  }

  #setName(n: number, text: string, verb: number): void {
    const line = this.#view[n - 1]!;
    const name = this.#workbook.names.find((each) => each.name === line.address && each.element.from === line.from)!;
    if (!text.startsWith('=') || text.length < 2) throw this.#refuse(verb, 'a name stands for a formula', '"=..."');
    const { innerFrom, innerTo } = name.element;
    const bytes = this.#parts.bytes(this.#workbook.part);
    const splices = replaceBytes(bytes, innerFrom, innerTo, escapeXml(text.slice(1)));
    if (splices.length === 0) return;
    const region = insideOf(name.element);
    this.#names.push({ verb, lines: { from: n, to: n }, part: this.#workbook.part, region, splices });
  }

  #add(sheet: number, ref: CellRef, to: Pending['to'], verb: number): void {
    const name = this.#nameOf(sheet, ref);
    const known = this.#pending.get(name);
    if (known) throw this.#overlap(verb, known);
    const cell = cellAt(this.#sheet(sheet), ref);
    this.#refuseBlocks(sheet, ref, cell, verb);
    const line = this.#lineOf.get(name);
    const lines = line === undefined ? this.#linesBefore(sheet, ref) : { from: line, to: line };
    this.#pending.set(name, { sheet, ref, cell, verb, lines, to });
  }

  /** A new cell has no line yet: it comes after this one. */
  #linesBefore(sheet: number, ref: CellRef): Lines {
    let last = this.#lineOf.get(sheetPrefix(this.#workbook.sheets[sheet]!.name)) ?? 0;
    for (const row of this.#sheet(sheet).rows) {
      if (row.number > ref.row) continue;
      for (const cell of row.cells) {
        if (row.number === ref.row && cell.column > ref.column) continue;
        last = Math.max(last, this.#lineOf.get(this.#nameOf(sheet, cell)) ?? 0);
      }
    }
    return { from: last + 1, to: last };
  }

  #refuseBlocks(sheet: number, ref: CellRef, cell: Cell | undefined, verb: number): void {
    const read = this.#sheet(sheet);
    for (const block of read.merged) {
      if (!holds(block, ref) || (ref.row === block.from.row && ref.column === block.from.column)) continue;
      throw this.#refuse(verb, `${refName(ref)} is inside a merged cell`, this.#nameOf(sheet, block.from));
    }
    for (const { from, to, kind } of read.blocks) {
      if (!holds({ from, to }, ref) || refName(from) === refName(to)) continue;
      const what = kind === 'array' ? 'an array formula' : 'a data table';
      throw this.#refuse(
        verb,
        `${refName(ref)} is part of ${what} over ${refName(from)}:${refName(to)}`,
        'other cells',
      );
    }
    const shared = cell?.formula?.attr('t', '') === 'shared' ? cell.formula.attr('si', '') : undefined;
    const first = shared === undefined ? undefined : read.shared.get(shared);
    if (first && first.followers > 0 && first.cell.element === cell?.element) {
      const what = `${first.followers} other cells take their formula from ${refName(ref)}`;
      throw this.#refuse(verb, what, 'the cells that follow it, one by one');
    }
  }

  /** Without the value that a view line shows before a formula. */
  #typed(sheet: number, cell: Cell, text: string, verb: number): string {
    const formula = formulaOf(this.#sheet(sheet), cell);
    const value = this.#values.shown(cell);
    if (text.startsWith(`${value}|=`)) return text.slice(value.length + 1);
    if (formula !== undefined && text.endsWith(`|${formula}`)) {
      throw this.#refuse(
        verb,
        'what a formula works out is not typed in',
        `the formula ${formula}, or a text without it`,
      );
    }
    return text;
  }

  #content(each: Pending, isTable: boolean): Content {
    const { cell, to } = each;
    const { looks, is1904 } = this.#values;
    const look = looks.of(cell?.style);
    if (!cell)
      return isTable
        ? textContent(inLines((to as { text: string }).text))
        : contentOfText(inLines((to as { text: string }).text), cell, look, is1904);
    const holdsText = !cell.formula && ['s', 'inlineStr', 'str'].includes(cell.type);
    const shown = this.#values.shown(cell);
    const typed = 'text' in to ? to.text : applyHunks(shown, to.hunks);
    const content = contentOfText(inLines(typed), cell, look, is1904);
    if (content.kind === 'formula' || content.kind === 'empty') return content;
    if (content.kind !== 'text') return isTable ? textContent(inLines(typed)) : content;
    if (!holdsText) return content;
    const runs = this.#values.runs(cell);
    const wanted = inLines(typed.startsWith("'=") ? typed.slice(1) : typed);
    const hunks =
      'hunks' in to && !typed.startsWith("'=")
        ? to.hunks.flatMap((hunk) => finer(shown, hunk))
        : wordHunks(joined(runs), wanted);
    const changed = changeRuns(
      runs,
      hunks.map((hunk) => ({ ...hunk, text: inLines(hunk.text) })),
    );
    const source = cell.type === 's' ? this.#workbook.sharedStrings : this.#partOf(each.sheet);
    return { kind: 'text', runs: changed, ...(source === undefined ? {} : { looks: this.#parts.bytes(source) }) };
  }

  #allFormulas(): string[] {
    const out = this.#workbook.names.map((name) => name.element.text);
    for (const [part, { name }] of this.#parts.all.entries()) {
      if (!/\/(?:worksheets|tables|charts)\/[^/]*\.xml$/i.test(name)) continue;
      for (const element of this.#parts.root(part).descendants()) {
        if (/^(?:f|formula|formula[12]|calculatedColumnFormula|totalsRowFormula)$/.test(element.local))
          out.push(element.text);
      }
    }
    return out;
  }

  #refuse(verb: number, what: string, safe: string): Error {
    return fail('DOC_UNSAFE_SPAN', { verb, what, safe });
  }

  #overlap(verb: number, known: Pending): Error {
    return fail('DOC_VERB_INVALID', { verb, reason: `it touches the same cell as verb ${known.verb}` });
  }
}

function textContent(text: string): Content {
  return text === '' ? { kind: 'empty' } : { kind: 'text', runs: [{ text }] };
}

function applyHunks(text: string, hunks: readonly TextHunk[]): string {
  let out = '';
  let at = 0;
  for (const hunk of hunks) {
    out += text.slice(at, hunk.from) + hunk.text;
    at = hunk.to;
  }
  return out + text.slice(at);
}

function finer(text: string, hunk: TextHunk): TextHunk[] {
  return wordHunks(text.slice(hunk.from, hunk.to), hunk.text, hunk.from);
}
