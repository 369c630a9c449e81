import { type BigIntStats, lstat as lstatCallback } from 'node:fs';
import { promisify } from 'node:util';
import { codeOf } from './folder.ts';

const bigStat = promisify(lstatCallback) as (path: string, options: { bigint: true }) => Promise<BigIntStats>;

/** What is there, links not followed; `undefined` for nothing. Throws what the file system throws. */
export async function bigStatOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await bigStat(path, { bigint: true });
  } catch (error) {
    // An owner file of a name that is already as long as can be does not exist either.
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(codeOf(error))) return undefined;
    throw error;
  }
}
