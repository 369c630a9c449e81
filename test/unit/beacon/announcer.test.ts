import { afterEach, expect, test } from 'vitest';
import { Announcer, type MachinePort } from '../../../src/beacon/announcer.ts';
import { Beacon } from '../../../src/beacon/index.ts';
import type { BeaconPlan, BeaconStatus } from '../../../src/beacon/plan.ts';
import type { GuestHandle, GuestSpec, Supervisor } from '../../../src/guest/index.ts';

const plan: BeaconPlan = {
  port: 7443,
  addresses: ['0.0.0.0'],
  boxId: 'qxd3v7m1k9wz0abc',
  label: 'Jingu',
  protocol: { min: 1, max: 1 },
};
const card = { eth0: [{ family: 'IPv4', address: '192.168.1.20', internal: false }] } as never;
const machine: MachinePort = { interfaces: () => card, flags: () => 0x1043, multicastProblem: async () => undefined };

let announcer: Announcer;
afterEach(() => announcer?.stop());

/** What it says first, on a machine that is never let near a socket. */
function first(over: Partial<MachinePort>, of: BeaconPlan = plan): Promise<BeaconStatus> {
  return new Promise((resolve) => {
    announcer = new Announcer(of, resolve, { ...machine, ...over });
    announcer.start();
  });
}

test('where multicast does not work it is degraded and says why', async () => {
  expect(await first({ multicastProblem: async () => 'addMembership ENODEV' })).toEqual({
    state: 'degraded',
    reason: 'multicast does not work: addMembership ENODEV',
    name: null,
    interfaces: [],
  });
});

test('where interfaces cannot be listed it is degraded and does not end', async () => {
  const status = await first({
    interfaces: () => {
      throw new Error('uv_interface_addresses: permission denied');
    },
  });
  expect(status).toMatchObject({ state: 'degraded', reason: expect.stringContaining('permission denied') });
});

test('without any interface it is degraded', async () => {
  expect(await first({ interfaces: () => ({}) })).toMatchObject({ state: 'degraded' });
});

test('bound to loopback it is silent', async () => {
  expect(await first({}, { ...plan, addresses: ['127.0.0.1'] })).toMatchObject({ state: 'silent' });
});

test('bound to loopback the room starts no guest at all', async () => {
  const supervisor = {
    start: () => {
      throw new Error('a guest was started');
    },
  } as unknown as Supervisor;
  const beacon = new Beacon({ supervisor });
  beacon.start({ ...plan, addresses: ['127.0.0.1', '::1'] });
  expect(beacon.status.state).toBe('silent');
  await beacon.stop();
  await beacon.stop();
});

test('what the guest says is checked before it is believed', async () => {
  let say: (method: string, params: unknown) => void = () => {};
  let spec: GuestSpec | undefined;
  const handle = {
    on: (event: string, listener: never) => {
      if (event === 'notify') say = listener;
      return () => {};
    },
    stop: async () => {},
  } as unknown as GuestHandle;
  const supervisor = {
    start: (given: GuestSpec) => {
      spec = given;
      return handle;
    },
  } as unknown as Supervisor;
  const beacon = new Beacon({ supervisor });
  beacon.start(plan);
  expect(spec?.env).toBeUndefined();
  expect(spec?.nodeOptions).toContain('--permission');
  for (const lie of [null, 'x', { state: 'rooted', interfaces: [] }, { state: 'announced', interfaces: 'eth0' }]) {
    say('status', lie);
    expect(beacon.status.state).toBe('off');
  }
  say('status', { state: 'announced', reason: 7, name: 'x'.repeat(9999), interfaces: ['eth0', 5] });
  expect(beacon.status).toEqual({ state: 'announced', reason: null, name: 'x'.repeat(200), interfaces: ['eth0'] });
  await beacon.stop();
});
