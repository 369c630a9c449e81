import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Says why an address must not be dialled; `undefined` means it may. */
export type AddressPolicy = (address: string) => string | undefined;

/** IANA special-purpose registry (RFC 6890 and its updates), cloud metadata among the link-local. */
const V4: readonly [string, number, string][] = [
  ['0.0.0.0', 8, 'this network'],
  ['10.0.0.0', 8, 'private'],
  ['100.64.0.0', 10, 'carrier-internal'],
  ['127.0.0.0', 8, 'loopback'],
  ['169.254.0.0', 16, 'link-local or metadata'],
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.0', 24, 'reserved'],
  ['192.0.2.0', 24, 'documentation'],
  ['192.88.99.0', 24, 'reserved'],
  ['192.168.0.0', 16, 'private'],
  ['198.18.0.0', 15, 'a test network'],
  ['198.51.100.0', 24, 'documentation'],
  ['203.0.113.0', 24, 'documentation'],
  ['224.0.0.0', 4, 'multicast'],
  ['240.0.0.0', 4, 'reserved'],
];

/** Inside 2000::/3; everything outside it is refused as a whole. */
const V6: readonly [string, number, string][] = [
  ['2001::', 23, 'reserved'],
  ['2001:db8::', 32, 'documentation'],
  ['2002::', 16, 'a tunnel'],
  ['3fff::', 20, 'documentation'],
];

const v4Lists = V4.map(([net, prefix, why]) => ({ list: subnet(net, prefix, 'ipv4'), why }));
const v6Lists = V6.map(([net, prefix, why]) => ({ list: subnet(net, prefix, 'ipv6'), why }));
const globalUnicast = subnet('2000::', 3, 'ipv6');

/** The policy of the shipped guest: public addresses only, and none of this machine's own. */
export const publicAddressesOnly: AddressPolicy = (address) => {
  if (ownAddresses().has(address)) return 'an address of the box itself';
  if (isIPv4(address)) return v4Lists.find(({ list }) => list.check(address, 'ipv4'))?.why;
  if (!isIPv6(address) || address.includes('%')) return 'not an address';
  if (!globalUnicast.check(address, 'ipv6')) return 'not a public IPv6 address';
  return v6Lists.find(({ list }) => list.check(address, 'ipv6'))?.why;
};

/** Read at each dial: addresses come and go. */
function ownAddresses(): Set<string> {
  return new Set(
    Object.values(networkInterfaces())
      .flat()
      .map((entry) => entry?.address ?? ''),
  );
}

function subnet(net: string, prefix: number, family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  list.addSubnet(net, prefix, family);
  return list;
}
