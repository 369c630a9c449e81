/** A cell by row and column, both counted from 1. */
export interface CellRef {
  row: number;
  column: number;
}

/** A block of cells, edges included. `sheet` is absent where none was named. */
export interface CellBlock {
  sheet?: string;
  from: CellRef;
  to: CellRef;
}

/** What Excel can hold; LibreOffice holds no more by default. */
const MAX_ROW = 1_048_576;
const MAX_COLUMN = 16_384;

export function columnName(column: number): string {
  let name = '';
  for (let n = column; n > 0; n = Math.floor((n - 1) / 26)) name = String.fromCharCode(65 + ((n - 1) % 26)) + name;
  return name;
}

export function columnNumber(name: string): number {
  let column = 0;
  for (const letter of name.toUpperCase()) column = column * 26 + letter.charCodeAt(0) - 64;
  return column;
}

export function refName(ref: CellRef): string {
  return `${columnName(ref.column)}${ref.row}`;
}

/** `B7`, `$B$7`; `undefined` for anything else, and for cells that no sheet has. */
export function parseRef(text: string): CellRef | undefined {
  const match = /^\$?([A-Za-z]{1,3})\$?([1-9]\d{0,6})$/.exec(text);
  if (!match) return undefined;
  const column = columnNumber(match[1]!);
  const row = Number(match[2]);
  return column <= MAX_COLUMN && row <= MAX_ROW ? { row, column } : undefined;
}

/** `B7` or `B7:C9`, with or without `$`. */
export function parseBlock(text: string): Omit<CellBlock, 'sheet'> | undefined {
  const [a, b, ...more] = text.split(':');
  const from = parseRef(a ?? '');
  const to = b === undefined ? from : parseRef(b);
  if (!from || !to || more.length > 0) return undefined;
  return {
    from: { row: Math.min(from.row, to.row), column: Math.min(from.column, to.column) },
    to: { row: Math.max(from.row, to.row), column: Math.max(from.column, to.column) },
  };
}

/** `Sheet1!B7`, `'My sheet'!B7:C9`, `B7`. */
export function parseAddress(text: string): CellBlock | undefined {
  const match = /^(?:(?:'((?:[^']|'')+)'|([^'!]+))!)?([^!]+)$/.exec(text.trim());
  const block = match && parseBlock(match[3]!);
  if (!block) return undefined;
  const sheet = match[1]?.replaceAll("''", "'") ?? match[2];
  return sheet === undefined ? block : { sheet, ...block };
}

/** A sheet's name as it stands in an address: quoted where a formula would quote it. */
export function sheetPrefix(sheet: string): string {
  const isPlain = /^[\p{L}_][\p{L}\p{N}_.]*$/u.test(sheet) && !parseRef(sheet) && !/^r\d*c\d*$/i.test(sheet);
  return isPlain ? sheet : `'${sheet.replaceAll("'", "''")}'`;
}

export function holds(block: Pick<CellBlock, 'from' | 'to'>, ref: CellRef): boolean {
  const { from, to } = block;
  return ref.row >= from.row && ref.row <= to.row && ref.column >= from.column && ref.column <= to.column;
}
