import type { Reader } from '../../common/index.ts';
import { type LeafStore, treeDigest } from '../leaf-store.ts';
import { readDocument } from '../projection/look.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';
import { parseChange, plainChange, unpackChange } from '../text/codec.ts';
import { CHAIN_START, versionDigest } from './chain.ts';

export interface Problem {
  path: string;
  version: number;
  problem: string;
}

const PAGE = 500;
const giveWay = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Checks the history of one document: the digest chain from the first version to the head, and with `full` that the
 * log, applied in scratch space from the first stored text, gives every stored tree and the sizes it names, and that
 * every stored leaf holds the bytes it was stored with. Returns what does not hold; reads only.
 */
export async function verifyHistory(db: Reader, leaves: LeafStore, file: FileRow, full: boolean): Promise<Problem[]> {
  const problems: Problem[] = [];
  const report = (version: number, problem: string): void => {
    problems.push({ path: file.path, version, problem });
  };
  let prev = CHAIN_START;
  let version = 0;
  const stored = new Map(rows.treesOf(db, file.id).map((row) => [row.version, row]));
  const first = stored.get(1);
  if (!first) report(1, 'the first text is missing');
  let tree = full && first ? leaves.open(first) : undefined;
  try {
    for (;;) {
      const page = rows.opsBetween(db, file.id, version, version + PAGE);
      if (page.length === 0) break;
      for (const op of page) {
        if (op.version !== version + 1) report(version + 1, 'a version is missing');
        version = op.version;
        if (op.prev !== prev) report(version, 'the chain does not join the version before');
        const change = unpackChange(op.splices);
        const { digest, splices: _, ...unsigned } = op;
        if (versionDigest(unsigned, plainChange(parseChange(plainChange(change)))) !== digest) {
          report(version, 'the digest does not fit what is stored');
        }
        prev = digest;
        if (!tree) continue;
        tree = tree.apply(change);
        if (tree.bytes !== op.bytes || tree.newlines !== op.newlines)
          report(version, 'the text has another size than recorded');
        const checkpoint = stored.get(version);
        if (checkpoint && (await treeDigest(tree)) !== checkpoint.sha256) report(version, 'replay gives another text');
        if (checkpoint && (await treeDigest(leaves.open(checkpoint))) !== checkpoint.sha256)
          report(version, 'a stored text is damaged');
      }
      await giveWay();
    }
  } catch (error) {
    report(version, error instanceof Error ? error.message : 'unreadable');
  }
  if (version !== file.head) report(file.head, `the log ends at version ${version}`);
  if (prev !== file.digest) report(file.head, 'the document names another digest than its last version');
  return problems;
}

/** Compares the file on the share with what the projection says it holds. */
export async function verifyFile(db: Reader, file: FileRow): Promise<Problem[]> {
  const row = rows.projection(db, file.id);
  if (file.state === 'deleted' || !row?.signature || row.state !== 'written') return [];
  const content = await readDocument(file.root, file.rel, file.path);
  if (!content) return [{ path: file.path, version: row.version, problem: 'the file is missing on the share' }];
  if ('why' in content || content.signature.sha256 !== row.signature.sha256) {
    return [{ path: file.path, version: row.version, problem: 'the file on the share differs' }];
  }
  return [];
}
