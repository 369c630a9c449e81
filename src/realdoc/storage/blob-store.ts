import { hash } from 'node:crypto';
import { readFileSync, rmSync, unlinkSync } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type Database, fail, type Logger, randomToken } from '../../common/index.ts';
import * as rows from '../repository/index.ts';

/** A file that no row names is swept once it is this old: a prepare that is about to name it is long over by then. */
const GRACE_MS = 3_600_000;

export interface BlobStoreOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  /** Made when it is needed, with mode 0700. */
  directory: string;
}

/**
 * The home of long leaves: files named by the SHA-256 of what they hold, `<aa>/<sha256>`. A file has its name only when
 * every byte of it is on disk (written to `incoming/`, fsync, rename, fsync of the folder), and all that happens before
 * the commit of the row that names it. Whoever is between the two holds a pin, so that no sweep takes it away.
 */
export class BlobStore {
  readonly #o: BlobStoreOptions;
  readonly #pins = new Map<string, number>();

  constructor(options: BlobStoreOptions) {
    this.#o = options;
  }

  /**
   * Puts these bytes on disk; the names come back pinned, and `release` is owed once the rows that name them are
   * committed or given up. Throws DISK_FULL.
   */
  async put(list: readonly Uint8Array[]): Promise<string[]> {
    const names = list.map((bytes) => hash('sha256', bytes));
    for (const name of names) this.#pins.set(name, (this.#pins.get(name) ?? 0) + 1);
    try {
      const fresh = new Map<string, Uint8Array>();
      for (const [i, name] of names.entries()) if (!this.#isCommitted(name)) fresh.set(name, list[i]!);
      if (fresh.size > 0) await this.#write(fresh);
      return names;
    } catch (error) {
      this.release(names);
      const { code } = error as { code?: string };
      throw code === 'ENOSPC' || code === 'EDQUOT' ? fail('DISK_FULL', {}, error) : error;
    }
  }

  release(names: readonly string[]): void {
    for (const name of names) {
      const left = (this.#pins.get(name) ?? 1) - 1;
      if (left === 0) this.#pins.delete(name);
      else this.#pins.set(name, left);
    }
  }

  /** Removes files whose rows are gone for good, but none that somebody is about to name again. */
  drop(names: readonly string[]): void {
    for (const name of names) {
      if (!this.#pins.has(name) && !this.#isCommitted(name)) rmSync(this.#path(name), { force: true });
    }
  }

  /** Synchronous, as all reading of leaves is. Throws if the file is gone or is not what was stored. */
  read(name: string): Buffer {
    const bytes = readFileSync(this.#path(name));
    if (hash('sha256', bytes) !== name) throw new Error(`blob ${name} is not what was stored`);
    return bytes;
  }

  /** Removes what was never finished and what no row names any more, but nothing young and nothing pinned. */
  async sweep(): Promise<number> {
    let removed = 0;
    const old = this.#o.clock.now() - GRACE_MS;
    for (const entry of await readdir(this.#o.directory, { recursive: true, withFileTypes: true }).catch(() => [])) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const stat = await lstat(path).catch(() => undefined);
      if (!stat || stat.mtimeMs > old) continue;
      // No giving way between the question and the deed.
      if (this.#pins.has(entry.name) || this.#isCommitted(entry.name)) continue;
      unlinkSync(path);
      removed++;
    }
    if (removed > 0) this.#o.log.info({ removed }, 'blobs-swept');
    return removed;
  }

  #isCommitted(name: string): boolean {
    return /^[0-9a-f]{64}$/.test(name) && rows.hasBlob(this.#o.db, Buffer.from(name, 'hex'));
  }

  /** A file that lies there already, but that no row names, may be half durable: it is written again. */
  async #write(fresh: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const { directory } = this.#o;
    const incoming = join(directory, 'incoming');
    await mkdir(incoming, { recursive: true, mode: 0o700 });
    const written = await Promise.all(
      [...fresh].map(async ([name, bytes]) => {
        const path = join(incoming, randomToken(12));
        await writeDurably(path, bytes);
        return { name, path };
      }),
    );
    const folders = new Set(written.map(({ name }) => join(directory, name.slice(0, 2))));
    await Promise.all([...folders].map((folder) => mkdir(folder, { recursive: true, mode: 0o700 })));
    await Promise.all(written.map(({ name, path }) => rename(path, this.#path(name))));
    await Promise.all([...folders, directory].map(syncFolder));
  }

  #path(name: string): string {
    return join(this.#o.directory, name.slice(0, 2), name);
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
