import { statfs } from 'node:fs/promises';
import { fail } from '../common/index.ts';

/** How much blobs may take: their quota, and what the disk must keep free for documents and the record. */
export class BlobSpace {
  readonly #o: { directory: string; quotaBytes: number; reserveBytes: number };
  /** Bytes of all there is, unfinished uploads included. */
  used = 0;

  constructor(options: { directory: string; quotaBytes: number; reserveBytes: number }) {
    this.#o = options;
  }

  /** Throws BLOB_QUOTA, or DISK_FULL where the disk would not keep what is reserved. */
  async assertRoom(bytes: number): Promise<void> {
    const { quotaBytes, reserveBytes, directory } = this.#o;
    if (this.used >= quotaBytes) throw fail('BLOB_QUOTA', { limit: quotaBytes });
    const { bavail, bsize } = await statfs(directory);
    if (bavail * bsize < bytes + reserveBytes) throw fail('DISK_FULL');
  }

  /** Counts bytes before they are written. Throws BLOB_QUOTA. */
  take(bytes: number): void {
    const limit = this.#o.quotaBytes;
    if (this.used + bytes > limit) throw fail('BLOB_QUOTA', { limit });
    this.used += bytes;
  }

  give(bytes: number): void {
    this.used = Math.max(0, this.used - bytes);
  }
}
