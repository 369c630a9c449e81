import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../common/index.ts';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/**
 * One folder of a workspace, held open. All work in it goes through the kernel's name for the open folder
 * (`/proc/self/fd/<n>`, the effect of the `*at` calls that Node lacks), so nobody can swap a parent for a link between
 * the check and the act. Every part of the way is checked not to be a link.
 */
export class Folder implements AsyncDisposable {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #base: string;

  private constructor(path: string, handle: FileHandle, base: string) {
    this.path = path;
    this.#handle = handle;
    this.#base = base;
  }

  /** Throws DOC_PATH_OUTSIDE for a link on the way, DOC_NOT_FOUND for a missing folder, DOC_FILE_FAILED otherwise. */
  static async open(root: string, names: readonly string[], docPath: string): Promise<Folder> {
    let path = root;
    for (const name of names) {
      path = join(path, name);
      const stat = await statOf(path, docPath);
      if (!stat) throw fail('DOC_NOT_FOUND', { path: docPath, near: [] });
      if (stat.isSymbolicLink())
        throw fail('DOC_PATH_OUTSIDE', { path: docPath, reason: 'a folder on the way is a link' });
      if (!stat.isDirectory()) throw fail('DOC_NOT_FOUND', { path: docPath, near: [] });
    }
    let handle: FileHandle;
    try {
      handle = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    } catch (error) {
      throw fileFailed(docPath, error);
    }
    const base = `/proc/self/fd/${handle.fd}`;
    const real = await readlink(base).catch(() => undefined);
    if (real === undefined) return new Folder(path, handle, path);
    if (real !== path) {
      await handle.close();
      throw fail('DOC_PATH_OUTSIDE', { path: docPath, reason: 'a folder on the way was exchanged' });
    }
    return new Folder(path, handle, base);
  }

  /** A name in this folder as the file system calls take it. */
  at(name: string): string {
    return `${this.#base}/${name}`;
  }

  /** Makes names durable: creations, links and renames in this folder. */
  async sync(): Promise<void> {
    await this.#handle.sync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  /**
   * Opens a regular file for reading; `undefined` if there is none. Throws DOC_PATH_OUTSIDE for a link and
   * DOC_NOT_A_FILE for a folder, pipe, device or socket, none of which is ever opened blockingly.
   */
  async openFile(name: string, docPath: string): Promise<FileHandle | undefined> {
    const before = await statOf(this.at(name), docPath);
    if (!before) return undefined;
    refuseUnlessFile(before, docPath);
    let handle: FileHandle;
    try {
      handle = await open(this.at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      if (codeOf(error) === 'ELOOP') throw fail('DOC_PATH_OUTSIDE', { path: docPath, reason: 'it is a link' });
      throw fileFailed(docPath, error);
    }
    const after = await handle.stat();
    if (!after.isFile()) {
      await handle.close();
      refuseUnlessFile(after, docPath);
    }
    return handle;
  }
}

export function refuseUnlessFile(stat: Stats, docPath: string): void {
  if (stat.isSymbolicLink()) throw fail('DOC_PATH_OUTSIDE', { path: docPath, reason: 'it is a link' });
  if (stat.isFile()) return;
  const kind = stat.isDirectory() ? 'folder' : stat.isFIFO() ? 'pipe' : stat.isSocket() ? 'socket' : 'device';
  throw fail('DOC_NOT_A_FILE', { path: docPath, kind });
}

export async function statOf(path: string, docPath: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw fileFailed(docPath, error);
  }
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

const REASONS: Record<string, string> = {
  EACCES: 'no permission',
  EPERM: 'not permitted',
  EROFS: 'the share is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EIO: 'the disk reported an error',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'its folder is missing',
  EMFILE: 'too many open files',
};

/** A reason for people, without paths of the machine. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  return REASONS[code] ?? (code || 'unknown');
}

export function fileFailed(docPath: string, error: unknown): Error {
  return fail('DOC_FILE_FAILED', { path: docPath, reason: reasonOf(error), code: codeOf(error) }, error);
}
