import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, isJinguError } from '../common/index.ts';

export interface BlobFile {
  path: string;
  /** Unfinished, or left behind by a crash. */
  isPart: boolean;
  bytes: number;
  /** Milliseconds since 1970. */
  usedAt: number;
}

/** Every file below the folder of blobs. One that goes while this looks is left out. */
export async function blobFiles(directory: string): Promise<BlobFile[]> {
  const found: BlobFile[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const stat = await lstat(path).catch(() => undefined);
    if (!stat) continue;
    found.push({ path, isPart: !/^[0-9a-f]{64}$/.test(entry.name), bytes: stat.size, usedAt: stat.mtimeMs });
  }
  return found;
}

/** A name becomes a path, so nothing but 64 hex digits is one. Throws INPUT_INVALID. */
export function refuseName(sha256: string): void {
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw fail('INPUT_INVALID', { pointer: '/sha256', reason: '64 lower-case hex digits' });
}

/** A rename is durable once its folder is. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** What the disk refuses, as the box speaks of it; everything else stays what it is. */
export function diskError(error: unknown): unknown {
  const { code } = error as { code?: string };
  if (isJinguError(error) || code === undefined || !/^E[A-Z]+$/.test(code)) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') return fail('DISK_FULL', {}, error);
  return fail('BLOB_FAILED', { reason: code }, error);
}

export async function digestOf(path: string): Promise<string> {
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(path)) digest.update(chunk as Buffer);
  return digest.digest('hex');
}
