import { type CellBlock, type CellRef, holds, parseAddress, sheetPrefix } from '../cell-address.ts';
import { isSameCell, isSheetName, isWorkedOut, unsafeCell, withoutValue } from '../cell-refusals.ts';
import { type CellEdits, cellName } from '../cell-verbs.ts';
import { insideOf, replaceBytes } from '../edit-element.ts';
import type { PartAim, ViewLine } from '../kind.ts';
import { contentOf, type Lines, type Step, withoutPrefix } from '../line-verbs.ts';
import type { Parts } from '../relations.ts';
import { canStandInXml, escapeXml } from '../xml-text.ts';
import { refuseBound } from './bound-cells.ts';
import { type Content, writtenCell } from './content.ts';
import { type AddedCell, addedAims } from './insert.ts';
import { allFormulas, hasFormulas, recalculateOnLoad, widenDimension, withoutChained } from './recalculate.ts';
import { type Cell, cellAt, formulaOf, readSheet, type Sheet } from './sheet.ts';
import { joined } from './strings.ts';
import { type TableEdit, tableAims, tableCellAt } from './tables.ts';
import { contentOfNew, contentOfTyped, type Typed } from './typed.ts';
import type { Values } from './values.ts';
import { valuesOf } from './view.ts';
import type { Workbook } from './workbook.ts';

/** One cell that changes. Hunks of several `sub` verbs meet here; everything else may come once. */
interface Pending {
  sheet: number;
  ref: CellRef;
  cell: Cell | undefined;
  verb: number;
  lines: Lines;
  to: Typed;
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
    const cell = this.#cellOfLine(n, verb);
    const bare = withoutPrefix(this.#view[n - 1]!, text);
    if (cell) this.set(cell.sheet, cell.ref, bare, verb);
    else this.#setName(n, bare, verb);
  }

  clearLine(n: number, verb: number): void {
    const cell = this.#cellOfLine(n, verb);
    if (!cell) throw unsafeCell(verb, 'a defined name is used by formulas', 'cells');
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
    if (step.from < start) throw isWorkedOut(step.verb, `the formula ${formula}`);
    if (formula !== undefined) return this.set(at.sheet, at.ref, changed.slice(start), step.verb);
    const hunk = { from: step.from, to: step.to, text: step.text };
    const known = this.#pending.get(this.#nameOf(at.sheet, at.ref));
    if (known && 'hunks' in known.to) {
      if (known.to.hunks.some((h) => step.from < h.to && h.from < step.to)) throw isSameCell(step.verb, known.verb);
      known.to.hunks.push(hunk);
      known.to.hunks.sort((a, b) => a.from - b.from);
      return;
    }
    this.#add(at.sheet, at.ref, { hunks: [hunk] }, step.verb);
  }

  set(sheet: number, ref: CellRef, text: string, verb: number): void {
    const read = this.#sheet(sheet);
    const cell = cellAt(read, ref);
    const typed = cell ? withoutValue(text, this.#values.shown(cell), formulaOf(read, cell), verb) : text;
    this.#add(sheet, ref, { text: typed }, verb);
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
      if (this.#isEcho(each)) continue;
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
    out.push(...tableAims(this.#parts, tables, () => allFormulas(this.#parts, this.#workbook)));
    out.push(...withoutChained(this.#parts, this.#workbook, unchained));
    const [cause] = out;
    const isCounted = pending.some((each) => 'text' in each.to && each.to.text.startsWith('='));
    if (cause && (isCounted || hasFormulas(this.#parts, this.#workbook))) {
      out.push(...recalculateOnLoad(this.#parts, this.#workbook, { verb: cause.verb, lines: cause.lines }));
    }
    return out;
  }

  /** Set to what the line says: how the cell says it is kept. */
  #isEcho({ sheet, cell, to }: Pending): boolean {
    if (!cell || !('text' in to)) return false;
    return to.text === (formulaOf(this.#sheet(sheet), cell) ?? this.#values.shown(cell));
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
    if (line.level !== undefined) throw isSheetName(verb, n);
    const block = parseAddress(line.address ?? '');
    if (block?.sheet === undefined) return undefined;
    return { sheet: this.#workbook.sheets.findIndex((entry) => entry.name === block.sheet), ref: block.from };
  }

  #setName(n: number, text: string, verb: number): void {
    const line = this.#view[n - 1]!;
    const name = this.#workbook.names.find((each) => each.name === line.address && each.element.from === line.from)!;
    if (!text.startsWith('=') || text.length < 2) throw unsafeCell(verb, 'a name stands for a formula', '"=..."');
    if (!canStandInXml(text)) throw unsafeCell(verb, 'a name holds a character that XML cannot hold', 'another text');
    const { innerFrom, innerTo } = name.element;
    const bytes = this.#parts.bytes(this.#workbook.part);
    const splices = replaceBytes(bytes, innerFrom, innerTo, escapeXml(text.slice(1)));
    if (splices.length === 0) return;
    const region = insideOf(name.element);
    this.#names.push({ verb, lines: { from: n, to: n }, part: this.#workbook.part, region, splices });
  }

  #add(sheet: number, ref: CellRef, to: Typed, verb: number): void {
    const name = this.#nameOf(sheet, ref);
    const known = this.#pending.get(name);
    if (known) throw isSameCell(verb, known.verb);
    const cell = cellAt(this.#sheet(sheet), ref);
    refuseBound(this.#sheet(sheet), ref, cell, verb, (other) => this.#nameOf(sheet, other));
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

  #content({ sheet, cell, to }: Pending, isHead: boolean): Content {
    const values = this.#values;
    if (!cell) return contentOfNew((to as { text: string }).text, values, isHead);
    const part = cell.type === 's' ? this.#workbook.sharedStrings : this.#partOf(sheet);
    const source = part === undefined ? undefined : this.#parts.bytes(part);
    return contentOfTyped(cell, to, { values, isHead, source });
  }
}
