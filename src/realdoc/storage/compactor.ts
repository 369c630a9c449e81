import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import type { Clock, Database, Logger } from '../../common/index.ts';
import { CHAIN_START } from '../history/chain.ts';
import * as rows from '../repository/index.ts';
import { withDictionary } from '../text/codec.ts';
import { type LoggedOp, layOut } from './pack.ts';

const squeeze = promisify(zstdCompress);
const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 9 } };
/** The newest versions stay rows: they are read most, and undone. */
const SIZES = { stay: 128, least: 512 };
/** Fewer rows make a pack too, if their changes have so many bytes. */
const LEAST_BYTES = 256 * 1024;
/** No pack is made of more than both. */
const MOST = { rows: 2048, bytes: 2 * 1024 * 1024 };
/** Rows taken away in one transaction: a millisecond or two. */
const SLICE = 128;

export interface CompactorOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  /** Rows that stay, and the least that make a pack. Left out: as on the appliance. */
  sizes?: { stay: number; least: number };
}

/**
 * Packs old rows of the log in the background. First the pack is there, then the rows go in small slices; what is
 * interrupted in between is gone on with at the next pass. One document after the other, one pass at a time.
 */
export class Compactor {
  readonly #o: CompactorOptions;
  readonly #wanted = new Set<number>();
  readonly #sizes: { stay: number; least: number };
  #running: Promise<void> | undefined;
  #stopped = true;

  constructor(options: CompactorOptions) {
    this.#o = options;
    this.#sizes = options.sizes ?? SIZES;
  }

  /** Looks for what an earlier run left. */
  start(): void {
    this.#stopped = false;
    for (const file of rows.filesToPack(this.#o.db, this.#sizes.least + this.#sizes.stay)) this.#want(file);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wanted.clear();
    await this.#running;
  }

  /** To be called after versions were committed. Cheap when there is nothing to do. */
  noteVersion(file: string, head: number): void {
    if (head % 64 !== 0) return;
    const number = rows.wordId(this.#o.db, file);
    if (number !== undefined) this.#want(number);
  }

  /** Runs `work` while nothing is packed: it may change packs. One after the other. */
  async alone(work: () => Promise<void>): Promise<void> {
    await this.idle();
    const running = work().finally(() => {
      this.#running = undefined;
      if (!this.#stopped && this.#wanted.size > 0) this.#begin();
    });
    this.#running = running.catch(() => undefined);
    await running;
  }

  /** Resolves when nothing is left to pack. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  #want(file: number): void {
    if (this.#stopped) return;
    this.#wanted.add(file);
    if (this.#running === undefined) this.#begin();
  }

  #begin(): void {
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    for (const file of this.#wanted) {
      this.#wanted.delete(file);
      try {
        await this.#clear(file);
        while (!this.#stopped && (await this.#packNext(file))) await this.#clear(file);
      } catch (error) {
        this.#o.log.error({ reason: error instanceof Error ? error.message : String(error) }, 'packing-failed');
      }
    }
  }

  /** False when there is not enough to pack. */
  async #packNext(file: number): Promise<boolean> {
    const { db } = this.#o;
    const all = rows.loggedOps(db, file, MOST.rows + this.#sizes.stay);
    const run = firstRun(all.slice(0, Math.max(0, all.length - this.#sizes.stay)), this.#sizes.least);
    const [first, last] = [run[0], run.at(-1)];
    if (!first || !last) return false;
    const name = rows.wordAt(db, file);
    const digests = rows.digestsOf(db, file, first.version - first.span, last.version);
    const pack = await packed(file, run, digests);
    // Read back before anything is taken away: a row that does not come out as it was stays a row.
    rows.readBack(db, file, pack);
    const id = await db.write((tx) => {
      rows.addStored(tx, name, pack.splices.length + pack.facts.length);
      return rows.insertPack(tx, pack);
    });
    this.#o.log.debug(
      { document: name, versions: run.length, bytes: pack.splices.length + pack.facts.length, id },
      'packed',
    );
    return true;
  }

  /** Takes away rows that lie in packs, and notes where their calls and tasks are found from now on. */
  async #clear(file: number): Promise<void> {
    const { db } = this.#o;
    const name = rows.wordAt(db, file);
    for (;;) {
      const slice = rows.packedRows(db, file, SLICE);
      if (slice.length === 0) return;
      await db.write((tx) => {
        const packs = rows.packsBetween(tx, file, slice[0]!.v - 1, slice.at(-1)!.v);
        let bytes = 0;
        for (const row of slice) {
          const pack = packs.find((p) => p.fromVersion <= row.v && row.v <= p.toVersion);
          if (!pack) throw new Error('a row counts as packed and is in no pack');
          rows.insertPackKey(tx, rows.packKey('call', row.call), pack.id);
          if (row.task !== null) rows.insertPackKey(tx, rows.packKey('task', rows.wordAt(tx, row.task)), pack.id);
          rows.dropRow(tx, row.seq);
          bytes += rows.ROW_BYTES + row.bytes;
        }
        rows.addStored(tx, name, -bytes);
      });
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }
}

function firstRun(ops: readonly LoggedOp[], least: number): LoggedOp[] {
  let bytes = 0;
  const run: LoggedOp[] = [];
  for (const op of ops) {
    if (run.length >= MOST.rows || bytes >= MOST.bytes) break;
    run.push(op);
    bytes += op.splices.length + op.args.length;
  }
  return run.length >= least || bytes >= LEAST_BYTES ? run : [];
}

/** A pack of rows that follow one another. `digests`: of the version before them, and of the last of them. */
export async function packed(
  file: number,
  run: readonly LoggedOp[],
  digests: { prev: string; digest: string },
): Promise<rows.NewPack> {
  const [first, last] = [run[0]!, run.at(-1)!];
  const plain = layOut(run);
  const [splices, facts] = await Promise.all([
    squeeze(plain.splices, LEVEL),
    squeeze(plain.facts, { ...LEVEL, ...withDictionary(plain.splices) }),
  ]);
  const fromVersion = first.version - first.span + 1;
  return {
    file,
    fromVersion,
    toVersion: last.version,
    leastAt: run.reduce((least, op) => Math.min(least, op.at), first.at),
    leastSeq: first.seq,
    prev: fromVersion === 1 ? CHAIN_START : digests.prev,
    digest: digests.digest,
    splices,
    facts,
  };
}
