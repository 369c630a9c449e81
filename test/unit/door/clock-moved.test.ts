import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLogger } from '../../../src/common/index.ts';
import { APPROVAL_MS } from '../../../src/door/approvals.ts';
import { Approvals, doorMigrations, EventLog } from '../../../src/door/index.ts';
import { SteadyClock, Store } from '../../../src/store/index.ts';
import { VirtualClock } from '../identity/virtual-clock.ts';

const DAY = 86_400_000;
let directory: string;
let clock: VirtualClock;
let store: Store;
let approvals: Approvals;

async function open(): Promise<void> {
  store = new Store({ directory, migrations: doorMigrations, log: silentLogger });
  const steady = new SteadyClock({ clock, db: store });
  await steady.start();
  const events = new EventLog({ db: store, clock, epoch: 'e1' });
  approvals = new Approvals({ db: store, clock: steady, events, operatorId: 'per_operator' });
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'jingu-clock-'));
  clock = new VirtualClock();
  await open();
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

const ask = () =>
  store.write((tx) => approvals.ask(tx, { personId: 'per_1', taskId: null, card: { title: 'sure?' } }).id);
const answer = (id: string) =>
  store
    .write((tx) => approvals.answer(tx, id, { rev: 1, state: 'answered', answer: 'yes', note: null, by: 'per_1' }))
    .then((row) => row.state)
    .catch((error: { code: string }) => error.code);

test('an approval whose time is over is not revived by an earlier clock, looked at before or not', async () => {
  const id = await ask();
  clock.pass(APPROVAL_MS);
  clock.jump(-2 * DAY);
  // The sweep that writes the end down has not run yet.
  expect(await answer(id)).toBe('APPROVAL_EXPIRED');
  await approvals.expire();
  expect(approvals.get(id)?.state).toBe('expired');
  expect(await answer(id)).toBe('APPROVAL_ALREADY_DECIDED');
});

test('nor by a clock that is wrong after a power cut', async () => {
  const id = await ask();
  clock.pass(APPROVAL_MS);
  await store.close();
  clock.jump(-400 * DAY);
  await open();
  expect(await answer(id)).toBe('APPROVAL_EXPIRED');
});

test('a clock that jumps ahead ends what is open, and going back gives no second chance', async () => {
  const id = await ask();
  clock.jump(2 * DAY);
  expect(await answer(id)).toBe('APPROVAL_EXPIRED');
  clock.jump(-2 * DAY);
  expect(await answer(id)).toBe('APPROVAL_EXPIRED');
  // What is asked from now on has its full time.
  const next = await ask();
  clock.pass(APPROVAL_MS - 1);
  expect(await answer(next)).toBe('answered');
});

test('the time goes on while the clock is behind, follows it when it is ahead, and knows by how much it lags', async () => {
  const steady = new SteadyClock({ clock, db: store });
  const from = steady.now();
  clock.jump(-DAY);
  for (let n = 1; n <= 10; n++) {
    clock.pass(0.7);
    expect(steady.now()).toBe(Math.floor(from + n * 0.7));
  }
  expect(steady.behind()).toBeGreaterThanOrEqual(DAY - 1);
  clock.jump(3 * DAY);
  expect(steady.now()).toBe(clock.now());
  expect(steady.behind()).toBe(0);
});
