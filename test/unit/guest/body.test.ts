import { hash } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import type { Supervisor } from '../../../src/guest/index.ts';
import { spec, supervisor, until } from './rig.ts';

let owner: Supervisor;
afterEach(() => owner?.stop());

const bytes = Buffer.from(Array.from({ length: 3_000_001 }, (_, i) => (i * 31) & 255));

test('bytes go to a guest with a request, in pieces of any size, beside other requests', async () => {
  owner = supervisor();
  const guest = owner.start(spec());
  const whole = { params: 'x', bytes: bytes.length, sha256: hash('sha256', bytes) };
  const body = [bytes.subarray(0, 1), bytes.subarray(1, 1), bytes.subarray(1, 700_000), bytes.subarray(700_000)];
  const answers = await Promise.all([
    guest.request('digest', 'x', { body }),
    guest.request('echo', 'between'),
    guest.request('digest', 'x', { body: [bytes] }),
    guest.request('digest', 'x', { body: [] }),
  ]);
  expect(answers).toEqual([whole, 'between', whole, { params: 'x', bytes: 0, sha256: hash('sha256', '') }]);
});

test('a request whose body was still under way when it was cancelled is over for both sides', async () => {
  owner = supervisor();
  const guest = owner.start(spec());
  await guest.ready();
  const stop = new AbortController();
  const cancelled = guest.request('digest', null, { body: [bytes, bytes, bytes], signal: stop.signal });
  stop.abort();
  await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(await guest.request('echo', 1)).toBe(1);
  await until(() => guest.state === 'ready');
  expect(guest.status.starts).toBe(1);
});

test('a body over what the guest takes ends the guest', async () => {
  owner = supervisor();
  const guest = owner.start(spec());
  const large = Array.from({ length: 6 }, () => bytes);
  await expect(guest.request('digest', null, { body: large })).rejects.toMatchObject({ code: 'GUEST_GONE' });
});
