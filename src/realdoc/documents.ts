import { type Database, fail, type Reader } from '../common/index.ts';
import { MAX_TEXT_BYTES, TOO_LARGE } from './kinds/kind.ts';
import type { LeafStore } from './leaf-store.ts';
import * as rows from './repository/index.ts';
import type { FileRow, OpRow } from './rows.ts';
import { unpackChange } from './text/codec.ts';
import { composeAll } from './text/compose.ts';
import { changeBetween } from './text/net-change.ts';
import { type Change, invert } from './text/splice.ts';
import { SpliceMismatch, type TextTree } from './text/tree.ts';

/** Texts kept open, by their size in bytes; the ones not used for longest go first. */
const KEEP_BYTES = 256 * 1024 * 1024;

interface Open {
  version: number;
  tree: TextTree;
}

/**
 * The texts of documents at any version. What it holds in memory is only a head start: everything comes back from the
 * op log and the stored trees, and nothing here knows of anything uncommitted.
 */
export class Documents {
  readonly #db: Database;
  readonly #leaves: LeafStore;
  readonly #open = new Map<string, Open>();
  #bytes = 0;

  constructor(db: Database, leaves: LeafStore) {
    this.#db = db;
    this.#leaves = leaves;
  }

  /** The text at `version`. Throws DOC_VERSION_UNKNOWN, DOC_READ_ONLY_KIND, DOC_TOO_LARGE or DOC_CORRUPT. */
  at(file: FileRow, version: number): TextTree {
    const tree = this.read(this.#db, file, version);
    if (version === file.head) this.remember(file.id, version, tree);
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
    const stored = rows.nearestTree(db, file.id, version);
    const byTree = stored ? version - stored.version : Number.POSITIVE_INFINITY;
    const byOpen =
      open && !acrossFull(db, file.id, open.version, version) ? Math.abs(open.version - version) : Infinity;
    try {
      if (open && byOpen <= byTree) {
        if (open.version < version) return forward(db, file.id, open, version);
        const back = rows.splicesBetween(db, file.id, version, open.version).map((s) => invert(unpackChange(s)));
        return back.reduceRight((tree, change) => tree.apply(change), open.tree);
      }
      if (!stored) throw new Error('no stored text below it');
      return forward(db, file.id, { version: stored.version, tree: this.#leaves.open(stored) }, version);
    } catch (error) {
      const reason =
        error instanceof SpliceMismatch ? error.message : error instanceof Error ? error.message : 'unknown';
      throw fail('DOC_CORRUPT', { path: file.path, version, reason }, error);
    }
  }

  /**
   * The one change that leads from version `from` to version `to` (either may be the older one), through an open
   * transaction too. Across a full version it is found by comparing the stored texts.
   */
  netChange(db: Reader, file: FileRow, from: number, to: number): Change {
    if (from > to) return invert(this.netChange(db, file, to, from));
    if (acrossFull(db, file.id, from, to)) return changeBetween(this.read(db, file, from), this.read(db, file, to));
    return composeAll(rows.splicesBetween(db, file.id, from, to).map(unpackChange));
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

  /** Gives back the memory; everything can be read again. */
  forgetAll(): void {
    this.#open.clear();
    this.#bytes = 0;
  }

  #touch(file: string, open: Open): void {
    this.#open.delete(file);
    this.#open.set(file, open);
  }
}

function forward(db: Reader, file: string, from: Open, version: number): TextTree {
  let { tree } = from;
  for (const packed of rows.splicesBetween(db, file, from.version, version)) tree = tree.apply(unpackChange(packed));
  return tree;
}

/** True if there is no log between the two, in either order: a version on the way is a stored text. */
function acrossFull(db: Reader, file: string, one: number, other: number): boolean {
  return rows.hasFull(db, file, Math.min(one, other), Math.max(one, other));
}

export function refuseOpaque(file: FileRow): void {
  if (file.kind !== 'opaque') return;
  if (file.why === TOO_LARGE)
    throw fail('DOC_TOO_LARGE', { path: file.path, bytes: file.bytes, limit: MAX_TEXT_BYTES });
  throw fail('DOC_READ_ONLY_KIND', {
    path: file.path,
    kind: file.why ?? 'binary',
    possible: 'doc.log, doc.download, doc.rollback',
  });
}
