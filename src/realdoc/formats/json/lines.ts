import { type Ask, type Doc, eolAt, invalid, type Landing, textOf, unknownAddress, unparsed, wholeOf } from '../ask.ts';
import { isIndex } from '../pointer.ts';
import { checkJson } from './check.ts';
import { landAt, stepsOf } from './edit.ts';

const MAX_BYTES = 64 * 1024 * 1024;

interface Row {
  from: number;
  /** End of the record without its line end. */
  to: number;
  /** Beginning of the next line. */
  next: number;
  line: number;
}

/**
 * Lands a pointer in JSON Lines: `/0` is the first record (blank lines do not count), `/0/name` a member of it. Only
 * the addressed record has to be valid. Throws as `landInJson` does.
 */
export function landInJsonLines(doc: Doc, ask: Ask): Landing {
  const b = wholeOf(doc, MAX_BYTES);
  const [first, ...rest] = stepsOf(ask);
  const { row, count } = rowAt(b, isIndex(first!) ? Number(first) : -1);
  if (first === '-' && rest.length === 0 && (ask.act === 'before' || ask.act === 'after'))
    return putLines(b, ask, b.length);
  if (!row) throw unknownAddress(doc, ask, count > 0 ? ['/0', `/${count - 1}`] : []);
  const record = b.subarray(row.from, row.to);
  const fault = checkJson(record);
  if (fault) throw unparsed(doc, fault.reason, row.line);
  if (rest.length > 0) return shift(landAt(doc, { ...ask }, record, rest, row.line), row.from);
  if (ask.act === 'cut') {
    const region = { from: row.from, to: row.next };
    return { address: ask.address, region, patches: [{ at: row.from, del: row.next - row.from, ins: '' }] };
  }
  const region = { from: row.from, to: row.to };
  if (ask.act === 'before') return { ...putLines(b, ask, row.from), region };
  if (ask.act === 'after') return { ...putLines(b, ask, row.next), region };
  const ins = ask.act === 'set' ? recordsOf(ask).join('\n') : '';
  const patches = ask.act === 'set' ? [{ at: row.from, del: row.to - row.from, ins }] : [];
  return { address: ask.address, region, patches };
}

function putLines(b: Buffer, ask: Ask, at: number): Landing {
  const eol = eolAt(b, Math.max(0, at - 2));
  const isOpen = at === b.length && at > 0 && b[at - 1] !== 10;
  const records = recordsOf(ask);
  const ins = isOpen ? eol + records.join(eol) : records.map((record) => record + eol).join('');
  return { address: ask.address, region: { from: at, to: at }, patches: [{ at, del: 0, ins }] };
}

function recordsOf(ask: Ask): readonly string[] {
  const records = textOf(ask);
  for (const record of records) {
    if (checkJson(Buffer.from(record)))
      throw invalid(ask, `"${record.slice(0, 80)}" is no record: one JSON value a line`);
  }
  if (ask.act === 'set' && records.length !== 1) throw invalid(ask, 'a record is one line');
  return records;
}

function rowAt(b: Buffer, wanted: number): { row: Row | undefined; count: number } {
  let count = 0;
  let line = 0;
  for (let from = 0; from < b.length; ) {
    const newline = b.indexOf(10, from);
    const next = newline < 0 ? b.length : newline + 1;
    let to = newline < 0 ? b.length : newline;
    if (to > from && b[to - 1] === 13) to--;
    line++;
    if (!isBlank(b, from, to)) {
      if (count === wanted) return { row: { from, to, next, line }, count };
      count++;
    }
    from = next;
  }
  return { row: undefined, count };
}

function isBlank(b: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (b[at] !== 32 && b[at] !== 9) return false;
  return true;
}

function shift(landing: Landing, by: number): Landing {
  return {
    ...landing,
    region: { from: landing.region.from + by, to: landing.region.to + by },
    patches: landing.patches.map((patch) => ({ ...patch, at: patch.at + by })),
  };
}
