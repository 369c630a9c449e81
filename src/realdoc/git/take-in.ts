import { fail } from '../../common/index.ts';
import { whyOpaque } from '../kinds/kind.ts';
import { giveWay } from '../pace.ts';
import { diffBytes } from '../text/diff.ts';
import type { Change } from '../text/splice.ts';
import { filesAtEnd, type PastVersion, pastOf } from './past.ts';
import { BadBundle, openBundle, type PackLimits } from './read-bundle.ts';

const MIB = 1024 * 1024;
const LIMITS: PackLimits = {
  objects: 1_000_000,
  objectBytes: 256 * MIB,
  totalBytes: 1024 * MIB,
  textBytes: 64 * 1024 * MIB,
};
/** They become versions in one transaction, and each is a row. */
const MAX_VERSIONS = 5000;

type Past = Omit<PastVersion, 'read'>;

/** A git history of one text, ready to become the versions of a document. */
export interface TakenIn {
  first: Past & { bytes: Buffer };
  /** Each later state with what led to it. */
  later: { past: Past; change: Change }[];
  last: Buffer;
}

/**
 * Reads the states of a file out of a git bundle. Throws DOC_BUNDLE_INVALID with a reason, or with the files that are
 * in it when the one asked for is not; DOC_READ_ONLY_KIND if one of its states is no text.
 */
export async function takeIn(
  bundle: Buffer,
  path: string,
  ref: string | undefined,
  signal: AbortSignal,
): Promise<TakenIn> {
  try {
    const open = await openBundle(bundle, LIMITS, signal);
    const past = await pastOf(open, ref, path, signal);
    if (past.length === 0) {
      const files = await filesAtEnd(open, ref, 20, signal);
      throw fail('DOC_BUNDLE_INVALID', { reason: `there is no file ${path} in its history`, files });
    }
    if (past.length > MAX_VERSIONS) {
      throw fail('DOC_BUNDLE_INVALID', {
        reason: `${past.length} versions, and ${MAX_VERSIONS} are the most`,
        files: [path],
      });
    }
    const [{ read: readFirst, ...oldest }] = past as [PastVersion];
    const first = { ...oldest, bytes: textOnly(readFirst(), path) };
    let before = first.bytes;
    const later: TakenIn['later'] = [];
    for (const { read, ...version } of past.slice(1)) {
      signal.throwIfAborted();
      const bytes = textOnly(read(), path);
      later.push({ past: version, change: diffBytes(before, bytes) });
      before = bytes;
      await giveWay();
    }
    return { first, later, last: before };
  } catch (error) {
    if (error instanceof BadBundle) throw fail('DOC_BUNDLE_INVALID', { reason: error.message, files: [] });
    throw error;
  }
}

function textOnly(bytes: Buffer, path: string): Buffer {
  const kind = whyOpaque(bytes);
  if (kind !== undefined)
    throw fail('DOC_READ_ONLY_KIND', { path, kind, possible: 'take in the newest state with doc.add' });
  return bytes;
}
