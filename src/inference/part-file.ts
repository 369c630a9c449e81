import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * A file that grows beside its final place and gets its name only when it is whole. What was synced and journalled is
 * safe to go on from after a power cut; anything behind it is cut off.
 */
export class PartFile {
  readonly path: string;
  readonly #handle: FileHandle;
  #length: number;

  private constructor(path: string, handle: FileHandle, length: number) {
    this.path = path;
    this.#handle = handle;
    this.#length = length;
  }

  /** Opens the part of `target` with at most `keep` bytes of what is there. */
  static async open(target: string, keep: number): Promise<PartFile> {
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    const path = `${target}.part`;
    const handle = await open(path, 'a+', 0o600);
    try {
      const { size } = await handle.stat();
      const length = Math.min(size, keep);
      if (size > length) await handle.truncate(length);
      return new PartFile(path, handle, length);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get length(): number {
    return this.#length;
  }

  async append(bytes: Uint8Array): Promise<void> {
    let at = 0;
    while (at < bytes.length) {
      const { bytesWritten } = await this.#handle.write(bytes, at);
      at += bytesWritten;
      this.#length += bytesWritten;
    }
  }

  async restart(): Promise<void> {
    await this.#handle.truncate(0);
    this.#length = 0;
  }

  async sync(): Promise<void> {
    await this.#handle.datasync();
  }

  /** Everything is on the disk; the file waits for its name (`ModelFiles.name`). */
  async finish(): Promise<void> {
    await this.#handle.sync();
    await this.#handle.close();
  }

  async discard(): Promise<void> {
    await this.#handle.close();
    await unlink(this.path);
  }

  /** Leaves the part where it is, to go on later. */
  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Where a model of this name is kept. A name with a path in it would be a fault of ours, not of a caller. */
export function modelPath(directory: string, file: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*\.gguf$/.test(file)) throw new RangeError(`"${file}" is no name for a model file`);
  return join(directory, file);
}
