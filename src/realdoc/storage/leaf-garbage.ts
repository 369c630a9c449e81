import type { Clock, Database, Logger } from '../../common/index.ts';
import { giveWay } from '../pace.ts';
import * as rows from '../repository/index.ts';
import { unpackLeaves } from '../text/leaf-list.ts';
import type { BlobStore } from './blob-store.ts';

/** Leaves stay so long after the last text that named them: whoever is reading one is long done by then. */
export const LEAF_GRACE_MS = 3_600_000;
const BATCH = 64;

/** Pages that go back in one step, some milliseconds of it, and those that stay for what comes next: 1 MB. */
const PAGES = 64;
const KEEP_PAGES = 256;

export interface LeafGarbageOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  blobs: BlobStore;
}

/**
 * Takes away leaves that no stored text names any more: first they are marked, and only what is still not named an hour
 * later goes. Whoever comes to use a marked leaf again takes the mark away in the same transaction; a text that was
 * stored while the marks were set may have come too early for that, so a mark on what is named is taken away, too.
 */
export class LeafGarbage {
  readonly #o: LeafGarbageOptions;
  #running: Promise<number> | undefined;
  #cancel: (() => void) | undefined;
  #stopped = true;

  constructor(options: LeafGarbageOptions) {
    this.#o = options;
  }

  start(): void {
    this.#stopped = false;
    if (rows.freeLeaves(this.#o.db, Number.MAX_SAFE_INTEGER, 1).length > 0) void this.collect();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    this.#cancel = undefined;
    await this.#running;
  }

  /** Marks and takes away, in small batches. A second call while one runs joins it. Gives the number that went. */
  collect(): Promise<number> {
    this.#running ??= this.#collect()
      .catch((error: unknown) => {
        this.#o.log.error({ reason: error instanceof Error ? error.message : String(error) }, 'leaf-sweep-failed');
        return 0;
      })
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #collect(): Promise<number> {
    const { db, clock, log, blobs } = this.#o;
    // Nothing that is marked in this pass goes in it, wherever the clock is moved to meanwhile.
    const before = clock.now() - LEAF_GRACE_MS;
    await this.#mark();
    let dropped = 0;
    for (;;) {
      const ids = this.#stopped ? [] : rows.freeLeaves(db, before, BATCH);
      if (ids.length === 0) break;
      dropped += await db.write((tx) => rows.dropLeaves(tx, ids));
    }
    if (dropped > 0) {
      log.info({ leaves: dropped }, 'leaves-swept');
      await blobs.sweep();
    }
    await this.#giveBack();
    const isLeft = rows.freeLeaves(db, Number.MAX_SAFE_INTEGER, 1).length > 0;
    if (isLeft && !this.#stopped) {
      this.#cancel?.();
      this.#cancel = clock.after(LEAF_GRACE_MS + 1000, () => void this.collect());
    }
    return dropped;
  }

  /** What the database does not need any more goes back to the disk, but for what it will soon need again. */
  async #giveBack(): Promise<void> {
    const { db } = this.#o;
    for (;;) {
      const pages = Math.min(PAGES, rows.freePages(db) - KEEP_PAGES);
      if (pages <= 0 || this.#stopped) return;
      await db.write((tx) => rows.givePagesBack(tx, pages));
      await giveWay();
    }
  }

  async #mark(): Promise<void> {
    const { db, clock } = this.#o;
    // What is stored from here on is looked at in another pass.
    const upTo = rows.newestLeaf(db);
    const named = new Set<number>();
    for (const { file, version } of rows.allTrees(db)) {
      const tree = rows.treeAt(db, file, version);
      if (tree) for (const { id } of unpackLeaves(rows.leafList(db, tree))) named.add(id!);
      await giveWay();
    }
    for (let after = 0; after < upTo && !this.#stopped; ) {
      const page = rows.leavesAfter(db, after, upTo, 2048);
      if (page.length === 0) break;
      after = page.at(-1)!.id;
      // What a named leaf rests on comes before it, so it is looked for over all pages first.
      for (const { id, dict } of page) if (dict !== null && named.has(id)) named.add(dict);
    }
    for (let after = 0; after < upTo && !this.#stopped; ) {
      const page = rows.leavesAfter(db, after, upTo, BATCH * 4);
      if (page.length === 0) break;
      after = page.at(-1)!.id;
      const marked = rows.markedLeaves(db, page[0]!.id, after);
      const again = page.filter(({ id }) => named.has(id) && marked.has(id));
      const free = page.filter(({ id }) => !named.has(id) && !marked.has(id));
      if (free.length + again.length > 0) {
        await db.write((tx) => {
          rows.unmarkLeaves(
            tx,
            again.map(({ id }) => id),
          );
          for (const { id } of free) rows.freeLeaf(tx, id, clock.now());
        });
      }
      await giveWay();
    }
  }
}
