import { columnName } from '../../office/cell-address.ts';
import type { OutlineEntry, SyntaxFault } from '../ask.ts';
import { headerOf } from './address.ts';
import type { CsvText } from './records.ts';

const MAX_CHECKED = 100_000;

/** The first record with more or fewer cells than the header, or a quote that never closes. Blank lines pass. */
export function checkCsv(csv: CsvText): SyntaxFault | undefined {
  let line = 1;
  let lineFrom = 0;
  const header = csv.record(1);
  if (!header) return undefined;
  const width = csv.fields(header).length;
  for (let row = 1; row <= MAX_CHECKED; row++) {
    const record = csv.record(row);
    if (!record) return undefined;
    for (let n = csv.bytes.indexOf(10, lineFrom, record.from); n >= 0; n = csv.bytes.indexOf(10, n + 1, record.from))
      line++;
    lineFrom = record.from;
    const fields = record.to === record.from ? width : csv.fields(record).length;
    if (csv.openQuote >= 0) return { line, reason: 'a quote is not closed' };
    if (fields !== width) return { line, reason: `${fields} cells where the header has ${width}` };
  }
  return undefined;
}

/** The columns by name, all on the header's line. */
export function outlineOfCsv(csv: CsvText): OutlineEntry[] {
  return headerOf(csv).map((title, i) => ({
    line: csv.start > 3 ? 2 : 1,
    level: 1,
    title: title.slice(0, 200),
    address: `${columnName(i + 1)}1`,
  }));
}
