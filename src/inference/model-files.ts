import { createHash } from 'node:crypto';
import { type BigIntStats, createReadStream } from 'node:fs';
import { open, readdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, type Database, fail } from '../common/index.ts';
import { files } from './repository.ts';

export interface ExpectedFile {
  file: string;
  bytes: number;
  sha256: string;
}

export interface FoundFile {
  path: string;
  bytes: number;
  /** It has the name but not the size: cut off, or another file. */
  wrongSize: boolean;
}

export interface ModelFilesOptions {
  db: Database;
  clock: Clock;
  /** Where models may lie, the first one first: data directory, `JINGU_MODELS`, cache. Missing ones are ignored. */
  directories: readonly string[];
}

/**
 * Finds model files and vouches for them. A digest once computed is remembered together with everything that a change
 * of the file would change, so a restart does not read gigabytes again; any difference means hashing again.
 */
export class ModelFiles {
  readonly #options: ModelFilesOptions;
  readonly #hashing = new Map<string, Promise<string>>();

  constructor(options: ModelFilesOptions) {
    this.#options = options;
  }

  /** Candidates for one model, best first: by its name with its size, by its size, by its name with a wrong size. */
  async find(expected: ExpectedFile): Promise<FoundFile[]> {
    const found: { rank: number; entry: FoundFile }[] = [];
    for (const directory of this.#options.directories) {
      for (const name of await namesIn(directory)) {
        const path = join(directory, name);
        const bytes = await sizeOf(path);
        const named = name === expected.file;
        if (bytes === undefined || !(named || bytes === expected.bytes)) continue;
        const wrongSize = bytes !== expected.bytes;
        found.push({ rank: wrongSize ? 2 : named ? 0 : 1, entry: { path, bytes, wrongSize } });
      }
    }
    return found.sort((a, b) => a.rank - b.rank).map(({ entry }) => entry);
  }

  /** SHA-256 of a file as it is now. `onProgress` gets the bytes read; it is not called when the digest is known. */
  async digest(path: string, onProgress?: (bytes: number) => void): Promise<string> {
    const stamp = stampOf(await stat(path, { bigint: true }));
    const known = files.find(this.#options.db, path);
    if (known?.stamp === stamp) return known.sha256;
    const key = `${path}\n${stamp}`;
    let running = this.#hashing.get(key);
    if (!running) {
      running = this.#hash(path, stamp, onProgress).finally(() => this.#hashing.delete(key));
      this.#hashing.set(key, running);
    }
    return running;
  }

  /** Throws MODEL_ALTERED when the file is not the one on record. Returns its stamp, to be compared after a load. */
  async verify(model: string, path: string, expected: ExpectedFile): Promise<string> {
    const before = await stat(path, { bigint: true });
    if (Number(before.size) !== expected.bytes) {
      throw fail('MODEL_ALTERED', { model, reason: `it has ${before.size} bytes instead of ${expected.bytes}` });
    }
    const sha256 = await this.digest(path);
    if (sha256 !== expected.sha256) throw fail('MODEL_ALTERED', { model, reason: 'its digest is another one' });
    await this.unchanged(model, path, stampOf(before));
    return stampOf(before);
  }

  /** Throws MODEL_ALTERED if the file was touched since `stamp`. */
  async unchanged(model: string, path: string, stamp: string): Promise<void> {
    const now = await stat(path, { bigint: true }).catch(() => undefined);
    if (!now || stampOf(now) !== stamp) throw fail('MODEL_ALTERED', { model, reason: 'it changed while it was read' });
  }

  /** Gives a verified file its name, durably, and remembers its digest under it. */
  async name(part: string, target: string, sha256: string): Promise<void> {
    const before = await stat(part, { bigint: true });
    await rename(part, target);
    const directory = await open(dirname(target), 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
    const after = await stat(target, { bigint: true });
    // A rename changes nothing but the change time; anything else means that the next load hashes it again.
    if (before.ino !== after.ino || before.size !== after.size || before.mtimeNs !== after.mtimeNs) return;
    const row = { path: target, stamp: stampOf(after), sha256, verified_at: this.#options.clock.now() };
    await this.#options.db.write((tx) => files.put(tx, row));
  }

  async #hash(path: string, stamp: string, onProgress?: (bytes: number) => void): Promise<string> {
    const hash = createHash('sha256');
    let bytes = 0;
    // Pieces this small keep the event loop's own work between them under a millisecond.
    for await (const piece of createReadStream(path, { highWaterMark: 256 * 1024 })) {
      hash.update(piece as Buffer);
      bytes += (piece as Buffer).length;
      onProgress?.(bytes);
    }
    const sha256 = hash.digest('hex');
    if (stampOf(await stat(path, { bigint: true })) === stamp) {
      const row = { path, stamp, sha256, verified_at: this.#options.clock.now() };
      await this.#options.db.write((tx) => files.put(tx, row));
    }
    return sha256;
  }
}

function stampOf(stats: BigIntStats): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => name.endsWith('.gguf')).sort();
  } catch {
    // A directory that is not there holds no model; anything worse shows when its file is opened.
    return [];
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  const stats = await stat(path).catch(() => undefined);
  return stats?.isFile() ? stats.size : undefined;
}
