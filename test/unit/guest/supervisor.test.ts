import { getEventListeners } from 'node:events';
import { readdirSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../../src/common/index.ts';
import type { Supervisor } from '../../../src/guest/index.ts';
import { InProcessStarter } from './in-process-starter.ts';
import { isAlive, type Line, recordingLogger, spec, supervisor, until } from './rig.ts';

let owner: Supervisor;
afterEach(() => owner?.stop());

test('a guest has the environment it was given and nothing else', async () => {
  owner = supervisor();
  const guest = owner.start(
    spec({ env: { GIVEN: 'yes' }, args: ['one'], threadPool: 2, nodeOptions: ['--max-old-space-size=64'] }),
  );
  expect(await guest.request('env', null)).toMatchObject({
    env: { GIVEN: 'yes', UV_THREADPOOL_SIZE: '2' },
    args: ['one'],
    cwd: '/',
  });
  const { env } = (await guest.request('env', null)) as { env: object };
  expect(Object.keys(env).sort()).toEqual(['GIVEN', 'UV_THREADPOOL_SIZE']);
});

test('a guest over its memory limit is killed and says so', async () => {
  owner = supervisor();
  const guest = owner.start(spec({ limits: { memoryMb: 200 } }));
  await expect(guest.request('allocate', 300).then(() => guest.request('wait', null))).rejects.toMatchObject({
    code: 'GUEST_GONE',
    details: { cause: 'memory' },
  });
  await until(() => guest.state === 'gone');
  expect(guest.status).toMatchObject({ reason: 'memory' });
});

test('a guest in an endless loop is killed for its missed pings', async () => {
  owner = supervisor();
  const guest = owner.start(spec({ limits: { pingMs: 50, missedPings: 10 } }));
  await expect(guest.request('spin', null)).rejects.toMatchObject({
    code: 'GUEST_GONE',
    details: { cause: 'unresponsive' },
  });
});

test('a guest that is not ready in time is killed and the caller hears why', async () => {
  owner = supervisor();
  const guest = owner.start(spec({ init: () => 'never', limits: { readyMs: 300 } }));
  await expect(guest.request('echo', 1)).rejects.toMatchObject({ code: 'GUEST_UNAVAILABLE' });
  expect(guest.status).toMatchObject({ state: 'gone', reason: 'not-ready' });
});

test('a start that fails is reported with the guest’s own reason', async () => {
  owner = supervisor();
  const refusing = owner.start(spec({ name: 'refusing', init: () => 'refuse' }));
  await expect(refusing.ready()).rejects.toMatchObject({
    code: 'GUEST_UNAVAILABLE',
    details: { reason: 'start failed: told to refuse (code 1)' },
  });
  const missing = owner.start(spec({ name: 'missing', program: '/nowhere/guest.mjs' }));
  await expect(missing.ready()).rejects.toMatchObject({ details: { reason: 'exit code 1' } });
  const unreachable = owner.start(spec({ name: 'unreachable', socket: '/nowhere/guest.sock' }));
  await expect(unreachable.ready()).rejects.toMatchObject({ code: 'GUEST_UNAVAILABLE' });
  expect(unreachable.status.reason).toBe('start-failed');
});

test('a guest that cannot live opens the circuit: callers are refused at once and told when to come back', async () => {
  owner = supervisor({ backoff: { firstMs: 1, maxMs: 4, circuitAfter: 4, circuitMs: 60_000, stableMs: 1000 } });
  const guest = owner.start(spec({ init: () => 'vanish', restart: 'always' }));
  await until(() => guest.status.starts === 4 && guest.state === 'gone');
  await expect(guest.request('echo', 1)).rejects.toMatchObject({
    code: 'GUEST_UNAVAILABLE',
    details: { reason: 'exit code 3', retryAfterMs: expect.any(Number) },
  });
  expect(guest.status.starts).toBe(4);
});

test('a guest that must always be there comes back after a kill', async () => {
  owner = supervisor();
  const guest = owner.start(spec({ restart: 'always' }));
  await guest.ready();
  const { pid } = guest.status;
  process.kill(pid!, 'SIGKILL');
  await until(() => guest.status.starts === 2 && guest.state === 'ready');
  expect(guest.status.pid).not.toBe(pid);
});

test('what a guest started dies with it', async () => {
  owner = supervisor();
  const guest = owner.start(spec());
  const child = (await guest.request('child', null)) as number;
  expect(isAlive(child)).toBe(true);
  process.kill(guest.status.pid!, 'SIGKILL');
  await until(() => guest.state === 'gone');
  await until(() => !isAlive(child));
});

test('stop ends a guest that will not drain', async () => {
  owner = supervisor();
  const guest = owner.start(spec({ init: () => 'slow-drain', limits: { drainMs: 50 } }));
  await guest.ready();
  const pid = guest.status.pid!;
  await guest.stop();
  expect(isAlive(pid)).toBe(false);
  expect(owner.list()).toEqual([]);
});

test('its output goes to the log line by line', async () => {
  const lines: Line[] = [];
  owner = supervisor({ log: recordingLogger(lines) });
  const guest = owner.start(spec({ init: () => 'chatter' }));
  await guest.ready();
  await guest.stop();
  const output = lines.filter((line) => line.event === 'guest-stdout').map((line) => line.fields);
  expect(output.map((fields) => fields['line'])).toEqual(['one', 'two', 'half']);
  expect(output[0]).toMatchObject({ guest: 'fixture' });
});

test('notes go both ways', async () => {
  owner = supervisor();
  const guest = owner.start(spec());
  await guest.ready();
  const heard = new Promise((resolve) => guest.on('notify', (method, params) => resolve([method, params])));
  guest.notify('hello', { a: 1 });
  expect(await heard).toEqual(['again:hello', { a: 1 }]);
});

test('a listener that throws does not stop the guest', async () => {
  const lines: Line[] = [];
  owner = supervisor({ log: recordingLogger(lines) });
  const guest = owner.start(spec());
  guest.on('state', () => {
    throw new Error('mine');
  });
  expect(await guest.request('echo', 1)).toBe(1);
  expect(lines.some((line) => line.event === 'guest-listener-threw')).toBe(true);
});

test('the supervisor refuses a name twice and everything after its stop', async () => {
  owner = supervisor();
  const guest = owner.start(spec());
  expect(() => owner.start(spec())).toThrow('already');
  await owner.stop();
  await owner.stop();
  expect(() => owner.start(spec({ name: 'other' }))).toThrow();
  await expect(guest.ready()).rejects.toMatchObject({ code: 'GUEST_GONE' });
});

test('a guest asked to stop while it starts is gone and leaves no process', async () => {
  owner = supervisor();
  const guest = owner.start(spec());
  const running = guest.request('echo', 1);
  const refused = expect(running).rejects.toMatchObject({ code: 'GUEST_GONE' });
  await guest.stop();
  await refused;
  expect(guest.state).toBe('gone');
});

test('rounds of start and stop leave no descriptor, listener or process behind', async () => {
  owner = supervisor();
  const round = async (name: string) => {
    const guest = owner.start(spec({ name }));
    const pid = ((await guest.request('env', null)) as { pid: number }).pid;
    await guest.stop();
    expect(isAlive(pid)).toBe(false);
  };
  const resources = () => process.getActiveResourcesInfo().filter((kind) => /Pipe|Process|Socket/.test(kind)).length;
  const descriptors = () => readdirSync('/proc/self/fd').length;
  await round('warm');
  const before = { resources: resources(), descriptors: descriptors(), listeners: process.eventNames().length };
  for (let i = 0; i < 12; i += 4) await Promise.all([0, 1, 2, 3].map((j) => round(`guest-${i + j}`)));
  await until(() => resources() <= before.resources && descriptors() <= before.descriptors);
  expect(process.eventNames().length).toBe(before.listeners);
  expect(owner.list()).toEqual([]);
});

test('a hundred rounds leave no timer and no listener on the clock, the stream or the signal', async () => {
  let timers = 0;
  const clock: Clock = {
    ...systemClock,
    after(ms, fn) {
      timers++;
      let isOpen = true;
      const close = () => {
        if (isOpen) timers--;
        isOpen = false;
      };
      const cancel = systemClock.after(ms, () => {
        close();
        fn();
      });
      return () => {
        close();
        cancel();
      };
    },
  };
  owner = supervisor({ clock, starter: new InProcessStarter() });
  const abort = new AbortController();
  for (let i = 0; i < 100; i++) {
    const guest = owner.start(spec({ name: `guest-${i}` }));
    expect(await guest.request('echo', i, { signal: abort.signal })).toBe(i);
    const cancelled = guest.request('wait', null, { signal: AbortSignal.abort() });
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
    await guest.stop();
  }
  expect(timers).toBe(0);
  expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
});
