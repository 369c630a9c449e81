import type { NetworkInterfaceInfo } from 'node:os';
import { expect, test } from 'vitest';
import { isLoopbackOnly, usableInterfaces } from '../../../src/beacon/interfaces.ts';

const v4 = (address: string, internal = false) => ({ family: 'IPv4', address, internal }) as NetworkInterfaceInfo;
const v6 = (address: string, scopeid = 0) =>
  ({ family: 'IPv6', address, internal: false, scopeid }) as NetworkInterfaceInfo;
const MULTICAST = 0x1043;
const TUNNEL = 0x10d1;
const NO_MULTICAST = 0x43;

const machine = {
  lo: [v4('127.0.0.1', true)],
  enp3s0: [v4('192.168.1.20'), v6('fd00::20'), v6('fe80::1', 2)],
  wlan0: [v4('192.168.1.21')],
  docker0: [v4('172.17.0.1')],
  'br-1a2b': [v4('172.18.0.1')],
  veth12: [v4('172.17.0.9')],
  wg0: [v4('10.8.0.1')],
  tailscale0: [v4('100.101.1.1')],
  six: [v6('fd00::66')],
};
const names = (bound: string[], flags: (name: string) => number | undefined = () => MULTICAST) =>
  usableInterfaces(machine, bound, flags).map((each) => each.name);

test('of a machine with containers and tunnels only the cards of the LAN are used', () => {
  expect(usableInterfaces(machine, ['0.0.0.0', '::'], () => MULTICAST)).toEqual([
    { name: 'enp3s0', addresses: ['192.168.1.20', 'fd00::20'] },
    { name: 'wlan0', addresses: ['192.168.1.21'] },
  ]);
});

test('only addresses that the port is bound to are announced', () => {
  expect(usableInterfaces(machine, ['192.168.1.21', '127.0.0.1'], () => MULTICAST)).toEqual([
    { name: 'wlan0', addresses: ['192.168.1.21'] },
  ]);
  expect(names(['172.17.0.1'])).toEqual([]);
});

test('interfaces without multicast and point-to-point ones are left out, whatever their name', () => {
  expect(names(['0.0.0.0'], (name) => (name === 'wlan0' ? NO_MULTICAST : MULTICAST))).toEqual(['enp3s0']);
  expect(names(['0.0.0.0'], (name) => (name === 'enp3s0' ? TUNNEL : MULTICAST))).toEqual(['wlan0']);
  expect(names(['0.0.0.0'], () => undefined)).toEqual(['enp3s0', 'wlan0']);
});

test('loopback alone is recognised in every spelling that can be bound', () => {
  expect(isLoopbackOnly(['127.0.0.1', '::1', '127.0.0.53'])).toBe(true);
  expect(isLoopbackOnly([])).toBe(true);
  expect(isLoopbackOnly(['127.0.0.1', '192.168.1.2'])).toBe(false);
  expect(isLoopbackOnly(['0.0.0.0'])).toBe(false);
  expect(isLoopbackOnly(['::'])).toBe(false);
});
