import { isIPv4 } from 'node:net';
import { hostname } from 'node:os';

/** `jingu-<4 characters of the box id>.local`: unique enough for a building, short enough to read aloud. */
export function localName(boxId: string): string {
  return `jingu-${boxId.slice(4, 8)}.local`;
}

/** Everything a client may put into `Host`: names, bound addresses, and this machine's own name. */
export function hostNames(boxId: string, addresses: readonly string[], configured: readonly string[]): string[] {
  const own = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]/g, '');
  return [
    ...new Set([
      localName(boxId),
      ...configured,
      ...addresses.map(bare),
      'localhost',
      ...(own ? [own, `${own}.local`] : []),
    ]),
  ];
}

/** Addresses for links and the banner, most useful first: LAN IPv4, then IPv6, loopback last. */
export function reachable(addresses: readonly string[], port: number): string[] {
  const rank = (address: string) => (isLoopback(address) ? 2 : isIPv4(address) ? 0 : 1);
  return [...addresses]
    .filter((address) => !/^fe80:/i.test(address))
    .sort((a, b) => rank(a) - rank(b))
    .map((address) => (isIPv4(address) ? `${address}:${port}` : `[${bare(address)}]:${port}`));
}

export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

/** Without the zone of a link-local address. */
function bare(address: string): string {
  return address.replace(/%.*$/, '');
}
