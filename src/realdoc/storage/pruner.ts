import type { Clock, Database, Logger, Tx } from '../../common/index.ts';
import type { Documents } from '../documents.ts';
import { type LeafStore, treeDigest } from '../leaf-store.ts';
import { giveWay } from '../pace.ts';
import * as rows from '../repository/index.ts';
import type { FileRow, OpRow } from '../rows.ts';
import { sameAs } from '../text/codec.ts';
import { unpackLeaves } from '../text/leaf-list.ts';
import type { Compactor } from './compactor.ts';
import { type Both, fold, needsText, units } from './fold.ts';
import type { LoggedOp } from './pack.ts';
import { packed } from './packing.ts';
import { keptBy, type Retention } from './retention.ts';

export interface PrunerOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  documents: Documents;
  leaves: LeafStore;
  compactor: Compactor;
  /** Since when tasks are open (milliseconds): what they may take back stays. */
  openSince?: () => number | undefined;
}

/** What a retention would take from one document. */
export interface PrunePlan {
  file: FileRow;
  kept: ReadonlySet<number>;
  /** Versions that would go, and about how many bytes with them. */
  versions: number;
  bytes: number;
  /** By which it was planned, and as of when: what an interruption leaves is planned again in the same way. */
  retention: Retention;
  at: number;
}

/** Whatever the policy says, nobody may still be at work on versions this young. */
const RECENT_MS = 600_000;
const PAGE = 500;

/**
 * Takes old versions away. Versions between two kept ones become part of the later one; what lies before the first kept
 * one goes, and its text is stored. A stored text goes with the versions that lead to it: without them nothing leads
 * from it to another. Every step leaves a history that reads and verifies, so an interruption costs
 * nothing but the rest of the work.
 */
export class Pruner {
  readonly #o: PrunerOptions;

  constructor(options: PrunerOptions) {
    this.#o = options;
  }

  /** What would go. Reads only. */
  async plan(file: FileRow, retention: Retention, now = this.#o.clock.now()): Promise<PrunePlan> {
    const { db } = this.#o;
    const all: OpRow[] = [];
    for (let after = 0; after < file.head; ) {
      const page = rows.opsBetween(db, file.id, after, after + PAGE);
      all.push(...page.map((op) => ({ ...op, splices: op.splices.subarray(0, 1), args: '' })));
      after = Math.max(after + PAGE, page.at(-1)?.version ?? 0);
      await giveWay();
    }
    const kept = keptBy(retention, all, now);
    for (const version of this.#needed(file, all, now)) kept.add(version);
    this.#keepNamed(file, kept);
    const gone = all.filter((op) => !kept.has(op.version));
    return {
      file,
      kept,
      versions: gone.length,
      bytes: gone.length === 0 ? 0 : this.#bytes(file, kept, gone.length / all.length),
      retention,
      at: now,
    };
  }

  /** What an earlier run began and did not end. */
  async unfinished(): Promise<PrunePlan[]> {
    const plans: PrunePlan[] = [];
    for (const { file: id, policy, at } of rows.openPrunes(this.#o.db)) {
      const file = rows.fileById(this.#o.db, id);
      if (file) plans.push(await this.plan(file, JSON.parse(policy) as Retention, at));
    }
    return plans;
  }

  /** All of them, one after the other: one that cannot be done keeps nobody from the others, and is tried at the next start. */
  async runAll(plans: readonly PrunePlan[]): Promise<void> {
    const { db, log } = this.#o;
    for (const plan of plans) {
      try {
        await this.run(plan);
        await db.write((tx) => rows.endPrune(tx, plan.file.id));
      } catch (error) {
        log.error(
          { document: plan.file.id, reason: error instanceof Error ? error.message : 'unknown' },
          'prune-failed',
        );
      }
    }
  }

  /** Does what was planned. Versions that came since stay. */
  async run({ file, kept, versions }: PrunePlan): Promise<void> {
    if (versions === 0) return;
    await this.#o.compactor.alone(() => this.#run(file, new Set(kept)));
  }

  /** Each pack is thinned by itself, so its last version stays, with what that has its text from, which may be older. */
  #withPackEnds(file: FileRow, number: number, kept: Set<number>) {
    for (;;) {
      const { size } = kept;
      const start = firstOf(kept);
      const packs = rows.packsBetween(this.#o.db, number, start - 1, file.head);
      for (const pack of packs) kept.add(pack.toVersion);
      this.#keepNamed(file, kept);
      if (kept.size === size) return { start, packs };
    }
  }

  /** What a version that stays has its text from stays too; newest first, since that one may have gone back itself. */
  #keepNamed(file: FileRow, kept: Set<number>): void {
    for (const [version, of] of [...rows.samesOf(this.#o.db, file.id)].reverse()) if (kept.has(version)) kept.add(of);
  }

  *#needed(file: FileRow, all: readonly OpRow[], now: number): Generator<number> {
    const { db, openSince } = this.#o;
    const since = Math.min(now - RECENT_MS, openSince?.() ?? now);
    for (const tag of rows.tagsOf(db, file.id)) yield tag.version;
    const shown = rows.projection(db, file.id);
    if (shown && shown.version > 0) yield shown.version;
    const renamed = rows.renamings(db, file.id);
    for (const [i, op] of all.entries()) {
      const next = all[i + 1];
      if (op.at >= since || (next && next.at >= since)) yield op.version;
      // A document that went away and came back, or has another name since, says so.
      const isRenaming = op.source === 'move' || renamed.has(op.version);
      if (op.source === 'delete' || isRenaming || all[i - 1]?.source === 'delete') yield op.version;
    }
  }

  #bytes(file: FileRow, kept: ReadonlySet<number>, share: number): number {
    const { db } = this.#o;
    const stay = new Set<number>();
    const go = new Set<number>();
    for (const tree of rows.treesOf(db, file.id)) {
      for (const { id } of unpackLeaves(rows.leafList(db, tree))) (kept.has(tree.version) ? stay : go).add(id!);
    }
    const leaves = rows.leafSizes(
      db,
      [...go].filter((id) => !stay.has(id)),
    );
    return Math.round(leaves + share * rows.logBytes(db, file.id));
  }

  async #run(file: FileRow, kept: Set<number>): Promise<void> {
    const { db, documents } = this.#o;
    const number = rows.wordId(db, file.id)!;
    const { start, packs } = this.#withPackEnds(file, number, kept);
    await db.write((tx) => rows.markThinned(tx, file.id));
    await this.#thinRows(file, number, kept, start);
    for (const pack of packs.reverse()) {
      await this.#thinPack(file, number, pack, kept, start);
      await giveWay();
    }
    documents.forget(file.id);
    await this.#count(file);
  }

  async #thinRows(file: FileRow, number: number, kept: ReadonlySet<number>, start: number): Promise<void> {
    const { db, documents } = this.#o;
    const after = rows.packedUpTo(db, number);
    const logged = rows.loggedOps(db, number, Number.MAX_SAFE_INTEGER);
    const ops = rows.opsBetween(db, file.id, after, file.head);
    const both = ops.map((op, i): Both => ({ op, logged: logged[i]! }));
    const first = after >= start ? rows.opAt(db, file.id, after) : undefined;
    const all = units(both, kept);
    // The newest first, as among packs: a version that went back to an older one must go before that one does.
    for (const [i, unit] of [...all.entries()].reverse()) {
      const before = all[i - 1]?.at(-1)?.op ?? first;
      const last = unit.at(-1)!.op;
      const isStart = last.version === start;
      const gone = isStart ? 0 : (before?.version ?? 0);
      const sha256 = needsText(unit, isStart) ? await this.#text(file, last.version) : undefined;
      const folded = fold(unit, before, sha256);
      if (folded !== unit.at(-1)!.logged) {
        await db.write((tx) => {
          if (isWanted(tx, file, kept, gone, last.version)) return;
          rows.foldRows(tx, folded, gone);
          rows.dropSames(tx, file.id, gone, last.version);
          if (sha256 !== undefined) rows.needTree(tx, file.id, last.version);
          if (isStart) rows.dropPacksBefore(tx, number, start);
          rows.dropTrees(tx, file.id, (version) => version > gone && version < last.version);
        });
        documents.forget(file.id);
      }
    }
  }

  async #thinPack(
    file: FileRow,
    number: number,
    pack: ReturnType<typeof rows.packsBetween>[number],
    kept: ReadonlySet<number>,
    start: number,
  ): Promise<void> {
    const { db, documents } = this.#o;
    const ops = rows.opsOfPack(db, number, pack);
    const logged = rows.loggedOfPack(db, pack);
    const both = ops.map((op, i): Both => ({ op, logged: logged[i]! }));
    const isFirst = pack.fromVersion <= start;
    if (ops.every((op) => kept.has(op.version)) && !(isFirst && start > 1 && pack.fromVersion > 1)) return;
    let before = isFirst ? undefined : rows.opAt(db, file.id, pack.fromVersion - 1);
    const run: LoggedOp[] = [];
    const texts: number[] = [];
    for (const unit of units(both, kept)) {
      const last = unit.at(-1)!.op;
      const isStart = last.version === start;
      const sha256 = needsText(unit, isStart) ? await this.#text(file, last.version) : undefined;
      if (sha256 !== undefined) texts.push(last.version);
      run.push(fold(unit, before, sha256));
      before = last;
    }
    const next = await packed(number, run, {
      prev: Buffer.from(pack.prev).toString('hex'),
      digest: ops.at(-1)!.digest,
    });
    rows.readBack(file.id, next, (id) => rows.wordAt(db, id));
    const gone = logged.filter((op) => !kept.has(op.version));
    const after = isFirst ? 0 : pack.fromVersion - 1;
    const isDone = await db.write((tx) => {
      if (isWanted(tx, file, kept, after, pack.toVersion)) return false;
      rows.replacePack(tx, pack.id, next);
      for (const version of texts) rows.needTree(tx, file.id, version);
      if (isFirst) rows.dropPacksBefore(tx, number, pack.fromVersion);
      let before = after;
      for (const { version, splices } of run) {
        rows.dropSames(tx, file.id, before, sameAs(splices) === undefined ? version : version - 1);
        before = version;
      }
      rows.dropTrees(tx, file.id, (version) => version > after && version <= pack.toVersion && !kept.has(version));
      return true;
    });
    if (!isDone) return;
    documents.forget(file.id);
    for (let i = 0; i < gone.length; i += PAGE) {
      await db.write((tx) => rows.noteThinned(tx, gone.slice(i, i + PAGE)));
    }
  }

  /** Stores the text of a version; gives its digest. */
  async #text(file: FileRow, version: number): Promise<string> {
    const { db, documents, leaves } = this.#o;
    const known = rows.treeAt(db, file.id, version);
    if (known && known.sha256 !== '') return known.sha256;
    const tree = documents.read(db, file, version);
    const sha256 = await treeDigest(tree);
    if (known) await db.write((tx) => rows.setTreeDigest(tx, file.id, version, sha256));
    else
      await leaves.staged(tree, file.id, (staged) =>
        db.write((tx) => leaves.keep(tx, file.id, version, { tree, sha256, staged })),
      );
    return sha256;
  }

  async #count(file: FileRow): Promise<void> {
    const { db } = this.#o;
    const ids = new Set<number>();
    for (const tree of rows.treesOf(db, file.id))
      for (const { id } of unpackLeaves(rows.leafList(db, tree))) ids.add(id!);
    const bytes = rows.leafSizes(db, [...ids]) + rows.logBytes(db, file.id);
    await db.write((tx) => rows.setStored(tx, file.id, bytes));
  }
}

/** The version that the history starts with. There may be too many of them to be arguments of a call. */
export function firstOf(kept: ReadonlySet<number>): number {
  let first = Number.POSITIVE_INFINITY;
  for (const version of kept) first = Math.min(first, version);
  return first;
}

/** True if somebody went back to one of the versions that would go, since it was planned: they stay for this time. */
function isWanted(tx: Tx, file: FileRow, kept: ReadonlySet<number>, after: number, upTo: number): boolean {
  const later = [...rows.samesOf(tx, file.id)].filter(([version]) => version > upTo);
  return later.some(([, of]) => of > after && of < upTo && !kept.has(of));
}
