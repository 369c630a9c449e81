import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** One socket of the kernel's tables (proc(5)), with the process that holds it. */
export interface NetSocket {
  protocol: string;
  address: string;
  port: number;
  remote: string;
  remotePort: number;
  isListening: boolean;
  pid: number | null;
}

const LISTEN = '0A';

/** Every TCP and UDP socket of this network namespace. */
export function netSockets(): NetSocket[] {
  const owners = socketOwners();
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((protocol) => {
    const rows = readFileSync(`/proc/net/${protocol}`, 'utf8').trim().split('\n').slice(1);
    return rows.map((row) => {
      const [, local = '', remote = '', state = '', , , , , , inode = ''] = row.trim().split(/\s+/);
      const here = endpoint(local);
      const there = endpoint(remote);
      const isUnbound = protocol.startsWith('udp') && there.port === 0;
      return {
        protocol,
        ...here,
        remote: there.address,
        remotePort: there.port,
        isListening: state === LISTEN || isUnbound,
        pid: owners.get(inode) ?? null,
      };
    });
  });
}

/** A process with all its descendants, by parent. */
export function family(root: number): number[] {
  const parents = new Map<number, number>();
  for (const pid of processIds()) {
    const stat = readOr(`/proc/${pid}/stat`);
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    if (parent) parents.set(pid, parent);
  }
  const found = [root];
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child);
  return found;
}

/** What a process has open, as the kernel names it. */
export function openFiles(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

export function environmentOf(pid: number): string[] {
  return readOr(`/proc/${pid}/environ`).split('\0').filter(Boolean);
}

export function commandOf(pid: number): string {
  return readOr(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

/** A zombie is dead: only its exit status is left. */
export function isRunning(pid: number): boolean {
  const stat = readOr(`/proc/${pid}/stat`);
  return stat !== '' && stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z';
}

function socketOwners(): Map<string, number> {
  const owners = new Map<string, number>();
  for (const pid of processIds()) {
    for (const file of openFiles(pid)) {
      const inode = /^socket:\[(\d+)\]$/.exec(file)?.[1];
      if (inode) owners.set(inode, pid);
    }
  }
  return owners;
}

function processIds(): number[] {
  return readdirSync('/proc').map(Number).filter(Boolean);
}

/** `0100007F:1D13` and its 32-digit sister: words of four bytes in the machine's order, which is little-endian here. */
function endpoint(text: string): { address: string; port: number } {
  const [hex = '', port = '0'] = text.split(':');
  const bytes = hex.match(/.{8}/g)?.flatMap((word) => (word.match(/../g) ?? []).reverse()) ?? [];
  const numbers = bytes.map((byte) => Number.parseInt(byte, 16));
  const address = numbers.length === 4 ? numbers.join('.') : ipv6(numbers);
  return { address, port: Number.parseInt(port, 16) };
}

function ipv6(bytes: number[]): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16));
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
