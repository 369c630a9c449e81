import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import type { Supervisor } from '../../../src/guest/index.ts';
import { lacks } from '../../support/needs.ts';
import { isAlive, spec, supervisor, until } from './rig.ts';

const folder = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const jail = { read: ['src/', 'test/', 'node_modules/', 'package.json'].map(folder) };
const noJail = await lacks('namespaces');

let owner: Supervisor;
afterEach(() => owner?.stop());

test.skipIf(noJail)('a jailed guest sees its program and nothing of the machine, and reaches nobody', async () => {
  owner = supervisor();
  const guest = owner.start(spec({ jail, env: { GIVEN: 'yes' } }));
  const look = (await guest.request('look', null)) as { root: string[]; processes: number };
  expect(look).toMatchObject({ passwords: false, interfaces: ['lo'], environment: ['GIVEN', 'PWD'] });
  expect(look.processes).toBeLessThanOrEqual(3);
  expect(look.root).not.toContain('etc');
  for (const path of ['/x', `${folder('src/')}x`]) expect(await guest.request('spoil', path)).toBe('EROFS');
  const server = createServer().listen(0, '127.0.0.1');
  try {
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    expect(await guest.request('reach', port)).toMatch(/^E(?:CONNREFUSED|NETUNREACH)$/);
  } finally {
    server.close();
  }
});

test.skipIf(noJail)('its memory is counted, and its end is the end of all that was around it', async () => {
  owner = supervisor();
  const guest = owner.start(spec({ jail, limits: { memoryMb: 200 } }));
  await guest.ready();
  const pid = guest.status.pid!;
  const greedy = guest.request('allocate', 300).then(() => guest.request('wait', null));
  await expect(greedy).rejects.toMatchObject({ code: 'GUEST_GONE', details: { cause: 'memory' } });
  await until(() => !isAlive(pid));
  expect(await guest.request('echo', 1)).toBe(1);
  const next = guest.status.pid!;
  await owner.stop();
  expect(isAlive(next)).toBe(false);
});
