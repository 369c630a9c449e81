import { createHash, hash } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type Clock, type Database, type Reader, type Tx, toHex } from '../common/index.ts';
import * as rows from './repository/index.ts';
import { LeafCache } from './storage/leaf-cache.ts';
import type { Leaf } from './text/leaf.ts';
import { packLeaves, unpackLeaves } from './text/leaf-list.ts';
import { TextTree } from './text/tree.ts';

/**
 * Leaves stored in one transaction: about 200 KB compressed, so the writer is held for a millisecond or two. They are
 * compressed here and not in zlib's pool: for so little the pool's streams cost ten times what they do.
 */
const BATCH = 32;
/** Bytes of stored leaves kept at hand: one long text and some, so that its file is written without fetching it. */
const CACHE_BYTES = 128 * 1024 * 1024;
/** Texts up to this size are stored inside the transaction that makes the version; larger ones before it. */
export const SMALL_TEXT = 64 * 1024;

/** Leaves that lie in the database but belong to no version yet. */
export interface Staged {
  job: number;
  ids: Map<Leaf, number>;
  /** The list of all leaves of the tree as it will be stored. */
  packed: Buffer;
}

/** The text of a version, to be stored. */
export interface Kept {
  tree: TextTree;
  sha256: string;
  staged?: Staged | undefined;
  /** No change leads to the version: its tree must stay as long as the version does. */
  isFull?: boolean;
}

/**
 * Puts text trees into the database and gets them back. Leaves are stored under a job and count only once that job is
 * done, so a crash in the middle leaves nothing but rows that the next start sweeps.
 */
export class LeafStore {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #cache = new LeafCache(CACHE_BYTES);

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** The bytes of a stored leaf, which must not be changed. Throws if they are missing or not what was stored. */
  readonly load = (id: number): Uint8Array => {
    const held = this.#cache.get(id);
    if (held) return held;
    const data = loadLeaf(this.#db, id);
    this.#cache.put(id, data);
    return data;
  };

  /** Gives back the memory, and what it holds of leaves that are no more. */
  forget(): void {
    this.#cache.clear();
  }

  /** Stores what is not stored yet, in small batches. The result must be given to `keep` in the final transaction. */
  async stage(tree: TextTree, file: string | null): Promise<Staged | undefined> {
    const leaves = [...tree.leaves()];
    const open = leaves.filter((leaf) => leaf.id === undefined);
    if (open.length === 0) return undefined;
    const job = await this.#db.write((tx) => rows.startJob(tx, 'leaves', file, this.#clock.now()));
    const ids = new Map<Leaf, number>();
    for (let i = 0; i < open.length; i += BATCH) {
      const batch = open.slice(i, i + BATCH).map((leaf) => {
        const data = tree.peek(leaf);
        return { leaf, sha256: hash('sha256', data, 'buffer'), z: zstdCompressSync(data) };
      });
      const fresh = await this.#db.write((tx) =>
        batch.map((b) => rows.leafLike(tx, b.sha256, job) ?? rows.insertLeaf(tx, job, b.leaf.bytes, b.sha256, b.z)),
      );
      for (const [at, { leaf }] of batch.entries()) ids.set(leaf, fresh[at]!);
    }
    return { job, ids, packed: packLeaves(leaves.map((leaf) => ({ ...leaf, id: leaf.id ?? ids.get(leaf) }))) };
  }

  /** Makes the tree of a version visible. Leaves that were not staged are stored here: only for small texts. */
  keep(tx: Tx, file: string, version: number, { tree, sha256, staged, isFull = false }: Kept): void {
    const leaves = [...tree.leaves()];
    const ids = new Map<Leaf, number>(staged?.ids);
    const open = leaves.filter((leaf) => leaf.id === undefined && !ids.has(leaf));
    if (open.length > 0) {
      const own = rows.startJob(tx, 'leaves', file, this.#clock.now());
      for (const leaf of open) {
        const data = tree.peek(leaf);
        ids.set(leaf, rows.insertLeaf(tx, own, leaf.bytes, hash('sha256', data, 'buffer'), zstdCompressSync(data)));
      }
      rows.finishJob(tx, own);
    }
    if (staged) rows.finishJob(tx, staged.job);
    const packed = staged?.packed ?? packLeaves(leaves.map((leaf) => ({ ...leaf, id: leaf.id ?? ids.get(leaf) })));
    const { bytes, newlines } = tree;
    rows.insertTree(tx, { file, version, sha256, bytes, newlines, isFull, leaves: packed });
    // Only a committed row may be named by a leaf that outlives this transaction: other trees share it. Its bytes can be
    // fetched from now on; they are often a view of a whole file that would stay in memory with them.
    tx.afterCommit(() => {
      for (const [leaf, id] of ids) {
        leaf.id = id;
        leaf.data = undefined;
        leaf.recipe = undefined;
      }
    });
  }

  open(row: { leaves: Uint8Array }): TextTree {
    return TextTree.ofLeaves(unpackLeaves(row.leaves), this.load);
  }

  /** Removes what jobs of an earlier run left behind, a little at a time. */
  async sweep(): Promise<void> {
    for (const job of rows.runningJobs(this.#db)) {
      while ((await this.#db.write((tx) => rows.sweepJob(tx, job, 256))) === 256);
    }
  }
}

/** The bytes of a stored leaf, checked against the digest they were stored under. */
export function loadLeaf(db: Reader, id: number): Uint8Array {
  const row = rows.leafBytes(db, id);
  if (!row) throw new Error(`leaf ${id} is missing`);
  const data = zstdDecompressSync(row.z);
  if (hash('sha256', data) !== row.sha256) throw new Error(`leaf ${id} is not what was stored`);
  return data;
}

/** SHA-256 of a whole stored text. */
export function treeDigest(tree: TextTree): Promise<string> {
  return digestOf(tree.pieces());
}

/** SHA-256 of bytes in pieces, giving way to others every few megabytes. */
export async function digestOf(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<string> {
  const sum = createHash('sha256');
  let since = 0;
  for await (const piece of pieces) {
    sum.update(piece);
    since += piece.length;
    if (since > 4 * 1024 * 1024) {
      since = 0;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }
  return toHex(sum.digest());
}
