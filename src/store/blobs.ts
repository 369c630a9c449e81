import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, rename, rm, unlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { type Clock, fail, type Logger, randomToken } from '../common/index.ts';
import { blobFiles, digestOf, diskError, refuseName, syncFolder } from './blob-files.ts';
import { BlobSpace } from './blob-space.ts';
import { makeDurableFolder } from './durable-folder.ts';

export interface BlobsOptions {
  /** Made with mode 0700 when it is not there. */
  directory: string;
  clock: Clock;
  log: Logger;
  /** Longest blob. */
  maxBytes?: number;
  /** Longest blob that the box itself puts up for download: a history may be longer than anything a phone sends. */
  maxPutBytes?: number;
  /** All blobs together, unfinished ones included. */
  quotaBytes?: number;
  /** Blobs that nobody used for so long are removed. */
  keepMs?: number;
  /** Unfinished uploads that grew no more for so long are removed. */
  keepPartsMs?: number;
  /** Left free on the disk: documents and the record come first. */
  reserveBytes?: number;
}

/** A part of an upload: its place in the whole, and how long the whole is where that is known. */
export interface Part {
  from: number;
  /** Bytes of this part, if the sender said so; more are refused. */
  length: number | undefined;
  total: number | undefined;
}

export interface Received {
  received: number;
  complete: boolean;
}

const MIB = 1_048_576;
const HOUR = 3_600_000;

/**
 * Files on their way in and out of the box, by the SHA-256 of their bytes. Never the home of anything: what is kept is
 * kept by the room that took it in, so a blob may go when nobody used it for a day. A blob has its name only when every
 * byte is on disk and has that digest: written to `incoming/`, fsync, rename, fsync of the folder.
 */
export class Blobs {
  readonly maxBytes: number;
  readonly #o: Required<BlobsOptions>;
  readonly #incoming: string;
  readonly #busy = new Set<string>();
  readonly #space: BlobSpace;
  #cancel: (() => void) | undefined;

  constructor(options: BlobsOptions) {
    this.#o = {
      maxBytes: 64 * MIB,
      maxPutBytes: 2048 * MIB,
      quotaBytes: 4096 * MIB,
      keepMs: 24 * HOUR,
      keepPartsMs: HOUR,
      reserveBytes: 256 * MIB,
      ...options,
    };
    this.maxBytes = this.#o.maxBytes;
    this.#space = new BlobSpace(this.#o);
    this.#incoming = join(options.directory, 'incoming');
  }

  /** Counts what is there and sweeps, now and every hour. Throws DISK_FULL or BLOB_FAILED. */
  async start(): Promise<void> {
    try {
      makeDurableFolder(this.#incoming);
      makeDurableFolder(this.#o.directory);
      await this.sweep();
    } catch (error) {
      throw diskError(error);
    }
    this.#again();
  }

  /** All there is, unfinished uploads included. */
  get usedBytes(): number {
    return this.#space.used;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Bytes of the blob, or undefined. */
  async stat(sha256: string): Promise<number | undefined> {
    const stat = await lstat(this.#path(sha256)).catch(() => undefined);
    return stat?.isFile() ? stat.size : undefined;
  }

  /** What is here of an upload of this owner. */
  async received(owner: string, sha256: string): Promise<Received> {
    const whole = await this.stat(sha256);
    if (whole !== undefined) return { received: whole, complete: true };
    const part = await lstat(this.#part(owner, sha256)).catch(() => undefined);
    return { received: part?.size ?? 0, complete: false };
  }

  /**
   * Takes in a blob or a part of it; with the last byte the digest is checked. What arrived before a connection broke
   * stays for `keepPartsMs` and is gone on with from where `received` says. Uploads of different owners never touch
   * each other. Throws BLOB_DIGEST_WRONG, TOO_LARGE (nothing is kept after these two), BLOB_OFFSET, BLOB_BUSY,
   * BLOB_QUOTA, DISK_FULL or BLOB_FAILED.
   */
  async receive(owner: string, sha256: string, part: Part, chunks: AsyncIterable<Uint8Array>): Promise<Received> {
    const path = this.#part(owner, sha256);
    if (this.#busy.has(path)) throw fail('BLOB_BUSY', { sha256 });
    this.#busy.add(path);
    try {
      return await this.#receive(path, sha256, part, chunks);
    } catch (error) {
      throw diskError(error);
    } finally {
      this.#busy.delete(path);
    }
  }

  /** Keeps these bytes under their digest. Throws TOO_LARGE, BLOB_QUOTA, DISK_FULL or BLOB_FAILED. */
  async put(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<{ sha256: string; bytes: number }> {
    const path = join(this.#incoming, `${randomToken(16)}.tmp`);
    const digest = createHash('sha256');
    let bytes = 0;
    try {
      await this.#space.assertRoom(0);
      const file = await open(path, 'wx', 0o600);
      try {
        bytes = await this.#write(file, 0, this.#o.maxPutBytes, chunks, digest);
        await file.sync();
      } finally {
        await file.close();
      }
      const sha256 = digest.digest('hex');
      await this.#keep(path, sha256, bytes);
      return { sha256, bytes };
    } catch (error) {
      // The disk that refused the bytes may refuse this, too; the sweep comes by.
      await this.#drop(path).catch(() => undefined);
      throw diskError(error);
    }
  }

  /** The bytes from `from` up to and with `to`. Counts as use. Throws BLOB_NOT_FOUND. */
  async stream(sha256: string, range?: { from: number; to: number }): Promise<Readable> {
    await this.#touch(sha256);
    return createReadStream(this.#path(sha256), range ? { start: range.from, end: range.to } : {});
  }

  /** All of it, checked against its name. Throws BLOB_NOT_FOUND, and BLOB_DIGEST_WRONG for bytes the disk lost. */
  async bytes(sha256: string): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of await this.stream(sha256)) parts.push(part as Buffer);
    const bytes = Buffer.concat(parts);
    const actual = createHash('sha256').update(bytes).digest('hex');
    if (actual !== sha256) throw fail('BLOB_DIGEST_WRONG', { expected: sha256, actual });
    return bytes;
  }

  /** Removes what nobody used for long, and counts the rest. */
  async sweep(): Promise<void> {
    const now = this.#o.clock.now();
    let used = 0;
    let removed = 0;
    for (const { path, isPart, bytes, usedAt } of await blobFiles(this.#o.directory)) {
      const isOld = now - usedAt > (isPart ? this.#o.keepPartsMs : this.#o.keepMs);
      if (isOld && !this.#busy.has(path)) {
        await unlink(path).catch(() => undefined);
        removed++;
      } else used += bytes;
    }
    this.#space.used = used;
    if (removed > 0) this.#o.log.info({ removed, usedBytes: used }, 'blobs-swept');
  }

  async #receive(
    path: string,
    sha256: string,
    { from, length, total }: Part,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<Received> {
    const end = total ?? (length === undefined ? undefined : from + length);
    if (end !== undefined && end > this.maxBytes) throw fail('TOO_LARGE', { bytes: end, limit: this.maxBytes });
    const whole = await this.stat(sha256);
    if (whole !== undefined) {
      await this.#touch(sha256);
      return { received: whole, complete: true };
    }
    const held = (await lstat(path).catch(() => undefined))?.size ?? 0;
    if (from !== 0 && from !== held) throw fail('BLOB_OFFSET', { received: held });
    if (from === 0) await this.#drop(path);
    await this.#space.assertRoom((end ?? this.maxBytes) - from);
    const most = length === undefined ? this.maxBytes : from + length;
    const file = await open(path, 'a', 0o600);
    let at: number;
    try {
      at = await this.#write(file, from, most, chunks);
      await file.sync();
    } catch (error) {
      const { code } = error as { code?: string };
      // Too much was sent, or too much for the disk: none of it can become whole. A broken connection can.
      if (code === 'TOO_LARGE' || code === 'BLOB_QUOTA' || code === 'ENOSPC') await this.#drop(path);
      throw error;
    } finally {
      await file.close();
    }
    if (total !== undefined && at < total) return { received: at, complete: false };
    const actual = await digestOf(path);
    if (actual !== sha256) {
      await this.#drop(path);
      throw fail('BLOB_DIGEST_WRONG', { expected: sha256, actual });
    }
    await this.#keep(path, sha256, at);
    return { received: at, complete: true };
  }

  /** Appends; gives the length of the file then. */
  async #write(
    file: FileHandle,
    from: number,
    most: number,
    chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    digest?: Hash,
  ): Promise<number> {
    let at = from;
    for await (const chunk of chunks) {
      if (at + chunk.length > most) throw fail('TOO_LARGE', { bytes: at + chunk.length, limit: most });
      this.#space.take(chunk.length);
      await file.writeFile(chunk);
      digest?.update(chunk);
      at += chunk.length;
    }
    return at;
  }

  async #keep(path: string, sha256: string, bytes: number): Promise<void> {
    const target = this.#path(sha256);
    if ((await this.stat(sha256)) === bytes) {
      await this.#drop(path);
      return await this.#touch(sha256);
    }
    const folder = dirname(target);
    await mkdir(folder, { mode: 0o700, recursive: true });
    await rename(path, target);
    await syncFolder(folder);
    await syncFolder(this.#o.directory);
    await this.#touch(sha256);
  }

  async #drop(path: string): Promise<void> {
    const bytes = (await lstat(path).catch(() => undefined))?.size ?? 0;
    await rm(path, { force: true });
    this.#space.give(bytes);
  }

  async #touch(sha256: string): Promise<void> {
    const now = this.#o.clock.now() / 1000;
    await utimes(this.#path(sha256), now, now).catch((error: unknown) => {
      throw fail('BLOB_NOT_FOUND', { sha256 }, error);
    });
  }

  #path(sha256: string): string {
    refuseName(sha256);
    return join(this.#o.directory, sha256.slice(0, 2), sha256);
  }

  /** Known again after a restart, and nobody else's. */
  #part(owner: string, sha256: string): string {
    refuseName(sha256);
    return join(this.#incoming, `${createHash('sha256').update(`${owner}\0${sha256}`).digest('hex')}.part`);
  }

  #again(): void {
    this.#cancel = this.#o.clock.after(HOUR, () => {
      this.sweep().catch((error: unknown) => this.#o.log.warn({ error: String(error) }, 'blob-sweep-failed'));
      this.#again();
    });
  }
}
