import { PATHS, type ReadContext } from '../../protocol/index.ts';
import { resolveVersion } from '../history/at.ts';
import type { RealDoc } from '../realdoc.ts';
import * as rows from '../repository/index.ts';

/** Where bytes wait on their way in and out; they stay only as long as somebody uses them. */
export interface DocumentBlobs {
  /** Throws TOO_LARGE, BLOB_QUOTA, DISK_FULL or BLOB_FAILED. */
  put(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<{ sha256: string; bytes: number }>;
  /** Throws BLOB_NOT_FOUND. */
  bytes(sha256: string): Promise<Buffer>;
}

/** What putting something up for download may answer. */
export const OFFER_ERRORS = [
  'DOC_NOT_FOUND',
  'DOC_DELETED',
  'DOC_PATH_INVALID',
  'DOC_READ_ONLY_KIND',
  'DOC_TOO_LARGE',
  'DOC_VERSION_UNKNOWN',
  'DOC_PRUNED',
  'DOC_WORKSPACE_NOT_FOUND',
  'TOO_LARGE',
  'BLOB_QUOTA',
  'DISK_FULL',
  'BLOB_FAILED',
] as const;

/** Puts one version up for download, as the file on the share would be. `at` as in `doc.download`; left out: the newest. */
export async function offerVersion(
  room: RealDoc,
  blobs: DocumentBlobs,
  ctx: ReadContext,
  { path, at }: { path: string; at?: string | undefined },
): Promise<{ path: string; version: number; sha256: string; bytes: number; url: string }> {
  const file = await room.locate(path, { deleted: at !== undefined });
  const version = at === undefined ? file.head : resolveVersion(ctx.db, file, at);
  const { sha256, bytes } = await blobs.put(room.fileBytes(file, version));
  ctx.raise(rows.labelAt(ctx.db, file.id, version) ?? file.label);
  return { path: file.path, version, sha256, bytes, url: `${PATHS.blobs}${sha256}` };
}
