import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { type ModelFile, pieceSize } from './model-file.ts';

/** The bytes that arrived are not the file's. Not worth a retry at the same source. */
export class WrongBytes extends Error {}

/**
 * A model file being put together beside its final name. It grows from the front and each piece is checked as it
 * completes, so whatever is on the disk after a cut is a good beginning that any other source may go on from.
 */
export class PartialFile {
  readonly model: ModelFile;
  /** Bytes on disk so far; all complete pieces before it are verified. */
  size = 0;
  readonly #path: string;
  readonly #handle: FileHandle;
  #piece: Hash = createHash('sha256');

  private constructor(model: ModelFile, path: string, handle: FileHandle) {
    this.model = model;
    this.#path = path;
    this.#handle = handle;
  }

  /** Opens or makes `<path>.part`, and cuts off everything behind its last good piece boundary or open piece. */
  static async open(model: ModelFile, path: string): Promise<PartialFile> {
    const part = `${path}.part`;
    const handle = await open(part, 'a+').then(async (made) => {
      await made.close();
      return open(part, 'r+');
    });
    const file = new PartialFile(model, part, handle);
    await file.#readBack(Math.min((await handle.stat()).size, model.bytes));
    return file;
  }

  async #readBack(present: number): Promise<void> {
    const buffer = Buffer.allocUnsafe(1 << 20);
    while (this.size < present) {
      const want = Math.min(buffer.length, present - this.size, this.#leftOfPiece());
      const { bytesRead } = await this.#handle.read(buffer, 0, want, this.size);
      if (bytesRead === 0) break;
      try {
        this.#take(buffer.subarray(0, bytesRead));
      } catch (error) {
        if (!(error instanceof WrongBytes)) throw error;
        break;
      }
    }
    await this.#handle.truncate(this.size);
  }

  #leftOfPiece(): number {
    return this.model.pieceBytes - (this.size % this.model.pieceBytes);
  }

  /** Counts bytes that lie within one piece, and checks the piece when they complete it. */
  #take(bytes: Uint8Array): void {
    const index = Math.floor(this.size / this.model.pieceBytes);
    this.#piece.update(bytes);
    this.size += bytes.length;
    if (this.size !== index * this.model.pieceBytes + pieceSize(this.model, index)) return;
    const digest = this.#piece.digest('hex');
    this.#piece = createHash('sha256');
    if (digest === this.model.pieces[index]) return;
    this.size = index * this.model.pieceBytes;
    throw new WrongBytes(`piece ${index + 1} of ${this.model.pieces.length} is not what it should be`);
  }

  /** Appends. Throws WrongBytes at the end of a bad piece, which is cut off again, or when there are too many bytes. */
  async append(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.size >= this.model.bytes) throw new WrongBytes('the file is longer than it should be');
      const some = rest.subarray(0, Math.min(rest.length, this.#leftOfPiece()));
      await this.#handle.write(some, 0, some.length, this.size);
      try {
        this.#take(some);
      } catch (error) {
        await this.#handle.truncate(this.size);
        throw error;
      }
      rest = rest.subarray(some.length);
    }
  }

  /** Forgets the piece that is not complete yet, for sources that deliver whole pieces. */
  async backToPiece(): Promise<void> {
    this.size -= this.size % this.model.pieceBytes;
    this.#piece = createHash('sha256');
    await this.#handle.truncate(this.size);
  }

  get complete(): boolean {
    return this.size === this.model.bytes;
  }

  /** Durable under its final name. */
  async finish(path: string): Promise<void> {
    await this.#handle.sync();
    await this.#handle.close();
    await rename(this.#path, path);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
