import { columnName } from '../../office/cell-address.ts';
import { Pace } from '../../pace.ts';
import { diffNumbers, type Hunk } from '../../text/diff.ts';
import { type Source, sourceOf } from '../ask.ts';
import { CsvText, type Field, type Record } from './records.ts';

/** What became of a cell (`B7`), a whole row (`row 7`) or the line ends. `null`: it was not there, or is not any more. */
export interface TableChange {
  address: string;
  from: string | null;
  to: string | null;
}

export interface TableDiff {
  cells: TableChange[];
  /** There are more changes than these. */
  isCut: boolean;
}

/** Longer tables are compared by lines only. */
const MAX_BYTES = 8 * 1024 * 1024;
/** A longer record is told whole. */
const MAX_RECORD = 64 * 1024;
/** Of more rows that all differ the first ones are told, side by side. */
const MAX_KEYED = 20_000;

/**
 * The change of a table as cells and rows, every one of them up to `limit`. Rows are found again by what they say, then
 * by their first cell; columns by the header. Rows and cells that came are called by their place in `after`, those that
 * went by their place in `before`. Nothing where lines tell it better: another delimiter or BOM, a quote that never
 * closes, a table that is too long.
 */
export async function diffTables(
  before: Source,
  after: Source,
  limit: number,
  delimiter?: number,
  signal?: AbortSignal,
): Promise<TableDiff | undefined> {
  if (Math.max(before.bytes, after.bytes) > MAX_BYTES) return undefined;
  const pace = new Pace(signal);
  const a = await Table.read(before, delimiter, pace);
  const b = await Table.read(after, delimiter, pace);
  if (a.csv.delimiter !== b.csv.delimiter || a.csv.start !== b.csv.start) return undefined;
  if (a.csv.openQuote >= 0 || b.csv.openQuote >= 0) return undefined;
  const diff: TableDiff = { cells: [], isCut: false };
  const columns = await columnsOf(a, b, pace);
  for await (const [i, j] of pairRows(a, b, diff, pace)) {
    if (diff.cells.length > limit) break;
    if (pace.isDue) await pace.turn();
    if (i < 0) diff.cells.push({ address: `row ${b.rows[j]!.row}`, from: null, to: b.raw(j) });
    else if (j < 0) diff.cells.push({ address: `row ${a.rows[i]!.row}`, from: a.raw(i), to: null });
    else compareRows(a, i, b, j, columns, diff.cells);
  }
  if (diff.cells.length > limit) {
    diff.isCut = true;
    diff.cells.length = limit;
  }
  return diff;
}

class Table {
  readonly csv: CsvText;
  readonly rows: Record[] = [];
  readonly #bytes: Buffer;

  private constructor(bytes: Buffer, delimiter: number | undefined) {
    this.#bytes = bytes;
    this.csv = new CsvText(sourceOf(bytes), delimiter);
  }

  static async read(source: Source, delimiter: number | undefined, pace: Pace): Promise<Table> {
    const table = new Table(source.slice(0, source.bytes), delimiter);
    for (let record = table.csv.record(1); record; record = table.csv.record(record.row + 1)) {
      table.rows.push(record);
      if (pace.isDue) await pace.turn();
    }
    return table;
  }

  /** A row or cell as it stands, one character a byte. */
  key({ from, to }: { from: number; to: number }): string {
    return this.#bytes.toString('latin1', from, to);
  }

  spelled({ from, to }: { from: number; to: number }): string {
    return this.#bytes.toString('utf8', from, to);
  }

  raw(i: number): string {
    return this.spelled(this.rows[i]!);
  }

  isLong(i: number): boolean {
    return this.rows[i]!.to - this.rows[i]!.from > MAX_RECORD;
  }

  fields(i: number): Field[] {
    return this.csv.fields(this.rows[i]!);
  }

  firstKey(i: number): string {
    return this.isLong(i) ? this.key(this.rows[i]!) : this.key(this.fields(i)[0]!);
  }

  lineEnd(i: number): string {
    const { to, next } = this.rows[i]!;
    return ['', 'LF', 'CRLF'][next - to] ?? '';
  }
}

type Pair = [before: number, after: number];

/** Rows that differ, in order; -1 for the side where there is none. Notes other line ends of rows that do not. */
async function* pairRows(a: Table, b: Table, diff: TableDiff, pace: Pace): AsyncGenerator<Pair> {
  const ends = new Map<string, string>();
  const whole: Sides = {
    length: [a.rows.length, b.rows.length],
    key: [(i) => a.key(a.rows[i]!), (j) => b.key(b.rows[j]!)],
  };
  let [i, j] = [0, 0];
  for (const { aFrom, aTo, bFrom, bTo } of [...(await align(whole, pace)), endOf(a, b)]) {
    for (; i < aFrom; i++, j++) {
      const isLast = i === a.rows.length - 1 || j === b.rows.length - 1;
      if (!isLast && a.lineEnd(i) !== b.lineEnd(j)) ends.set(a.lineEnd(i), b.lineEnd(j));
      if (pace.isDue) await pace.turn();
    }
    const length: Pair = [aTo - aFrom, bTo - bFrom];
    const key: Sides['key'] = [(k) => a.firstKey(aFrom + k), (k) => b.firstKey(bFrom + k)];
    const isShort = Math.max(...length) <= MAX_KEYED;
    const pairs = isShort
      ? pairsOf(await align({ length, key }, pace), length)
      : sideBySide(0, length[0], 0, length[1]);
    for (const [x, y] of pairs) yield [x < 0 ? -1 : aFrom + x, y < 0 ? -1 : bFrom + y];
    [i, j] = [aTo, bTo];
  }
  for (const [from, to] of ends) diff.cells.push({ address: 'line ends', from, to });
}

function endOf({ rows: a }: Table, { rows: b }: Table): Hunk {
  return { aFrom: a.length, aTo: a.length, bFrom: b.length, bTo: b.length };
}

interface Sides {
  length: Pair;
  key: [before: (i: number) => string, after: (i: number) => string];
}

async function align({ length, key }: Sides, pace: Pace): Promise<Hunk[]> {
  const ids = new Map<string, number>();
  const sides: Int32Array[] = [];
  for (const side of [0, 1] as const) {
    const numbers = new Int32Array(length[side]);
    for (let i = 0; i < numbers.length; i++) {
      const text = key[side](i);
      const id = ids.get(text) ?? ids.size;
      ids.set(text, id);
      numbers[i] = id;
      if (pace.isDue) await pace.turn();
    }
    sides.push(numbers);
  }
  return diffNumbers(sides[0]!, sides[1]!, ids.size);
}

/** Everything on both sides, what is alike with its like. */
function* pairsOf(hunks: readonly Hunk[], [a, b]: Pair): Generator<Pair> {
  let [i, j] = [0, 0];
  for (const { aFrom, aTo, bFrom, bTo } of [...hunks, { aFrom: a, aTo: a, bFrom: b, bTo: b }]) {
    while (i < aFrom) yield [i++, j++];
    yield* sideBySide(aFrom, aTo, bFrom, bTo);
    [i, j] = [aTo, bTo];
  }
}

function* sideBySide(aFrom: number, aTo: number, bFrom: number, bTo: number): Generator<Pair> {
  for (let k = 0; k < Math.max(aTo - aFrom, bTo - bFrom); k++)
    yield [aFrom + k < aTo ? aFrom + k : -1, bFrom + k < bTo ? bFrom + k : -1];
}

interface Columns {
  pairs: Pair[];
  /** How many the headers have: what stands right of them goes by its place. */
  widths: Pair;
}

/** Columns of the two tables that are one by their name in the header. */
async function columnsOf(a: Table, b: Table, pace: Pace): Promise<Columns> {
  const isTold = a.rows.length > 0 && b.rows.length > 0 && !a.isLong(0) && !b.isLong(0);
  const [one, two] = isTold ? [a.fields(0), b.fields(0)] : [[], []];
  const widths: Pair = [one.length, two.length];
  const hunks = await align({ length: widths, key: [(i) => a.key(one[i]!), (j) => b.key(two[j]!)] }, pace);
  return { pairs: [...pairsOf(hunks, widths)], widths };
}

function compareRows(a: Table, i: number, b: Table, j: number, columns: Columns, out: TableChange[]): void {
  if (a.isLong(i) || b.isLong(j)) {
    out.push({ address: `row ${b.rows[j]!.row}`, from: a.raw(i), to: b.raw(j) });
    return;
  }
  const [old, now] = [a.fields(i), b.fields(j)];
  const compare = (x: number, y: number): void => {
    const [was, is] = [old[x], now[y]];
    if (!was && !is) return;
    if (was && is && a.key(was) === b.key(is)) return;
    const address = is ? `${columnName(y + 1)}${b.rows[j]!.row}` : `${columnName(x + 1)}${a.rows[i]!.row}`;
    const [from, to] = [was ? a.csv.value(was) : null, is ? b.csv.value(is) : null];
    // Said the same in another spelling: then the spelling is the change.
    out.push(from === to ? { address, from: a.spelled(was!), to: b.spelled(is!) } : { address, from, to });
  };
  for (const [x, y] of columns.pairs) compare(x, y);
  const [wide, wideNow] = columns.widths;
  for (let k = 0; wide + k < old.length || wideNow + k < now.length; k++) compare(wide + k, wideNow + k);
}
