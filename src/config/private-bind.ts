import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { fail } from '../common/index.ts';

/** The addresses of a machine by interface name. */
export type Interfaces = Readonly<Record<string, readonly { address: string; internal: boolean }[]>>;

const PRIVATE = new BlockList();
for (const [net, bits] of [
  ['127.0.0.0', 8],
  // RFC 1918
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  // RFC 3927, link-local
  ['169.254.0.0', 16],
] as const) {
  PRIVATE.addSubnet(net, bits, 'ipv4');
}
for (const [net, bits] of [
  ['::1', 128],
  // RFC 4291 link-local, RFC 4193 unique local
  ['fe80::', 10],
  ['fc00::', 7],
] as const) {
  PRIVATE.addSubnet(net, bits, 'ipv6');
}

/** Bridges and tunnels of containers and virtual machines: private, but nobody's phone is there. */
const VIRTUAL = /^(docker|br-|veth|virbr|lxc|lxd|cni|flannel|cali|podman|vmnet|vboxnet)/;

export function isPrivateAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, '');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  const plain = mapped ?? bare;
  const family = isIP(plain);
  return family !== 0 && PRIVATE.check(plain, family === 4 ? 'ipv4' : 'ipv6');
}

/**
 * Throws BIND_REFUSED for the first address the box must not listen on: anything that is not loopback (RFC 1122),
 * private (RFC 1918), link-local or unique local, and 0.0.0.0 or :: while any interface has a public address.
 */
export function assertPrivateBind(addresses: readonly string[], interfaces: Interfaces = localInterfaces()): void {
  for (const address of addresses) {
    const reason = whyRefused(address, interfaces);
    if (reason) throw fail('BIND_REFUSED', { address, reason });
  }
}

function whyRefused(address: string, interfaces: Interfaces): string | undefined {
  if (isIP(address.replace(/%.*$/, '')) === 0) return 'it is not an IP address';
  if (isPrivateAddress(address)) return undefined;
  if (address !== '0.0.0.0' && address !== '::') {
    return 'it is a public address, and this box is for the network of the office alone';
  }
  for (const [name, list] of Object.entries(interfaces)) {
    const open = list.find((entry) => !isPrivateAddress(entry.address));
    if (open) return `it means every address, and ${name} has the public address ${open.address}`;
  }
  return undefined;
}

/** What to listen on: the configured addresses, else loopback and the private addresses of this machine. */
export function bindAddresses(bind: readonly string[], interfaces: Interfaces = localInterfaces()): string[] {
  if (bind.length > 0) {
    assertPrivateBind(bind, interfaces);
    return [...new Set(bind)];
  }
  const found = Object.entries(interfaces)
    .filter(([name]) => !VIRTUAL.test(name))
    .flatMap(([, list]) => list.map((entry) => entry.address))
    // IPv6 link-local needs a scope in every URL, which browsers do not take.
    .filter((address) => isPrivateAddress(address) && !/^fe[89ab]/i.test(address));
  return [...new Set(['127.0.0.1', ...found])];
}

export function localInterfaces(): Interfaces {
  return networkInterfaces() as Interfaces;
}
