import { statfs } from 'node:fs/promises';
import { type Clock, type Database, fail } from '../../common/index.ts';
import * as rows from '../repository/index.ts';

export interface QuotaOptions {
  db: Database;
  clock: Clock;
  /** The data directory: where the history and the record of the box lie. */
  directory: string;
  /** Bytes of history in all and for one workspace; 0: as much as the disk has. */
  all?: number;
  each?: number;
  /** Left free on the disk, whatever is allowed. */
  reserve?: number;
}

const GIB = 1024 ** 3;
/** What is shorter takes its chance: the commit tells if there is no room. */
const LARGE = 1024 ** 2;
/** Counting adds up a column of all documents: not at every edit. */
const COUNT_EVERY_MS = 2000;

/**
 * Says no to new history before the disk is full. What is stored stays, and a file on the share that cannot be taken in
 * is left as it is: it is taken in once there is room.
 */
export class Quota {
  readonly #o: QuotaOptions;
  readonly #used = new Map<string, { bytes: number; at: number }>();

  constructor(options: QuotaOptions) {
    this.#o = options;
  }

  /** Throws DOC_QUOTA if a workspace, or all of them together, may not grow by so many bytes. */
  check(workspace: string, bytes: number): void {
    const { db, all = 0, each = 0 } = this.#o;
    if (each > 0) {
      const used = this.#count(workspace, () => rows.storedIn(db, workspace));
      const scope = rows.workspaceOf(db, workspace)?.name ?? workspace;
      if (used + bytes > each) throw fail('DOC_QUOTA', { scope, used, limit: each });
    }
    if (all > 0) {
      const used = this.#count('', () => rows.storedIn(db));
      if (used + bytes > all) throw fail('DOC_QUOTA', { scope: 'all workspaces', used, limit: all });
    }
  }

  /** The same for much at once, which the disk must have room for as well. Throws DOC_QUOTA or DISK_FULL. */
  async checkLarge(workspace: string, bytes: number): Promise<void> {
    this.check(workspace, bytes);
    if (bytes < LARGE) return;
    const { directory, reserve = GIB / 4 } = this.#o;
    const { bavail, blocks, bsize } = await statfs(directory);
    // Of a small disk not more than a twentieth.
    if (bavail * bsize < bytes + Math.min(reserve, (blocks * bsize) / 20)) throw fail('DISK_FULL');
  }

  #count(key: string, count: () => number): number {
    const now = this.#o.clock.monotonic();
    const known = this.#used.get(key);
    if (known && now - known.at < COUNT_EVERY_MS) return known.bytes;
    const bytes = count();
    this.#used.set(key, { bytes, at: now });
    return bytes;
  }
}
