import { type BigIntStats, lstat as lstatCallback, lstatSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { codeOf } from './folder.ts';

const bigStat = promisify(lstatCallback) as (path: string, options: { bigint: true }) => Promise<BigIntStats>;
const MOST_SEEN = 10_000;

/** What is there, links not followed; `undefined` for nothing. Throws what the file system throws. */
export async function bigStatOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await bigStat(path, { bigint: true });
  } catch (error) {
    return nothingOr(error);
  }
}

/** Looks at single files: a tenth of a millisecond less for each edit. A walk over many files must give way. */
export class NearFiles {
  /** The device that holds our database. */
  #own: bigint | undefined;
  /** Device of each path that was looked at lately. */
  readonly #seen = new Map<string, bigint>();

  /**
   * Files on the disk of the data directory are looked at without a thread from now on. Should that disk hang, the
   * database hangs as well; any other (a share of the network) must never hold us. Throws what the file system throws.
   */
  async trustDiskOf(directory: string): Promise<void> {
    this.#own = (await stat(directory, { bigint: true })).dev;
  }

  /** The same as `bigStatOf`. */
  readonly statOf = async (path: string): Promise<BigIntStats | undefined> => {
    const device = this.#seen.get(path);
    if (device === undefined || device !== this.#own) return this.#noted(path, await bigStatOf(path));
    try {
      return this.#noted(path, lstatSync(path, { bigint: true }));
    } catch (error) {
      return nothingOr(error);
    }
  };

  #noted(path: string, found: BigIntStats | undefined): BigIntStats | undefined {
    if (!found || this.#seen.get(path) === found.dev) return found;
    if (this.#seen.size >= MOST_SEEN) this.#seen.clear();
    this.#seen.set(path, found.dev);
    return found;
  }
}

function nothingOr(error: unknown): undefined {
  // An owner file of a name that is already as long as can be does not exist either.
  if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(codeOf(error))) return undefined;
  throw error;
}
