import { fail } from '../../common/index.ts';
import type { Verb } from '../edit/verbs.ts';
import { charsStep, isLinePlace, isLineRange, linesAt, unknownAddress } from './addresses.ts';
import { type CellBlock, type CellRef, parseAddress, refName, sheetPrefix } from './cell-address.ts';
import type { PartAim, ViewLine } from './kind.ts';
import { contentOf, LineVerbs, type Searchable, type Step } from './line-verbs.ts';

/** What a formula works out is not searched: only the formula can be changed. */
const searchable: Searchable = (line) => {
  const text = contentOf(line);
  const at = text.indexOf('|=');
  return at < 0 ? { from: 0, text } : { from: at + 1, text: text.slice(at + 1) };
};

/** A sheet by its name; `hasCells` is false for one that is a chart. */
export interface SheetName {
  name: string;
  isHidden: boolean;
  hasCells: boolean;
}

type Block = Pick<CellBlock, 'from' | 'to'>;

/** What a format does with cells. Every call may throw DOC_UNSAFE_SPAN or DOC_VERB_INVALID; nothing happens before `aims`. */
export interface CellEdits {
  /** `set` on a line of the view, as it was typed: an echoed address is taken off. */
  setLine(line: number, text: string, verb: number): void;
  clearLine(line: number, verb: number): void;
  /** Some characters of a line. */
  change(step: Extract<Step, { kind: 'sub' }>): void;
  set(sheet: number, ref: CellRef, text: string, verb: number): void;
  clear(sheet: number, block: Block, verb: number): void;
  /** Numbers of the lines whose cells lie in the block. */
  linesIn(sheet: number, block: Block): number[];
  isFilled(sheet: number, ref: CellRef): boolean;
  aims(): PartAim[];
}

/** Verbs on lines of the view and on cells, as changes of cells. Throws the typed errors of an edit. */
export function resolveCells(
  edits: CellEdits,
  sheets: readonly SheetName[],
  view: readonly ViewLine[],
  verbs: readonly Verb[],
): PartAim[] {
  const lines = new LineVerbs(view, searchable);
  for (const [i, verb] of verbs.entries()) resolveVerb({ sheets, view, edits, lines }, verb, i + 1);
  return edits.aims();
}

export function cellName(sheet: string, ref: CellRef): string {
  return `${sheetPrefix(sheet)}!${refName(ref)}`;
}

interface Context {
  sheets: readonly SheetName[];
  view: readonly ViewLine[];
  edits: CellEdits;
  lines: LineVerbs;
}

function resolveVerb(at: Context, verb: Verb, number: number): void {
  const chars = charsStep(at.view, verb, number);
  if (chars?.kind === 'sub') return at.edits.change(chars);
  if ('move' in verb)
    throw invalid(number, 'cells do not move: set them where they are to be and cut them where they were');
  if ('sub' in verb) return sub(at, verb, number);
  if ('put' in verb) return put(at, verb, number);
  const range = 'set' in verb ? verb.set : verb.cut;
  if (isLineRange(range)) {
    for (const step of at.lines.read(verb, number)) {
      if (step.kind === 'cut') for (let n = step.lines.from; n <= step.lines.to; n++) at.edits.clearLine(n, number);
      if (step.kind !== 'set') continue;
      const count = step.lines.to - step.lines.from + 1;
      if (step.texts.length !== count) {
        throw invalid(number, `${count} cells are addressed and ${step.texts.length} texts are given; give one each`);
      }
      for (const [i, text] of step.texts.entries()) at.edits.setLine(step.lines.from + i, text, number);
    }
    return;
  }
  const target = locate(at, range, number);
  if ('line' in target) {
    if ('set' in verb) at.edits.setLine(target.line, onlyText(verb.text, number), number);
    else at.edits.clearLine(target.line, number);
    return;
  }
  guard(at, verb, target, number);
  if ('cut' in verb) at.edits.clear(target.sheet, target.block, number);
  else fill(at, target, verb.text, number);
}

interface Target {
  sheet: number;
  block: Pick<CellBlock, 'from' | 'to'>;
}

/** A block of cells, or the line of a defined name. Throws DOC_ADDRESS_UNKNOWN. */
function locate(at: Context, address: string, number: number): Target | { line: number } {
  const block = parseAddress(address);
  if (!block) {
    const [line, ...others] = linesAt(at.view, address);
    if (line === undefined) throw unknownAddress(address, at.view, 'it is no cell such as Sheet1!B7 or Sheet1!B7:C9');
    if (others.length > 0) {
      throw unknownAddress(address, at.view, `lines ${[line, ...others].join(', ')} have it; give the number of one`);
    }
    return { line };
  }
  const { sheets } = at;
  const names = sheets.map((entry) => sheetPrefix(entry.name));
  if (block.sheet === undefined) {
    const visible = sheets.flatMap((entry, i) => (entry.isHidden || !entry.hasCells ? [] : [i]));
    if (visible.length === 1) return { sheet: visible[0]!, block };
    throw invalid(number, `${address} is on several sheets; name one of ${names.slice(0, 20).join(', ')}`);
  }
  const wanted = block.sheet.toLowerCase();
  let sheet = sheets.findIndex((entry) => entry.name === block.sheet);
  if (sheet < 0) sheet = sheets.findIndex((entry) => entry.name.toLowerCase() === wanted);
  if (sheet >= 0 && sheets[sheet]!.hasCells) return { sheet, block };
  throw fail('DOC_ADDRESS_UNKNOWN', { address, reason: 'there is no such sheet with cells', near: names.slice(0, 5) });
}

/** Guards of a verb on cells: `was` is looked for in what the cells show, `count` counts the cells. */
function guard(at: Context, verb: Verb, target: Target, number: number): void {
  const { from, to } = target.block;
  const refuse = (kind: string, expected: unknown, actual: unknown): Error =>
    fail('DOC_GUARD_FAILED', { guard: kind, verb: number, expected, actual, lines: blockName(at, target) });
  if (verb.count !== undefined) {
    const cells = (to.row - from.row + 1) * (to.column - from.column + 1);
    if (verb.count !== cells) throw refuse('count', verb.count, cells);
  }
  if (verb.was === undefined && verb.hash === undefined) return;
  const lines = at.edits.linesIn(target.sheet, target.block);
  const shown = lines.map((n) => at.view[n - 1]!);
  if (verb.was !== undefined) {
    const texts = shown.map((line) => line.text);
    if (!texts.some((text) => text.includes(verb.was!))) throw refuse('was', verb.was, texts.join('\n').slice(0, 2000));
  }
  if (verb.hash === undefined) return;
  if (lines.some((n, i) => n !== lines[0]! + i)) throw invalid(number, 'a hash speaks of lines in one piece');
  if (lines.length === 0) throw refuse('hash', verb.hash, '');
  at.lines.read({ cut: `${lines[0]}-${lines.at(-1)}`, hash: verb.hash }, number);
}

/** Rows as texts, cells of a row apart by tabs; one cell takes its text as it is. */
function fill(at: Context, target: Target, texts: readonly string[], number: number): void {
  const { from, to } = target.block;
  const [rows, columns] = [to.row - from.row + 1, to.column - from.column + 1];
  if (rows === 1 && columns === 1) return at.edits.set(target.sheet, from, onlyText(texts, number), number);
  if (texts.length !== rows) throw invalid(number, `${rows} rows are addressed and ${texts.length} texts are given`);
  for (const [r, text] of texts.entries()) {
    const cells = cleaned(text, number).split('\t');
    if (cells.length !== columns) {
      throw invalid(number, `row ${r + 1} has ${cells.length} cells for ${columns} columns; put tabs between cells`);
    }
    for (const [c, each] of cells.entries()) {
      at.edits.set(target.sheet, { row: from.row + r, column: from.column + c }, each, number);
    }
  }
}

/** New cells: at an address, downwards and (by tabs) to the right; or with the address in each text. */
function put(at: Context, verb: Extract<Verb, { put: unknown }>, number: number): void {
  if (isLinePlace(verb.put)) {
    at.lines.read(verb, number);
    for (const text of verb.text) {
      const match = /^((?:'(?:[^']|'')+'|[^'!|]+)!\$?[A-Za-z]{1,3}\$?\d+)\|(.*)$/s.exec(text);
      if (!match) throw invalid(number, 'say which cell it is: put >Sheet1!B9, or "Sheet1!B9|text" as text');
      place(at, match[1]!, [match[2]!], number);
    }
    return;
  }
  place(at, verb.put.replace(/^[<>]/, ''), verb.text, number, verb);
}

function place(at: Context, address: string, texts: readonly string[], number: number, verb?: Verb): void {
  const target = locate(at, address, number);
  if ('line' in target) throw invalid(number, `${address} is no cell`);
  if (verb) guard(at, verb, target, number);
  const start = target.block.from;
  const isSingle = target.block.to.row === start.row && target.block.to.column === start.column;
  if (!isSingle) throw invalid(number, 'put takes the first cell; rows go down from it and tabs go to the right');
  const put = (ref: CellRef, text: string): void => {
    if (text === '') return;
    if (at.edits.isFilled(target.sheet, ref)) {
      throw invalid(number, `${cellName(at.sheets[target.sheet]!.name, ref)} is not empty; change it with set`);
    }
    at.edits.set(target.sheet, ref, text, number);
  };
  for (const [r, text] of texts.entries()) {
    for (const [c, each] of cleaned(text, number).split('\t').entries()) {
      put({ row: start.row + r, column: start.column + c }, each);
    }
  }
}

function sub(at: Context, verb: Extract<Verb, { sub: unknown }>, number: number): void {
  const { range } = verb.sub;
  let steps: ReturnType<LineVerbs['read']>;
  if (range === undefined || isLineRange(range)) steps = at.lines.read(verb, number);
  else {
    const target = locate(at, range, number);
    const inside = new Set('line' in target ? [target.line] : at.edits.linesIn(target.sheet, target.block));
    const { range: _, ...rest } = verb.sub;
    steps = at.lines.read({ ...verb, sub: rest }, number, { has: (line) => inside.has(line) });
  }
  for (const step of steps) if (step.kind === 'sub') at.edits.change(step);
}

function blockName(at: Context, { sheet, block }: Target): string {
  const first = cellName(at.sheets[sheet]!.name, block.from);
  const last = refName(block.to);
  return refName(block.from) === last ? first : `${first}:${last}`;
}

function onlyText(texts: readonly string[], number: number): string {
  if (texts.length !== 1) throw invalid(number, 'one cell takes one text');
  return cleaned(texts[0]!, number);
}

function cleaned(text: string, number: number): string {
  if (/[\r\n]/.test(text)) throw invalid(number, 'a text is one line; a break inside a cell is written as ↵');
  if (!text.isWellFormed()) throw invalid(number, 'a text holds half a character');
  return text;
}

function invalid(verb: number, reason: string): Error {
  return fail('DOC_VERB_INVALID', { verb, reason });
}
