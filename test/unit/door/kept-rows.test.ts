import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { silentLogger, systemClock } from '../../../src/common/index.ts';
import { doorMigrations, EventLog, Idempotency } from '../../../src/door/index.ts';
import { Store } from '../../../src/store/index.ts';

const DAY = 24 * 3600 * 1000;
const NOW = 1_800_000_000_000;
let store: Store;
afterEach(async () => await store.close());

const open = (directory: string, migrations = doorMigrations) =>
  new Store({ directory, migrations, log: silentLogger });
const fresh = () => mkdtempSync(join(tmpdir(), 'jingu-door-rows-'));
const keysAt = (now: number) => new Idempotency({ db: store, clock: { ...systemClock, now: () => now } });
const left = () => store.all<{ key: string }>('SELECT key FROM door_idempotency ORDER BY id').map(({ key }) => key);

async function put(now: number, keys: readonly string[], state: 'done' | 'parked' = 'done'): Promise<void> {
  const idempotency = keysAt(now);
  await store.write((tx) => {
    for (const key of keys) {
      const scope = { person: 'per_1', operation: 'note.add', key };
      idempotency.put(tx, scope, { inputHash: 'h', callId: `call_${key}`, state, outcome: { key } });
    }
  });
}

test('keys of a week ago are forgotten in batches; what waits for a person and what is young stays', async () => {
  store = open(fresh());
  const many = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}-${i}`);
  await put(NOW - 9 * DAY, many('parked', 600), 'parked');
  await put(NOW - 9 * DAY, many('old', 700));
  await put(NOW - 6 * DAY, many('young', 600));
  // Touched again: it counts from then on.
  await put(NOW - DAY, ['old-3']);
  await keysAt(NOW).prune();
  expect(left()).toEqual([...many('parked', 600), 'old-3', ...many('young', 600)]);
});

test('a key whose row was made by an older Jingu still answers, and its events are replayed', async () => {
  const directory = fresh();
  store = open(directory, doorMigrations.slice(0, 1));
  await store.write((tx) => {
    const insert =
      'INSERT INTO door_idempotency (person, operation, key, input_hash, call_id, state, outcome, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)';
    tx.run(insert, 'per_1', 'note.add', 'b', 'hash-b', 'call_b', 'done', '{"output":2}', NOW - 2);
    tx.run(insert, 'per_1', 'note.add', 'a', 'hash-a', 'call_a', 'done', '{"output":1}', NOW - 1);
    tx.run("INSERT INTO door_topic (topic, seq, floor) VALUES ('box', 2, 0)");
    for (const [seq, at] of [
      [2, NOW],
      [1, NOW - 5],
    ] as const) {
      tx.run('INSERT INTO door_event (topic, seq, kind, at, data) VALUES (?, ?, ?, ?, ?)', 'box', seq, 'k', at, '{}');
    }
  });
  await store.close();
  store = open(directory);
  expect(left()).toEqual(['b', 'a']);
  const scope = { person: 'per_1', operation: 'note.add', key: 'a' };
  expect(keysAt(NOW).find(scope, 'hash-a')).toMatchObject({ call_id: 'call_a', state: 'done' });
  const events = new EventLog({ db: store, clock: { ...systemClock, now: () => NOW }, epoch: 'e1' });
  expect(events.after('box', 0).map(({ seq, at }) => [seq, at])).toEqual([
    [1, NOW - 5],
    [2, NOW],
  ]);
  await store.write((tx) => events.emit(tx, 'box', 'box-state', {}));
  expect(events.position('box').seq).toBe(3);
  expect(await events.prune(NOW)).toBe(1);
  expect(events.after('box', 0).map(({ seq }) => seq)).toEqual([2, 3]);
  expect(events.position('box').floor).toBe(1);
});
