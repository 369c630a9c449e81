import { type CellRef, refName } from '../cell-address.ts';
import { insideOf, prefixOf, startTag } from '../edit-element.ts';
import type { PartAim } from '../kind.ts';
import type { Lines } from '../line-verbs.ts';
import type { XmlElement } from '../xml.ts';
import { type Content, newCell } from './content.ts';
import type { Row, Sheet } from './sheet.ts';
import { isOn } from './workbook.ts';

/** A cell that has no element yet. */
export interface AddedCell {
  ref: CellRef;
  content: Content;
  verb: number;
  lines: Lines;
}

/** Puts cells into their rows and rows into the sheet, in order. `cells` come sorted by row and column. */
export function addedAims(sheet: Sheet, part: number, bytes: Buffer, cells: readonly AddedCell[]): PartAim[] {
  const places = new Map<string, { at: Place; cells: AddedCell[] }>();
  for (const cell of cells) {
    const at = placeOf(sheet, cell.ref);
    const key = `${at.kind} ${at.at}`;
    const known = places.get(key);
    if (known) known.cells.push(cell);
    else places.set(key, { at, cells: [cell] });
  }
  const aims = [...places.values()].map(({ at, cells: these }) => {
    const [first] = these;
    const { verb, lines } = first!;
    const written = at.row ? cellsOf(sheet, at.row, these) : rowsOf(sheet, these);
    if (at.kind === 'between') {
      return { verb, lines, part, region: { from: at.at, to: at.at }, splices: [{ at: at.at, del: 0, ins: written }] };
    }
    const { from, to } = at.element;
    const opened = `${startTag(at.element, bytes, {})}>${written}</${at.element.name}>`;
    return { verb, lines, part, region: insideOf(at.element), splices: [{ at: from, del: to - from, ins: opened }] };
  });
  return [...aims, ...widerRows(cells, sheet, part)];
}

/** `between`: cells or rows go in at a byte. `open`: the element is written `<a/>` and has no inside yet. */
type Place = { row?: Row; at: number } & ({ kind: 'between' } | { kind: 'open'; element: XmlElement });

function placeOf(sheet: Sheet, ref: CellRef): Place {
  const row = sheet.rows.find((each) => each.number === ref.row);
  if (!row) {
    if (sheet.data.isSelfClosing) return { kind: 'open', element: sheet.data, at: sheet.data.from };
    const next = sheet.rows.find((each) => each.number > ref.row);
    return { kind: 'between', at: next?.element.from ?? sheet.rows.at(-1)?.element.to ?? sheet.data.innerTo };
  }
  if (row.element.isSelfClosing) return { kind: 'open', element: row.element, row, at: row.element.from };
  const next = row.cells.find((cell) => cell.column > ref.column);
  return { kind: 'between', row, at: next?.element.from ?? row.cells.at(-1)?.element.to ?? row.element.innerFrom };
}

function cellsOf(sheet: Sheet, row: Row | undefined, cells: readonly AddedCell[]): string {
  const like = row?.element ?? sheet.data;
  return cells.map((cell) => newCell(refName(cell.ref), styleFor(sheet, row, cell.ref), cell.content, like)).join('');
}

function rowsOf(sheet: Sheet, cells: readonly AddedCell[]): string {
  const prefix = prefixOf(sheet.data);
  const numbers = [...new Set(cells.map((cell) => cell.ref.row))];
  return numbers
    .map((number) => {
      const inside = cells.filter((cell) => cell.ref.row === number);
      return `<${prefix}row r="${number}">${cellsOf(sheet, undefined, inside)}</${prefix}row>`;
    })
    .join('');
}

/** A new cell looks as its row does, else as its column: what Excel gives to a cell that is typed into. */
function styleFor(sheet: Sheet, row: Row | undefined, ref: CellRef): string | undefined {
  if (row && isOn(row.element.attr('customFormat', ''))) return row.element.attr('s', '');
  for (const column of sheet.root.first('cols')?.elements('col') ?? []) {
    const [min, max] = [Number(column.attr('min', '')), Number(column.attr('max', ''))];
    if (ref.column >= min && ref.column <= max) return column.attr('style', '');
  }
  return undefined;
}

/** The columns that a row says it spans: a hint for readers in a hurry. */
function widerRows(cells: readonly AddedCell[], sheet: Sheet, part: number): PartAim[] {
  const out: PartAim[] = [];
  for (const row of sheet.rows) {
    const spans = row.element.attribute('spans', '');
    const match = /^(\d+):(\d+)$/.exec(spans?.value ?? '');
    const inside = cells.filter((cell) => cell.ref.row === row.number);
    if (!spans || !match || inside.length === 0 || row.element.isSelfClosing) continue;
    const columns = inside.map((cell) => cell.ref.column);
    const wider = `${Math.min(Number(match[1]), ...columns)}:${Math.max(Number(match[2]), ...columns)}`;
    if (wider === spans.value) continue;
    const { verb, lines } = inside[0]!;
    const region = { from: spans.from - 1, to: spans.to + 1 };
    const splices = [{ at: spans.from, del: spans.to - spans.from, ins: wider }];
    out.push({ verb, lines, part, region, splices, aside: true });
  }
  return out;
}
