import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail, isJinguError, type JinguError } from '../common/index.ts';

/** One file of a backup; `path` is relative, with forward slashes. */
export interface BackupFile {
  path: string;
  bytes: number;
  sha256: string;
}

/**
 * Copies one file and makes it durable; the digest is of the bytes written. The copy is for its owner alone, and none is
 * left where the source cannot be read.
 */
export async function copyFile(source: string, target: string, path: string): Promise<BackupFile> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const digest = createHash('sha256');
  let bytes = 0;
  const file = await open(target, 'wx', 0o600);
  try {
    for await (const chunk of createReadStream(source) as AsyncIterable<Buffer>) {
      digest.update(chunk);
      bytes += chunk.length;
      await file.writeFile(chunk);
    }
    await file.sync();
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  return { path, bytes, sha256: digest.digest('hex') };
}

export async function digestFile(source: string, path: string): Promise<BackupFile> {
  const digest = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(source) as AsyncIterable<Buffer>) {
    digest.update(chunk);
    bytes += chunk.length;
  }
  return { path, bytes, sha256: digest.digest('hex') };
}

/**
 * Regular files at or below `root/path`, as relative paths, in order; nothing if it is absent. Links, sockets and
 * devices are passed over: a backup holds bytes, and a restore must not follow anything out of its folder.
 */
export async function filesUnder(root: string, path: string): Promise<string[]> {
  const stat = await lstat(join(root, path)).catch(() => undefined);
  if (stat?.isFile()) return [path];
  if (!stat?.isDirectory()) return [];
  const names = (await readdir(join(root, path))).sort();
  return (await Promise.all(names.map((name) => filesUnder(root, `${path}/${name}`)))).flat();
}

/** Makes the names in a folder durable (fsync of the directory). */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A relative path that stays inside: what a manifest from elsewhere may name. */
export function isInside(path: string): boolean {
  const parts = path.split('/');
  return (
    path.length < 1024 && !/[\\\0]/.test(path) && parts.every((part) => part !== '' && part !== '.' && part !== '..')
  );
}

/** File errors as the box speaks of them. */
export function fileProblem(error: unknown): JinguError {
  if (isJinguError(error)) return error;
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'ENOSPC' || code === 'EDQUOT') return fail('DISK_FULL', {}, error);
  return fail('STORE_FAILED', { reason: message ?? String(error) }, error);
}
