import { columnName } from '../../office/cell-address.ts';
import { type Ask, type Doc, invalid, type Landing, type Patch, sourceOf, textOf, unknownAddress } from '../ask.ts';
import { type Cells, cellsOf } from './address.ts';
import { CsvText, type Field, type Record } from './records.ts';

const MAX_ROWS = 20_000;

/**
 * Lands a cell address in CSV or TSV. A cell keeps its manner of quoting; quotes are added only where the new value
 * needs them. `cut` empties cells and takes whole rows (`rows 7-9`) out; `before` and `after` put rows in, each text being a
 * whole record. Reads no further than the addressed row. Throws DOC_ADDRESS_UNKNOWN, DOC_AMBIGUOUS, DOC_VERB_INVALID.
 */
export function landInCsv(doc: Doc, ask: Ask): Landing {
  const csv = csvOf(doc);
  const cells = cellsOf(doc, ask, csv);
  if (cells.rows.to - cells.rows.from >= MAX_ROWS) throw invalid(ask, `more than ${MAX_ROWS} rows`);
  const records = recordsOf(doc, ask, csv, cells);
  const { address } = ask;
  if (ask.act === 'before' || ask.act === 'after') return putRows(csv, ask, records);
  if (!cells.columns) return wholeRows(csv, ask, records);
  const picked = records.map((record) => pick(doc, ask, csv, record, cells.columns!));
  const region = { from: picked[0]![0]!.from, to: picked.at(-1)!.at(-1)!.to };
  if (ask.act === 'show') return { address, region, patches: [] };
  const values = ask.act === 'cut' ? picked.map((row) => row.map(() => '')) : valuesFor(csv, ask, picked);
  const patches: Patch[] = picked.flatMap((row, r) =>
    row.map((field, c) => ({ at: field.from, del: field.to - field.from, ins: print(csv, values[r]![c]!, field) })),
  );
  return { address, region, patches };
}

const indexes = new WeakMap<object, CsvText>();

/** The index of a text stays as long as the text does: the same version is asked for again and again. */
export function csvOf(doc: Doc): CsvText {
  let csv = indexes.get(doc.source);
  if (!csv) {
    csv = new CsvText(doc.source, delimiterOf(doc.path));
    indexes.set(doc.source, csv);
  }
  return csv;
}

/** What parts cells, where the name of a file tells it. */
export function delimiterOf(path: string): number | undefined {
  return /\.(?:tsv|tab)$/i.test(path) ? 9 : undefined;
}

function recordsOf(doc: Doc, ask: Ask, csv: CsvText, { rows, columns }: Cells): Record[] {
  const records: Record[] = [];
  for (let row = rows.from; row <= rows.to; row++) {
    const record = csv.record(row);
    if (!record) {
      const last = csv.count();
      const name = columns ? columnName(columns.from) : '';
      throw unknownAddress(doc, ask, last === 0 ? [] : [columns ? `${name}${last}` : `row ${last}`]);
    }
    records.push(record);
  }
  return records;
}

function pick(doc: Doc, ask: Ask, csv: CsvText, record: Record, columns: { from: number; to: number }): Field[] {
  const fields = csv.fields(record);
  if (fields.length < columns.to) {
    throw unknownAddress(doc, ask, fields.map((_, i) => `${columnName(i + 1)}${record.row}`).reverse());
  }
  return fields.slice(columns.from - 1, columns.to);
}

/** New values by row and column: one cell takes all texts as its lines, a column one text a cell, else records. */
function valuesFor(csv: CsvText, ask: Ask, picked: Field[][]): string[][] {
  const text = textOf(ask);
  const width = picked[0]!.length;
  if (width === 1 && picked.length === 1) return [[text.join('\n')]];
  if (text.length !== picked.length)
    throw invalid(ask, `${picked.length} rows are addressed, ${text.length} are given`);
  if (width === 1) return text.map((value) => [value]);
  return text.map((line) => {
    const row = valuesIn(csv, ask, line);
    if (row.length !== width)
      throw invalid(ask, `${width} cells a row are addressed, "${line.slice(0, 60)}" has ${row.length}`);
    return row;
  });
}

function valuesIn(csv: CsvText, ask: Ask, line: string): string[] {
  const own = new CsvText(sourceOf(Buffer.from(line)), csv.delimiter);
  const record = own.record(1);
  const fields = record ? own.fields(record) : [{ from: 0, to: 0, isQuoted: false }];
  if (own.openQuote >= 0) throw invalid(ask, `a quote is not closed in "${line.slice(0, 60)}"`);
  return fields.map((field) => own.value(field));
}

function print(csv: CsvText, value: string, old: Field): string {
  const needs = value.includes(String.fromCharCode(csv.delimiter)) || /["\r\n]/.test(value);
  return old.isQuoted || needs ? `"${value.replaceAll('"', '""')}"` : value;
}

function wholeRows(csv: CsvText, ask: Ask, records: Record[]): Landing {
  const [first, last] = [records[0]!, records.at(-1)!];
  const region = { from: first.from, to: ask.act === 'cut' ? last.next : last.to };
  const del = region.to - region.from;
  if (ask.act === 'show') return { address: ask.address, region, patches: [] };
  if (ask.act === 'cut') return { address: ask.address, region, patches: [{ at: region.from, del, ins: '' }] };
  const ins = wholeRecords(csv, ask).join(eolOf(csv, first));
  return { address: ask.address, region, patches: [{ at: region.from, del, ins }] };
}

function putRows(csv: CsvText, ask: Ask, records: Record[]): Landing {
  const [first, last] = [records[0]!, records.at(-1)!];
  const rows = wholeRecords(csv, ask);
  const eol = eolOf(csv, last);
  const at = ask.act === 'before' ? first.from : last.next;
  const isOpen = ask.act === 'after' && last.next === last.to;
  const ins = isOpen ? eol + rows.join(eol) : rows.map((row) => row + eol).join('');
  return { address: ask.address, region: { from: first.from, to: last.next }, patches: [{ at, del: 0, ins }] };
}

/** Each text must be one record, or the rows after it would not be what they were. */
function wholeRecords(csv: CsvText, ask: Ask): readonly string[] {
  const text = textOf(ask);
  for (const line of text) valuesIn(csv, ask, line);
  return text;
}

function eolOf(csv: CsvText, record: Record): string {
  const near = record.next > record.to ? record : csv.record(1)!;
  return near.next - near.to === 2 ? '\r\n' : '\n';
}
