import type { Clock, Database, Logger } from '../../common/index.ts';
import { giveWay } from '../pace.ts';
import * as rows from '../repository/index.ts';
import type { LoggedOp } from './pack.ts';
import { Packer } from './packer.ts';

/** The newest versions stay rows: they are read most, and undone. */
const SIZES = { stay: 128, least: 512 };
/** Fewer rows make a pack too, if their changes have so many bytes. */
const LEAST_BYTES = 256 * 1024;
/** No pack is made of more than both. */
const MOST = { rows: 2048, bytes: 2 * 1024 * 1024 };
/** Rows taken away in one transaction: a millisecond or two. */
const SLICE = 512;

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
  readonly #packer = new Packer();
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
    await this.#packer.stop();
  }

  /** To be called after versions were committed. Cheap when there is nothing to do. */
  noteVersion(file: string, head: number): void {
    if (head % 64 !== 0) return;
    const number = rows.wordId(this.#o.db, file);
    if (number !== undefined) this.#want(number);
  }

  /** Runs `work` while nothing is packed: it may change packs. One after the other. */
  async alone(work: () => Promise<void>): Promise<void> {
    // Looked at again after each wait: two that waited for the same thing must not begin together.
    while (this.#running !== undefined) await this.#running;
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
    // Reading the rows took a while already.
    await giveWay();
    // Read back before anything is taken away: a row that does not come out as it was stays a row.
    const pack = await this.#packer.pack({ file, name, run, digests, words: wordsOf(db, run) });
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
        const [first, last] = [slice[0]!, slice.at(-1)!];
        const keys: rows.PackKey[] = [];
        let bytes = 0;
        let dropped = 0;
        for (const pack of rows.packsBetween(tx, file, first.v - 1, last.v)) {
          const own = slice.filter((row) => pack.fromVersion <= row.v && row.v <= pack.toVersion);
          for (const call of new Set(own.map((row) => row.call))) keys.push([rows.packKey('call', call), pack.id]);
          for (const task of new Set(own.map((row) => row.task)))
            if (task !== null) keys.push([rows.packKey('task', rows.wordAt(tx, task)), pack.id]);
          for (const row of own) bytes += rows.ROW_BYTES + row.bytes;
          rows.dropRows(tx, file, own);
          dropped += own.length;
        }
        if (dropped !== slice.length) throw new Error('a row counts as packed and is in no pack');
        rows.insertPackKeys(tx, keys);
        rows.addStored(tx, name, -bytes);
      });
      await giveWay();
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

function wordsOf(db: Database, run: readonly LoggedOp[]): Map<number, string> {
  const words = new Map<number, string>();
  for (const { actor, label, task } of run) {
    for (const id of [actor, label, task]) if (id !== null && !words.has(id)) words.set(id, rows.wordAt(db, id));
  }
  return words;
}
