import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { GuestHandle, GuestSpec, Supervisor } from '../../../src/guest/index.ts';
import { AcceptSocket } from './accept-socket.ts';
import { isAlive, spec, supervisor, until } from './rig.ts';

/** One contract, both ways a guest comes to be: a child in development, a unit of its own under a service manager. */
const socket = new AcceptSocket();
beforeAll(() => socket.listen());
afterAll(() => socket.close());

describe.each([
  ['spawned', () => ({})],
  ['connected', () => ({ socket: socket.path })],
] as const)('a %s guest', (kind, how) => {
  let owner: Supervisor;

  function begin(over: Parameters<typeof spec>[0] = {}): GuestHandle {
    owner = supervisor();
    return owner.start(spec({ ...over, ...how() } as Partial<GuestSpec>));
  }
  const pidOf = async (guest: GuestHandle) => ((await guest.request('env', null)) as { pid: number }).pid;
  afterEach(() => owner.stop());

  test('answers requests, in any number at once', async () => {
    const guest = begin();
    expect(guest.state).toBe('gone');
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => guest.request('echo', { i, text: '齐天大圣' })),
    );
    expect(answers).toEqual(Array.from({ length: 50 }, (_, i) => ({ i, text: '齐天大圣' })));
    expect(guest.state).toBe('ready');
  });

  test('goes through starting, ready, busy, ready, draining, gone', async () => {
    const guest = begin();
    const states: string[] = [];
    guest.on('state', (status) => states.push(status.state));
    await guest.ready();
    await guest.request('echo', 1);
    await guest.stop();
    expect(states).toEqual(['starting', 'ready', 'busy', 'ready', 'draining', 'gone']);
    expect(guest.status.reason).toBe('stopped');
  });

  test('gets what its spec gives for the start', async () => {
    const guest = begin({ init: () => ({ key: 'k' }) });
    expect(await guest.request('init', null)).toEqual({ key: 'k' });
  });

  test('its death ends running requests with GUEST_GONE, and the next request starts it again', async () => {
    const guest = begin();
    const running = guest.request('wait', null);
    const pid = await pidOf(guest);
    const states: string[] = [];
    guest.on('state', (status) => states.push(`${status.state}:${status.reason}`));
    process.kill(pid, 'SIGKILL');
    await expect(running).rejects.toMatchObject({ code: 'GUEST_GONE', details: { guest: 'fixture' } });
    await until(() => guest.state === 'gone');
    expect(states.at(-1)).toBe(kind === 'spawned' ? 'gone:killed' : 'gone:exited');
    const next = await pidOf(guest);
    expect(next).not.toBe(pid);
    expect(isAlive(pid)).toBe(false);
  });

  test('its own errors arrive as errors of the box, others as GUEST_FAILED', async () => {
    const guest = begin();
    await expect(guest.request('fail', 'DISK_FULL')).rejects.toMatchObject({ code: 'DISK_FULL' });
    await expect(guest.request('throw', null)).rejects.toMatchObject({
      code: 'GUEST_FAILED',
      details: { reason: 'plain' },
    });
    await expect(guest.request('nothing', null)).rejects.toMatchObject({ code: 'GUEST_FAILED' });
  });

  test('cannot answer with an error that decides about people', async () => {
    const guest = begin();
    await expect(guest.request('fail', 'APPROVAL_PENDING')).rejects.toMatchObject({
      code: 'GUEST_FAILED',
      details: { guestCode: 'APPROVAL_PENDING' },
    });
  });

  test('a cancelled request is rejected at once and ends in the guest', async () => {
    const guest = begin();
    await guest.ready();
    const abort = new AbortController();
    const running = guest.request('wait', null, { signal: abort.signal });
    abort.abort();
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    await until(() => guest.state === 'ready');
    const before = guest.status.starts;
    expect(await guest.request('echo', 2)).toBe(2);
    expect(guest.status.starts).toBe(before);
  });

  test('a request that passes its deadline is rejected, and a guest that will not let go of it is killed', async () => {
    const guest = begin({ limits: { cancelMs: 50 } });
    await guest.ready();
    await expect(guest.request('deaf', null, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'GUEST_TIMEOUT' });
    await until(() => guest.state === 'gone');
    expect(guest.status.reason).toBe('stuck');
  });

  test('parts arrive in order and a slow reader holds the guest back', async () => {
    const guest = begin();
    const parts: unknown[] = [];
    expect(await guest.request('count', 500, { onPart: (part) => void parts.push(part) })).toBe(500);
    expect(parts).toEqual(Array.from({ length: 500 }, (_, i) => ({ i })));

    let sent = 0;
    guest.on('notify', (_method, n) => {
      sent = n as number;
    });
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let received = 0;
    const running = guest.request('bytes', 200, {
      onPart: async (part) => {
        await gate;
        expect((part as Uint8Array)[0]).toBe(received & 255);
        received++;
      },
    });
    // Requests beside it go on: one slow reader does not stop the stream. By then the guest has had time to overrun.
    for (let i = 0; i < 20; i++) expect(await guest.request('echo', i)).toBe(i);
    expect(sent).toBeLessThan(20);
    release();
    expect(await running).toBe(200);
    expect(received).toBe(200);
  });

  test('a reader that throws ends the request with its error and stops the guest sending', async () => {
    const guest = begin();
    const running = guest.request('bytes', 100_000, {
      onPart: () => {
        throw new Error('disk is full');
      },
    });
    await expect(running).rejects.toThrow('disk is full');
    await until(() => guest.state === 'ready');
  });

  test('a malformed frame ends it', async () => {
    const guest = begin({ init: () => (kind === 'connected' ? 'fd0' : 'fd3') });
    await expect(guest.request('garbage', 'ffffffffff')).rejects.toMatchObject({
      code: 'GUEST_GONE',
      details: { cause: 'protocol' },
    });
    // A well-formed frame that is no message of a guest: {"t":"req"}.
    await expect(guest.request('garbage', '0000000b007b2274223a22726571227d')).rejects.toMatchObject({
      code: 'GUEST_GONE',
      details: { cause: 'protocol' },
    });
  });

  test('an answer or a request over the frame limit is refused without harm', async () => {
    const guest = begin();
    await expect(guest.request('huge', null)).rejects.toMatchObject({ code: 'TOO_LARGE' });
    await expect(guest.request('echo', 'x'.repeat(9 * 1024 * 1024))).rejects.toMatchObject({ code: 'TOO_LARGE' });
    expect(await guest.request('echo', 1)).toBe(1);
    expect(guest.status.starts).toBe(1);
  });

  test('stop waits for running requests, and afterwards every request is refused', async () => {
    const guest = begin();
    await guest.ready();
    const running = guest.request('count', 100, { onPart: () => {} });
    const stopped = guest.stop();
    expect(await running).toBe(100);
    await stopped;
    await guest.stop();
    await expect(guest.request('echo', 1)).rejects.toMatchObject({ code: 'GUEST_GONE' });
  });

  test('more requests than its limit are refused at once', async () => {
    const guest = begin({ limits: { maxRequests: 2 } });
    await guest.ready();
    const running = [guest.request('wait', null), guest.request('wait', null)];
    await expect(guest.request('echo', 1)).rejects.toMatchObject({ code: 'GUEST_BUSY', details: { limit: 2 } });
    const settled = Promise.allSettled(running);
    process.kill(await otherPid(guest), 'SIGKILL');
    expect((await settled).map((s) => s.status)).toEqual(['rejected', 'rejected']);
  });

  async function otherPid(guest: GuestHandle): Promise<number> {
    return guest.status.pid ?? socket.children.at(-1)!.pid!;
  }
});
