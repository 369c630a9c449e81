import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';

/** An interface to announce on, with the addresses to announce there. */
export interface Usable {
  name: string;
  addresses: string[];
}

/** Containers, virtual machines and tunnels: their addresses mean nothing to a phone on the LAN. */
const VIRTUAL =
  /^(?:docker|veth|br-|virbr|vnet|vmnet|vboxnet|lxc|lxd|podman|cni|flannel|cali|kube|tun|tap|wg|zt|tailscale|utun|ppp|dummy|lo$)/;

const WILDCARDS = new Set(['0.0.0.0', '::']);
/** linux/if.h */
const IFF_POINTOPOINT = 0x10;
const IFF_MULTICAST = 0x1000;

/** True when nobody but this machine can reach the port. */
export function isLoopbackOnly(bound: readonly string[]): boolean {
  return bound.every((address) => address === '::1' || (isIPv4(address) && address.startsWith('127.')));
}

/**
 * The interfaces of the LAN among `all`, and of their addresses only those the port is bound to. `flagsOf` gives the
 * kernel's flags, or undefined where they cannot be read; then the name alone decides.
 */
export function usableInterfaces(
  all: NodeJS.Dict<NetworkInterfaceInfo[]>,
  bound: readonly string[],
  flagsOf: (name: string) => number | undefined,
): Usable[] {
  const isAny = bound.some((address) => WILDCARDS.has(address));
  const usable: Usable[] = [];
  for (const [name, infos = []] of Object.entries(all)) {
    if (VIRTUAL.test(name)) continue;
    const flags = flagsOf(name);
    if (flags !== undefined && ((flags & IFF_MULTICAST) === 0 || (flags & IFF_POINTOPOINT) !== 0)) continue;
    const wanted = infos.filter((info) => !info.internal && (isAny || bound.includes(info.address)));
    const v4 = wanted.filter((info) => info.family === 'IPv4').map((info) => info.address);
    const v6 = wanted.filter((info) => info.family === 'IPv6' && info.scopeid === 0).map((info) => info.address);
    // The responder speaks mDNS over IPv4; IPv6 addresses are announced beside it.
    if (v4.length > 0) usable.push({ name, addresses: [...v4, ...v6].sort() });
  }
  return usable.sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function kernelFlags(name: string): number | undefined {
  try {
    return Number(readFileSync(`/sys/class/net/${name}/flags`, 'utf8').trim());
  } catch {
    return undefined;
  }
}
