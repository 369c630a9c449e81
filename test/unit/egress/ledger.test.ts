import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Ledger, type LedgerRecord } from '../../../src/egress/ledger.ts';

const directory = mkdtempSync(join(tmpdir(), 'jingu-ledger-'));
afterAll(() => rmSync(directory, { recursive: true }));

const dial = (ticket: string, over: Partial<LedgerRecord> = {}): Omit<LedgerRecord, 'seq' | 'at'> => ({
  kind: 'dial',
  ticket,
  decisionId: 'dec_1',
  class: 'model-pull',
  actor: null,
  taskId: null,
  method: 'GET',
  host: 'models.example.org',
  port: 443,
  path: '/',
  requestHash: '',
  address: null,
  status: null,
  bytesOut: 0,
  bytesIn: 0,
  bodyBytes: 0,
  outcome: null,
  ...over,
});

function opened(path: string): Ledger {
  const ledger = new Ledger(path);
  ledger.open(5);
  return ledger;
}

test('records are on the disk when append returns, numbered without a gap, over restarts', () => {
  const path = join(directory, 'a.ndjson');
  const first = opened(path);
  first.append(1, dial('t1'));
  first.append(2, dial('t1', { kind: 'end', outcome: 'ok' }));
  expect(readFileSync(path, 'utf8').trim().split('\n').length).toBe(3);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const { id } = first;
  first.close();
  const second = opened(path);
  expect(second.id).toBe(id);
  expect(second.append(3, dial('t2')).seq).toBe(3);
  expect(second.after(0).map((record) => record.seq)).toEqual([1, 2, 3]);
  expect(second.after(2).map((record) => record.ticket)).toEqual(['t2']);
  second.close();
});

test('a dial that a crash left open is closed as unknown, and a cut line harms nothing', () => {
  const path = join(directory, 'b.ndjson');
  const first = opened(path);
  first.append(1, dial('t1'));
  first.close();
  appendFileSync(path, '{"seq":2,"at":2,"kind":"en');
  const second = opened(path);
  expect(second.after(0).map((record) => [record.seq, record.kind, record.outcome])).toEqual([
    [1, 'dial', null],
    [2, 'end', 'unknown'],
  ]);
  second.close();
  const third = opened(path);
  expect(third.append(3, dial('t2')).seq).toBe(3);
  third.close();
});

test('a ledger that cannot be written refuses', () => {
  expect(() => opened(join(directory, 'nowhere', 'c.ndjson'))).toThrow(
    expect.objectContaining({ code: 'EGRESS_LEDGER_FAILED' }),
  );
  const ledger = opened(join(directory, 'd.ndjson'));
  ledger.close();
  expect(() => ledger.append(1, dial('t'))).toThrow(expect.objectContaining({ code: 'EGRESS_LEDGER_FAILED' }));
});

test('old records come from the file in pages, in order', () => {
  const ledger = opened(join(directory, 'e.ndjson'));
  for (let i = 0; i < 2050; i++) ledger.append(i, dial(`t${i}`, { kind: 'refused' }));
  const seen: number[] = [];
  for (let page = ledger.after(0); page.length > 0; page = ledger.after(seen.at(-1)!)) {
    seen.push(...page.map((record) => record.seq));
  }
  expect(seen).toEqual(Array.from({ length: 2050 }, (_, i) => i + 1));
  ledger.close();
});
