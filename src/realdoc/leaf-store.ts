import { createHash, hash } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type Clock, type Database, fail, type Tx, toHex } from '../common/index.ts';
import { PrepareAgain, type ReadContext } from '../protocol/index.ts';
import { giveWay } from './pace.ts';
import * as rows from './repository/index.ts';
import type { TreeRow } from './rows.ts';
import { ancestors } from './storage/ancestors.ts';
import type { BlobStore } from './storage/blob-store.ts';
import { inBatches } from './storage/leaf-batches.ts';
import { LeafCache } from './storage/leaf-cache.ts';
import { LEAF_GRACE_MS } from './storage/leaf-garbage.ts';
import { withDictionary } from './text/codec.ts';
import type { Leaf } from './text/leaf.ts';
import { packLeaves, unpackLeaves } from './text/leaf-list.ts';
import { NOTHING } from './text/splice.ts';
import { TextTree } from './text/tree.ts';

/** Compressed leaves above this lie in files. */
const BLOB_ABOVE = 64 * 1024;
/** A leaf in terms of an older one must be so much smaller than its text; else it is stored for itself. */
const WORTH_IT = 8;
const SPARE_BYTES = 64;
/** Lists of leaves shorter than this are not worth a dictionary. */
const SHORT_LIST = 512;
/** Bytes of stored leaves kept at hand: one long text and some, so that its file is written without fetching it. */
const CACHE_BYTES = 128 * 1024 * 1024;
/** Leaves looked up, and those removed, in one transaction. */
const WANTED = 1024;
const SWEPT = 256;
/** Texts up to this size are stored inside the transaction that makes the version; larger ones before it. */
export const SMALL_TEXT = 64 * 1024;

/** Leaves that lie in the database but belong to no version yet. */
export interface Staged {
  job: number;
  ids: Map<Leaf, number>;
  /** The list of all leaves of the tree as it will be stored. */
  packed: rows.PackedLeaves;
  /** Bytes that this took in the database and in files. */
  bytes: number;
  /** When the leaves that it shares with others were seen to be there. */
  at: number;
}

/** What tells when something is over; see `ReadContext`. */
type Call = Pick<ReadContext, 'onEnd'>;

/** A leaf as it is to be stored. */
interface Squeezed {
  leaf: Leaf;
  sha256: Buffer;
  z: Buffer;
  dict: number | null;
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
 * done; what is not kept goes again, at the latest at the next start.
 */
export class LeafStore {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #blobs: BlobStore;
  readonly #cache = new LeafCache(CACHE_BYTES);
  /** Jobs that nobody wants any more and that could not be removed. */
  readonly #left = new Set<number>();

  constructor(db: Database, clock: Clock, blobs: BlobStore) {
    this.#db = db;
    this.#clock = clock;
    this.#blobs = blobs;
  }

  /** The bytes of a stored leaf, which must not be changed. Throws if they are missing or not what was stored. */
  readonly load = (id: number): Uint8Array => {
    const held = this.#cache.get(id);
    if (held) return held;
    const data = this.#fetch(id);
    this.#cache.put(id, data);
    return data;
  };

  /** Gives back the memory, and what it holds of leaves that are no more. */
  forget(): void {
    this.#cache.clear();
  }

  /**
   * Stores what is not stored yet, in small batches; what is like a stored leaf of `file` takes no more than what
   * differs. The result must be given to `keep` in the final transaction; if it was not by the end of `call`, it goes.
   * Throws DISK_FULL, and leaves nothing then.
   */
  async stage(tree: TextTree, file: string | null, call: Call): Promise<Staged | undefined> {
    const leaves = [...tree.leaves()];
    const open = leaves.filter((leaf) => leaf.id === undefined);
    if (open.length === 0) return undefined;
    const last = file === null ? undefined : rows.nearestTree(this.#db, file, Number.MAX_SAFE_INTEGER);
    const likely = last ? ancestors(unpackLeaves(rows.leafList(this.#db, last)), leaves) : new Map<Leaf, number>();
    const at = this.#clock.now();
    const shared = leaves.flatMap((leaf) => leaf.id ?? []);
    for (let i = 0; i < shared.length; i += WANTED) await this.#want(shared.slice(i, i + WANTED));
    const job = await this.#db.write((tx) => rows.startJob(tx, 'leaves', file, at));
    call.onEnd(() => this.#drop(job));
    const ids = new Map<Leaf, number>();
    let bytes = 0;
    for (const batch of inBatches(open)) bytes += await this.#storeBatch(tree, batch, likely, job, ids);
    const list = leaves.map((leaf) => ({ ...leaf, id: leaf.id ?? ids.get(leaf) }));
    return { job, ids, packed: this.#packed(list, last), bytes, at };
  }

  /** `stage`, for those who end by keeping it. */
  async staged<T>(tree: TextTree, file: string, use: (staged: Staged | undefined) => Promise<T>): Promise<T> {
    const ends: (() => Promise<void>)[] = [];
    try {
      return await use(await this.stage(tree, file, { onEnd: (end) => ends.push(end) }));
    } finally {
      for (const end of ends) await end();
    }
  }

  /** Makes the tree of a version visible. Leaves that were not staged are stored here: only for small texts. */
  keep(tx: Tx, file: string, version: number, { tree, sha256, staged, isFull = false }: Kept): void {
    const leaves = [...tree.leaves()];
    const ids = new Map<Leaf, number>(staged?.ids);
    const open = leaves.filter((leaf) => leaf.id === undefined && !ids.has(leaf));
    let stored = staged?.bytes ?? 0;
    if (open.length > 0) {
      const own = rows.startJob(tx, 'leaves', file, this.#clock.now());
      for (const leaf of open) {
        const { z, ...squeezed } = this.#squeeze(tree, leaf);
        ids.set(leaf, rows.insertLeaf(tx, own, { ...squeezed, bytes: leaf.bytes, z, blob: null }));
        stored += z.length;
      }
      rows.finishJob(tx, own);
    }
    if (staged) rows.finishJob(tx, staged.job);
    const named = leaves.flatMap((leaf) => leaf.id ?? ids.get(leaf) ?? []);
    // Whoever held marks back a moment ago needs not ask again whether all are there: of a long text that takes a while.
    if (staged && this.#clock.now() - staged.at < LEAF_GRACE_MS) rows.unmarkLeaves(tx, named);
    else if (!rows.wantLeaves(tx, named)) {
      throw new PrepareAgain(fail('DOC_BUSY', { path: rows.fileById(tx, file)?.path ?? file }));
    }
    const packed = staged?.packed ?? this.#packed(leaves.map((leaf) => ({ ...leaf, id: leaf.id ?? ids.get(leaf) })));
    const { bytes, newlines } = tree;
    rows.insertTree(tx, { file, version, sha256, bytes, newlines, isFull, ...packed });
    rows.addStored(tx, file, stored + packed.leaves.length);
    // Only a committed row may be named by a leaf that outlives this transaction: other trees share it. Its bytes can be
    // fetched from now on; they are often a view of a whole file that would stay in memory with them.
    tx.afterCommit(() => {
      for (const [leaf, id] of ids) {
        leaf.id = id;
        leaf.data = undefined;
        leaf.recipe = undefined;
        leaf.pieces = undefined;
      }
    });
  }

  open(row: TreeRow): TextTree {
    return TextTree.ofLeaves(unpackLeaves(rows.leafList(this.#db, row)), this.load);
  }

  #fetch(id: number): Uint8Array {
    const row = rows.leafBytes(this.#db, id);
    if (!row) throw new Error(`leaf ${id} is missing`);
    const z = row.blob === null ? row.z : this.#blobs.read(row.blob);
    // A little more than the text, or zlib makes a second buffer only to find that nothing is left for it.
    const room = { chunkSize: row.bytes + SPARE_BYTES };
    const data = zstdDecompressSync(z, row.dict === null ? room : { ...room, ...withDictionary(this.load(row.dict)) });
    if (!hash('sha256', data, 'buffer').equals(row.sha256)) throw new Error(`leaf ${id} is not what was stored`);
    return data;
  }

  async #storeBatch(
    tree: TextTree,
    batch: readonly Leaf[],
    likely: ReadonlyMap<Leaf, number>,
    job: number,
    ids: Map<Leaf, number>,
  ): Promise<number> {
    for (;;) {
      const fresh: Squeezed[] = [];
      const again = new Map<Leaf, number>();
      for (const leaf of batch) {
        const sha256 = hash('sha256', tree.peek(leaf), 'buffer');
        const known = rows.leafLike(this.#db, sha256, job);
        if (known === undefined) fresh.push(this.#squeeze(tree, leaf, likely.get(leaf), sha256));
        else again.set(leaf, known);
      }
      const long = fresh.filter(({ z }) => z.length > BLOB_ABOVE);
      const names = await this.#blobs.put(long.map(({ z }) => z));
      try {
        const blobs = new Map(long.map((squeezed, i) => [squeezed, names[i]!]));
        const stored = await this.#db.write((tx) => {
          if (!rows.wantLeaves(tx, [...again.values(), ...fresh.flatMap(({ dict }) => dict ?? [])])) return undefined;
          return fresh.map((squeezed) => {
            const { leaf, z, ...facts } = squeezed;
            const blob = blobs.get(squeezed);
            if (blob === undefined) return rows.insertLeaf(tx, job, { ...facts, bytes: leaf.bytes, z, blob: null });
            rows.insertBlob(tx, blob, z.length, this.#clock.now());
            return rows.insertLeaf(tx, job, { ...facts, bytes: leaf.bytes, z: NOTHING, blob });
          });
        });
        // One that was to be shared went meanwhile: once more, without it.
        if (!stored) continue;
        for (const [leaf, id] of again) ids.set(leaf, id);
        for (const [at, { leaf }] of fresh.entries()) ids.set(leaf, stored[at]!);
        return fresh.reduce((sum, { z }) => sum + z.length, 0);
      } finally {
        this.#blobs.release(names);
      }
    }
  }

  async #want(ids: readonly number[]): Promise<void> {
    if (!(await this.#db.write((tx) => rows.wantLeaves(tx, ids)))) throw new Error('a leaf is missing');
  }

  /** One dictionary deep: reading a leaf never takes more than one other. */
  #squeeze(tree: TextTree, leaf: Leaf, like?: number, sha256?: Buffer): Squeezed {
    const data = tree.peek(leaf);
    const digest = sha256 ?? hash('sha256', data, 'buffer');
    const known = like === undefined ? undefined : rows.leafBytes(this.#db, like);
    if (known) {
      const dict = known.dict ?? like!;
      const z = zstdCompressSync(data, withDictionary(this.load(dict)));
      if (z.length * WORTH_IT <= data.length) return { leaf, sha256: digest, z, dict };
    }
    return { leaf, sha256: digest, z: zstdCompressSync(data), dict: null };
  }

  /** The list of leaves, in terms of an older list where that is shorter. */
  #packed(leaves: readonly Leaf[], last?: TreeRow): rows.PackedLeaves {
    const plain = packLeaves(leaves);
    if (!last || plain.length < SHORT_LIST) return { leaves: zstdCompressSync(plain), dictVersion: null };
    const root = last.dictVersion === null ? last : rows.treeAt(this.#db, last.file, last.dictVersion);
    const squeezed = root && zstdCompressSync(plain, withDictionary(rows.leafList(this.#db, root)));
    const alone = zstdCompressSync(plain);
    if (!root || squeezed === undefined || squeezed.length * 4 > alone.length * 3)
      return { leaves: alone, dictVersion: null };
    return { leaves: squeezed, dictVersion: root.version };
  }

  /** Removes what jobs of an earlier run left behind, a little at a time. */
  async sweep(): Promise<void> {
    for (const job of rows.runningJobs(this.#db)) await this.#sweep(job);
  }

  /** Removes what was staged and not kept. Never throws: what cannot go now goes with the next, or at the next start. */
  async #drop(job: number): Promise<void> {
    // Each is in one hand at a time: the number of one that is gone is given out again.
    const jobs = [...this.#left, job];
    this.#left.clear();
    for (const one of jobs) await this.#sweep(one).catch(() => this.#left.add(one));
  }

  async #sweep(job: number): Promise<void> {
    for (let isDone = !rows.isRunning(this.#db, job); !isDone; ) {
      const { isOver, blobs } = await this.#db.write((tx) => rows.sweepJob(tx, job, SWEPT));
      this.#blobs.drop(blobs);
      isDone = isOver;
    }
  }
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
      await giveWay();
    }
  }
  return toHex(sum.digest());
}
