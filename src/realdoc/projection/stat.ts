import { type BigIntStats, lstat as lstatCallback, lstatSync, statSync } from 'node:fs';
import { promisify } from 'node:util';
import { codeOf } from './folder.ts';

const bigStat = promisify(lstatCallback) as (path: string, options: { bigint: true }) => Promise<BigIntStats>;

/** Devices that hold a database of this process. */
const own = new Set<bigint>();
/** Device of each path that was looked at lately. */
const seen = new Map<string, bigint>();
const MOST_SEEN = 10_000;

/**
 * Files on the disk of the data directory are looked at without a thread from now on, by `nearStatOf`. Should that disk
 * hang, the database hangs as well; any other (a share of the network) must never hold us.
 */
export function trustDiskOf(directory: string): void {
  own.add(statSync(directory, { bigint: true }).dev);
}

/** What is there, links not followed; `undefined` for nothing. Throws what the file system throws. */
export async function bigStatOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return noted(path, await bigStat(path, { bigint: true }));
  } catch (error) {
    return nothingOr(error);
  }
}

/** The same for a single call: a tenth of a millisecond less for each edit. A walk over many files must give way. */
export async function nearStatOf(path: string): Promise<BigIntStats | undefined> {
  const device = seen.get(path);
  if (device === undefined || !own.has(device)) return await bigStatOf(path);
  try {
    return noted(path, lstatSync(path, { bigint: true }));
  } catch (error) {
    return nothingOr(error);
  }
}

function nothingOr(error: unknown): undefined {
  // An owner file of a name that is already as long as can be does not exist either.
  if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(codeOf(error))) return undefined;
  throw error;
}

function noted(path: string, stat: BigIntStats): BigIntStats {
  // By way of an open folder the same path is soon another file.
  if (seen.get(path) === stat.dev || path.startsWith('/proc/')) return stat;
  if (seen.size >= MOST_SEEN) seen.clear();
  seen.set(path, stat.dev);
  return stat;
}
