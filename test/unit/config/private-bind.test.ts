import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertPrivateBind, bindAddresses, isPrivateAddress } from '../../../src/config/index.ts';

const on = (...addresses: string[]) => ({ eth0: addresses.map((address) => ({ address, internal: false })) });

describe('addresses the box listens on', () => {
  it.each([
    '127.0.0.1',
    '127.8.9.10',
    '10.255.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '169.254.1.1',
    '::1',
    'fe80::1',
    'fe80::1%eth0',
    'fd12:3456::1',
    'fc00::1',
    '::ffff:10.0.0.1',
  ])('takes %s', (address) => {
    expect(() => assertPrivateBind([address], {})).not.toThrow();
  });

  it.each([
    '8.8.8.8',
    '172.32.0.1',
    '172.15.255.255',
    '11.0.0.1',
    '192.169.0.1',
    '100.64.0.1',
    '224.0.0.251',
    '2001:db8::1',
    '2606:4700::1111',
    'ff02::fb',
    '::ffff:8.8.8.8',
    'fec0::1',
  ])('refuses %s as public', (address) => {
    expect(() => assertPrivateBind([address], {})).toThrow(/public address/);
  });

  it('refuses what is no address at all', () => {
    expect(() => assertPrivateBind(['example.org'], {})).toThrow(/not an IP address/);
    expect(() => assertPrivateBind([''], {})).toThrow(/not an IP address/);
  });

  it.each(['0.0.0.0', '::'])('takes %s only while every interface is private, and names the one that is not', (any) => {
    expect(() => assertPrivateBind([any], on('10.0.0.4', 'fe80::1'))).not.toThrow();
    expect(() => assertPrivateBind([any], on('10.0.0.4', '203.0.113.5'))).toThrow(
      /eth0 has the public address 203\.0\.113\.5/,
    );
  });

  it('by itself takes loopback and what is private, never what is public', () => {
    const interfaces = {
      lo: [
        { address: '127.0.0.1', internal: true },
        { address: '::1', internal: true },
      ],
      eth0: [
        { address: '192.168.1.9', internal: false },
        { address: 'fe80::aa', internal: false },
        { address: 'fd00::9', internal: false },
        { address: '2001:db8::9', internal: false },
      ],
      wan0: [{ address: '203.0.113.5', internal: false }],
      docker0: [{ address: '172.17.0.1', internal: false }],
    };
    expect(bindAddresses([], interfaces)).toEqual(['127.0.0.1', '::1', '192.168.1.9', 'fd00::9']);
    expect(bindAddresses([], {})).toEqual(['127.0.0.1']);
  });

  it('agrees with RFC 1918 for every IPv4 address', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (value) => {
        const [a, b] = [value >>> 24, (value >>> 16) & 255];
        const address = [a, b, (value >>> 8) & 255, value & 255].join('.');
        const expected =
          a === 10 ||
          a === 127 ||
          (a === 172 && b >= 16 && b < 32) ||
          (a === 192 && b === 168) ||
          (a === 169 && b === 254);
        return isPrivateAddress(address) === expected;
      }),
    );
  });
});
