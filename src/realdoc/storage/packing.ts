import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { CHAIN_START } from '../history/chain.ts';
import type { NewPack } from '../repository/index.ts';
import { withDictionary } from '../text/codec.ts';
import { type LoggedOp, layOut } from './pack.ts';

const squeeze = promisify(zstdCompress);
const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 9 } };

/** A run of rows that is to be packed, with all that reading it back takes. */
export interface PackJob {
  /** Number of the document, and its id. */
  file: number;
  name: string;
  run: readonly LoggedOp[];
  /** Of the version before them, and of the last of them. */
  digests: { prev: string; digest: string };
  /** What the numbers in the rows stand for. */
  words: ReadonlyMap<number, string>;
}

/** A pack of rows that follow one another. `digests`: of the version before them, and of the last of them. */
export async function packed(
  file: number,
  run: readonly LoggedOp[],
  digests: { prev: string; digest: string },
): Promise<NewPack> {
  const [first, last] = [run[0]!, run.at(-1)!];
  const plain = layOut(run);
  const [splices, facts] = await Promise.all([
    squeeze(plain.splices, LEVEL),
    squeeze(plain.facts, { ...LEVEL, ...withDictionary(plain.splices) }),
  ]);
  const fromVersion = first.version - first.span + 1;
  return {
    file,
    fromVersion,
    toVersion: last.version,
    leastAt: run.reduce((least, op) => Math.min(least, op.at), first.at),
    leastSeq: first.seq,
    prev: fromVersion === 1 ? CHAIN_START : digests.prev,
    digest: digests.digest,
    splices,
    facts,
  };
}
