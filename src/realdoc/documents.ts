import { type Database, fail, isJinguError, type Reader } from '../common/index.ts';
import { PrepareAgain } from '../protocol/index.ts';
import { along, alongSlowly, between } from './history/along.ts';
import { type Fork, forkOf, stepsBetween } from './history/lineage.ts';
import { MAX_TEXT_BYTES, refusalOf, TOO_LARGE } from './kinds/kind.ts';
import type { LeafStore } from './leaf-store.ts';
import { OldTexts } from './old-texts.ts';
import { Pace } from './pace.ts';
import * as rows from './repository/index.ts';

import type { FileRow, OpRow } from './rows.ts';
import { unpackChange } from './text/codec.ts';
import { glanceAt } from './text/glance.ts';
import { LEAF_BYTES } from './text/leaf.ts';
import { changeBetween } from './text/net-change.ts';
import { keepReturned } from './text/returned.ts';
import { type Change, invert, sameBytes } from './text/splice.ts';
import type { TextTree } from './text/tree.ts';

/** Newest texts kept open, by their size in bytes; the ones not used for longest go first. */
const KEEP_BYTES = 256 * 1024 * 1024;
/** Leaves of older texts that are kept open, counted once for each text: 32 MB of nodes. */
const KEEP_OLD_LEAVES = 256 * 1024;
/** Opening a stored text takes as long as applying one version for each so many of its leaves. */
const LEAVES_A_VERSION = 16;
/** A text that is reached through another run costs about as much as so many versions: that run has its stored texts. */
const ANOTHER_RUN = 64;
/** Versions whose changes are composed at once, the writer held or not: a few milliseconds. */
const STEPS_LOOKED_AT = 1024;

/** Larger texts are not compared line by line to carry a place; it counts as touched then. */
const MAX_COMPARED = 64 * 1024 * 1024;

interface Open {
  version: number;
  tree: TextTree;
}

/** A text from which another version can be reached, and how many versions of work that is. */
interface Near {
  version: number;
  cost: number;
  open: () => TextTree;
}

/**
 * The texts of documents at any version. What it holds in memory is only a head start: everything comes back from the
 * op log and the stored trees, and nothing here knows of anything uncommitted.
 */
export class Documents {
  readonly #db: Database;
  readonly #leaves: LeafStore;
  readonly #open = new Map<string, Open>();
  readonly #old: OldTexts = new OldTexts(KEEP_OLD_LEAVES);
  #bytes = 0;
  /** Long ways along a history that somebody is on; `isCut` once versions of that document are taken away. */
  readonly #walks = new Set<{ file: string; isCut: boolean }>();

  constructor(db: Database, leaves: LeafStore) {
    this.#db = db;
    this.#leaves = leaves;
  }

  /** The text at `version`. Throws DOC_VERSION_UNKNOWN, DOC_READ_ONLY_KIND, DOC_TOO_LARGE or DOC_CORRUPT. */
  at(file: FileRow, version: number): TextTree {
    const tree = this.read(this.#db, file, version);
    if (version === file.head) this.remember(file.id, version, tree);
    else this.#old.put(file.id, version, tree);
    return tree;
  }

  /** The same through an open transaction; remembers nothing, since that may still roll back. */
  read(db: Reader, file: FileRow, version: number): TextTree {
    if (file.head === 0) refuseOpaque(file);
    if (version < 1 || version > file.head) {
      throw fail('DOC_VERSION_UNKNOWN', { path: file.path, version, head: file.head });
    }
    const open = this.#open.get(file.id);
    if (open?.version === version) {
      this.#touch(file.id, open);
      return open.tree;
    }
    this.requireVersion(db, file, version);
    try {
      const [near] = this.#near(db, file, version);
      if (!near) throw new Error('no stored text leads to it');
      const tree = near.open().naming((error) => {
        // What is at hand was made of it; another version may be reached from its other side.
        if (!isJinguError(error)) this.forget(file.id);
        return corrupt(file, version, error);
      });
      return near.version === version ? tree : tree.applyLater(between(db, file.id, near.version, version));
    } catch (error) {
      throw corrupt(file, version, error);
    }
  }

  /** All texts of the same run, at hand or stored, nearest to a version on both sides of it, the least work first. */
  #near(db: Reader, file: FileRow, version: number): Near[] {
    const start = rows.runStart(db, file.id, version);
    const end = rows.runEnd(db, file.id, version);
    const near: Near[] = [];
    const add = (from: number, extra: number, open: () => TextTree): void => {
      if (from >= start.version && from < end)
        near.push({ version: from, cost: Math.abs(from - version) + extra, open });
    };
    const open = this.#open.get(file.id);
    if (open) add(open.version, 0, () => open.tree);
    for (const old of this.#old.of(file.id)) add(old.version, 0, () => this.#old.use(file.id, old));
    const { of } = start;
    if (of !== undefined) add(start.version, ANOTHER_RUN, () => this.read(db, file, of));
    for (const row of [rows.nearestTree(db, file.id, version), rows.nextTree(db, file.id, version)]) {
      if (row) add(row.version, row.bytes / LEAF_BYTES / LEAVES_A_VERSION, () => this.#leaves.open(row));
    }
    return near.sort((a, b) => a.cost - b.cost);
  }

  /**
   * The one change that leads from version `from` to version `to` (either may be the older one), through an open
   * transaction too. Where no log leads there it is found by comparing the stored texts. Throws PrepareAgain where very
   * many versions lie between: only `netChangeInTurns` composes those, since here others wait.
   */
  netChange(db: Reader, file: FileRow, from: number, to: number): Change {
    for (const version of [from, to]) if (version > 0) this.requireVersion(db, file, version);
    const fork = forkOf(db, file.id, from, to);
    if (fork && isFar(fork)) throw new PrepareAgain(fail('DOC_BUSY', { path: file.path }));
    try {
      if (fork) return along(db, file.id, fork);
    } catch (error) {
      throw corrupt(file, to, error);
    }
    if (from > to) return invert(this.netChange(db, file, to, from));
    return changeBetween(this.read(db, file, from), this.read(db, file, to));
  }

  /**
   * The same for committed versions however far apart, without holding up anybody else. Throws what the signal was
   * aborted with.
   */
  async netChangeInTurns(file: FileRow, from: number, to: number, signal?: AbortSignal): Promise<Change> {
    const db = this.#db;
    for (;;) {
      const fork = forkOf(db, file.id, from, to);
      if (!fork || !isFar(fork)) return this.netChange(db, file, from, to);
      for (const version of [from, to]) if (version > 0) this.requireVersion(db, file, version);
      const walk = { file: file.id, isCut: false };
      this.#walks.add(walk);
      try {
        const change = await alongSlowly(db, file.id, fork, new Pace(signal));
        // What was read may not fit together if versions went meanwhile: see what is left of the way.
        if (!walk.isCut) return change;
      } catch (error) {
        if (signal?.aborted) throw error;
        if (!walk.isCut) throw corrupt(file, to, error);
      } finally {
        this.#walks.delete(walk);
      }
    }
  }

  /**
   * The same for people to look at and for a version that is a text anyway: where the two are far apart only the
   * beginning of what differs is compared, and `isAll` is false.
   */
  glance(db: Reader, file: FileRow, from: number, to: number): { change: Change; isAll: boolean } {
    if (this.isNear(db, file, from, to)) return { change: this.netChange(db, file, from, to), isAll: true };
    return glanceAt(this.read(db, file, from), this.read(db, file, to));
  }

  /** True if few changes lead from one to the other. */
  isNear(db: Reader, file: FileRow, from: number, to: number): boolean {
    const fork = forkOf(db, file.id, from, to);
    return fork !== undefined && !isFar(fork);
  }

  /**
   * The net change for carrying places over it. Where no log leads there only lines that are there once on both sides
   * count as untouched: a comparison of texts cannot tell which of several equal lines is which.
   */
  carryingChange(db: Reader, file: FileRow, from: number, to: number): Change {
    if (from === to) return [];
    if (forkOf(db, file.id, from, to)) return this.netChange(db, file, from, to);
    const del = this.read(db, file, from).toBuffer();
    const ins = this.read(db, file, to).toBuffer();
    return sameBytes(del, ins) ? [] : keepReturned({ at: 0, del, ins }, MAX_COMPARED);
  }

  /** The same for committed versions however far apart, as `netChangeInTurns`. */
  async carryingChangeInTurns(file: FileRow, from: number, to: number, signal?: AbortSignal): Promise<Change> {
    if (from === to) return [];
    const fork = forkOf(this.#db, file.id, from, to);
    if (fork && isFar(fork)) return await this.netChangeInTurns(file, from, to, signal);
    return this.carryingChange(this.#db, file, from, to);
  }

  /** What a version changed against the one before it; nothing for the first. */
  changeOf(db: Reader, file: FileRow, op: OpRow): Change {
    if (!op.isFull) return unpackChange(op.splices);
    return op.version - op.span < 1 ? [] : this.netChange(db, file, op.version - op.span, op.version);
  }

  /** A committed head. Call it after the commit; an older one than what is held is ignored. */
  remember(file: string, version: number, tree: TextTree): void {
    const held = this.#open.get(file);
    if (held && held.version > version) return;
    if (held) this.#bytes -= held.tree.bytes;
    this.#open.delete(file);
    this.#open.set(file, { version, tree });
    this.#bytes += tree.bytes;
    for (const [id, entry] of this.#open) {
      if (this.#bytes <= KEEP_BYTES || id === file) break;
      this.#open.delete(id);
      this.#bytes -= entry.tree.bytes;
    }
  }

  /** Drops what is at hand of a document. To be called when versions, stored texts or leaves are taken away. */
  forget(file: string): void {
    for (const walk of this.#walks) if (walk.file === file) walk.isCut = true;
    this.#old.forget(file);
    const open = this.#open.get(file);
    if (open) this.#bytes -= open.tree.bytes;
    this.#open.delete(file);
    this.#leaves.forget();
  }

  /** Gives back the memory; everything can be read again. */
  forgetAll(): void {
    this.#open.clear();
    this.#bytes = 0;
    this.#old.clear();
    this.#leaves.forget();
  }

  /** Throws DOC_PRUNED if the version was thinned out. */
  requireVersion(db: Reader, file: FileRow, version: number): void {
    if (version === file.head || !rows.isThinned(db, file.id)) return;
    const { before, after } = rows.keptAround(db, file.id, version);
    if (before !== version) throw fail('DOC_PRUNED', { path: file.path, version, before, after });
  }

  #touch(file: string, open: Open): void {
    this.#open.delete(file);
    this.#open.set(file, open);
  }
}

function isFar(fork: Fork): boolean {
  return stepsBetween(fork) > STEPS_LOOKED_AT;
}

/** What is stored is not what was: of this document alone, and said in its name. Other typed errors stay as they are. */
function corrupt(file: FileRow, version: number, error: unknown): unknown {
  if (isJinguError(error)) return error;
  const reason = error instanceof Error ? error.message : 'unknown';
  return fail('DOC_CORRUPT', { path: file.path, version, reason }, error);
}

/** Opaque files that have something to read. */
const READABLE = /^pdf$|image$|^utf-16/;

export function refuseOpaque(file: FileRow): void {
  if (file.kind !== 'opaque') return;
  if (file.why === TOO_LARGE)
    throw fail('DOC_TOO_LARGE', { path: file.path, bytes: file.bytes, limit: MAX_TEXT_BYTES });
  const refusal = refusalOf(file.why);
  if (refusal) throw fail('DOC_PARSE_REFUSED', { path: file.path, ...refusal });
  throw fail('DOC_READ_ONLY_KIND', {
    path: file.path,
    kind: file.why ?? 'binary',
    possible: `${READABLE.test(file.why ?? '') ? 'doc.read, ' : ''}doc.log, doc.download, doc.rollback`,
  });
}
