import { type Clock, type Database, isJinguError, type Logger } from '../../common/index.ts';
import type { Documents } from '../documents.ts';
import type { Contents } from '../kinds/content.ts';
import * as rows from '../repository/index.ts';
import type { FileRow, ProjectionRow } from '../rows.ts';
import type { TextTree } from '../text/tree.ts';
import type { Displaced } from './displaced.ts';
import { type Folder, reasonOf } from './folder.ts';
import type { Kernel } from './kernel.ts';
import { Mover } from './mover.ts';
import { onDisk } from './paths.ts';
import { Proposals } from './proposals.ts';
import { GONE_MS } from './read-file.ts';
import { replaceFile } from './replace.ts';
import { refuseIfAway } from './roots.ts';
import { Swapper, type SwapWay } from './swap.ts';
import { takeAway } from './take-away.ts';

/** How long a program that has the file open for writing is waited for, in all, and between two looks. */
const BUSY_MS = { most: 10_000, pause: 200 };
/** A larger text that is edited on and on is written a tenth of the time at most, so that edits keep the disk. */
const LARGE_BYTES = 256 * 1024;
const LARGE_PAUSE = 9;
const LARGE_PAUSE_MS = { least: 50, most: 20_000 };
/**
 * A text of which the file takes tenths of a second to write waits for a pause between two edits, so that a run of them
 * has the machine for itself: no longer than this for each of its megabytes.
 */
const VERY_LARGE = { bytes: 8 * 1024 * 1024, pauseMs: 50, mostMsAMegabyte: 50 };
const RETRY_MS = [2000, 5000, 15_000, 60_000, 300_000];

export interface ProjectorOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  documents: Documents;
  contents: Contents;
  displaced: Displaced;
  kernel: () => Promise<Kernel | undefined>;
  /** Takes in what is on the share now. Never throws. */
  adopt: (file: FileRow) => Promise<unknown>;
  /** Why a document must not be written now: somebody has it open. */
  hold: (file: FileRow, folder: Folder, name: string) => Promise<string | undefined>;
}

/**
 * Writes documents to the share after their commit. One at a time per document, always the newest version, redone until
 * the file and the head agree. The state of each is a row, so nothing is forgotten over a restart.
 */
export class Projector {
  readonly #o: ProjectorOptions;
  readonly #running = new Map<string, Promise<void>>();
  readonly #again = new Set<string>();
  readonly #timers = new Map<string, () => void>();
  /** Since when (monotonic) a program has had the file open for writing. */
  readonly #busySince = new Map<string, number>();
  readonly #proposals: Proposals;
  readonly #mover: Mover;
  #swapper: Swapper | undefined;
  /** Since when (monotonic) very large documents have waited for a pause between edits. */
  readonly #waitingSince = new Map<string, number>();
  /** Large documents between two writings. */
  readonly #resting = new Set<string>();
  /** Documents whose file was not there at the last try. */
  readonly #gone = new Set<string>();
  #stopped = false;

  constructor(options: ProjectorOptions) {
    this.#o = options;
    this.#proposals = new Proposals(options.db);
    this.#mover = new Mover(
      { ...options, proposals: this.#proposals },
      {
        kick: (file) => this.kick(file),
        later: (file, ms) => this.#later(file, ms),
        record: (file, row) => this.#record(file, row),
      },
    );
  }

  start(): void {
    this.#stopped = false;
    this.#o.displaced.start();
  }

  /** Asks for the file to be brought up to date. Returns at once. */
  kick(file: string): void {
    if (this.#stopped || this.#resting.has(file)) return;
    this.#timers.get(file)?.();
    this.#timers.delete(file);
    if (this.#running.has(file)) {
      this.#again.add(file);
      return;
    }
    this.#waitingSince.delete(file);
    const run = this.#project(file)
      .catch((error: unknown) => this.#o.log.error({ document: file, reason: messageOf(error) }, 'projection-broke'))
      .finally(() => {
        this.#running.delete(file);
        if (this.#again.delete(file)) this.kick(file);
      });
    this.#running.set(file, run);
  }

  /** The same after a version was made. Returns at once. */
  edited({ id, bytes }: Pick<FileRow, 'id' | 'bytes'>): void {
    if (bytes < VERY_LARGE.bytes || this.#running.has(id) || this.#resting.has(id)) return this.kick(id);
    const now = this.#o.clock.monotonic();
    const since = this.#waitingSince.get(id) ?? now;
    this.#waitingSince.set(id, since);
    if (now - since >= (bytes / 1_000_000) * VERY_LARGE.mostMsAMegabyte) return this.kick(id);
    this.#later(id, VERY_LARGE.pauseMs);
  }

  /** Writes now what waits for a pause, and resolves when it is there: the box is about to go down. */
  async hurry(): Promise<void> {
    const waiting = [...this.#waitingSince.keys(), ...this.#resting];
    this.#resting.clear();
    for (const file of waiting) this.kick(file);
    await this.idle();
  }

  isBusy(file: string): boolean {
    return this.#running.has(file);
  }

  /** Resolves when nothing is being written; what waits for a retry does not count. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#again.clear();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#resting.clear();
    this.#busySince.clear();
    this.#waitingSince.clear();
    await this.idle();
    await this.#o.displaced.stop();
  }

  /** How files are put in the place of others on a disk: `exchange`, or `link` where that cannot be done. */
  async wayOn(device: bigint): Promise<SwapWay> {
    return (await this.#swap()).way(device);
  }

  async #swap(): Promise<Swapper> {
    this.#swapper ??= new Swapper(await this.#o.kernel());
    return this.#swapper;
  }

  async #project(id: string): Promise<void> {
    // A save that races us is taken in and we try again; a program that saves without end must not hold us for ever.
    for (let round = 0; round < 20; round++) {
      const file = rows.fileById(this.#o.db, id);
      const row = rows.projection(this.#o.db, id);
      if (!file || !row || file.head === 0) return;
      if (file.state === 'deleted') {
        return await this.#remove(file, row).catch((error: unknown) => this.#failed(file, row, error));
      }
      if (row.lies !== null) {
        try {
          if ((await this.#mover.bring(file, row, row.lies)) === 'done') return;
        } catch (error) {
          return this.#failed(file, row, error);
        }
        continue;
      }
      if (row.version === file.head && row.signature) {
        if (row.state !== 'written') await this.#record(file, { ...row, state: 'written', reason: null });
        return;
      }
      try {
        const next = await this.#write(file, row);
        if (next === 'done') return;
      } catch (error) {
        return this.#failed(file, row, error);
      }
    }
    this.#later(id, RETRY_MS[0]!);
  }

  async #write(file: FileRow, row: ProjectionRow): Promise<'done' | 'again'> {
    const version = file.head;
    const tree = this.#o.documents.at(file, version);
    const workspace = rows.workspaceById(this.#o.db, file.workspace);
    if (!workspace) return 'done';
    await refuseIfAway(workspace, file.rel);
    await this.#o.displaced.settle(file.id);
    const began = this.#o.clock.monotonic();
    const since = this.#busySince.get(file.id) ?? began;
    const result = await replaceFile(file, this.#o.contents.give(file, tree), row.signature, row.version, {
      kernel: await this.#o.kernel(),
      swapper: await this.#swap(),
      ours: this.#o.displaced.ours,
      hold: (folder, name) => this.#o.hold(file, folder, name),
      isPatient: began - since < BUSY_MS.most,
    });
    if (result.outcome === 'busy') {
      this.#busySince.set(file.id, since);
      this.#later(file.id, BUSY_MS.pause);
      return 'done';
    }
    this.#busySince.delete(file.id);
    if (result.outcome === 'gone' && !this.#gone.delete(file.id)) {
      this.#gone.add(file.id);
      this.#later(file.id, GONE_MS);
      return 'done';
    }
    if (result.outcome === 'changed' || result.outcome === 'gone') {
      await this.#o.adopt(file);
      // Something that is no text stands there now: it is left alone until it changes again.
      return rows.projection(this.#o.db, file.id)?.foreign ? 'done' : 'again';
    }
    this.#gone.delete(file.id);
    if (result.outcome === 'held') {
      const beside = workspace.whenOpen === 'side' ? await this.#propose(file, tree) : '';
      await this.#record(file, { ...row, state: 'held', reason: `${result.reason}${beside}` });
      this.#later(file.id, RETRY_MS[1]!);
      return 'done';
    }
    const { signature, kept, note } = result;
    const seen = { version, state: 'written', signature, reason: note, foreign: null, attempts: 0 } as const;
    await this.#record(file, { ...row, ...seen }, row);
    await this.#proposals.drop(file);
    // A save that came between the check and the swap lies in the displaced file: it is taken in before anything else.
    if (kept) await this.#o.displaced.keep(file, kept, row.version);
    if (tree.bytes >= LARGE_BYTES && this.#headOf(file.id) !== version) {
      this.#again.delete(file.id);
      const took = this.#o.clock.monotonic() - began;
      this.#resting.add(file.id);
      this.#later(file.id, Math.min(LARGE_PAUSE_MS.most, Math.max(LARGE_PAUSE_MS.least, LARGE_PAUSE * took)));
      return 'done';
    }
    return 'again';
  }

  /** The new text beside a file that cannot be written now, and where it is. */
  async #propose(file: FileRow, tree: TextTree): Promise<string> {
    const name = await this.#proposals.put(file, this.#o.contents.give(file, tree), await this.#o.kernel());
    return `; the new text is in "${name}"`;
  }

  #headOf(id: string): number | undefined {
    return rows.fileById(this.#o.db, id)?.head;
  }

  /** A document that was taken back to before its birth leaves the share, if its file is still as we wrote it. */
  async #remove(file: FileRow, row: ProjectionRow): Promise<void> {
    if (row.state === 'written') return;
    if (!row.signature) {
      await this.#record(file, { ...row, version: file.head, state: 'written', reason: null }, row);
      return;
    }
    const workspace = rows.workspaceById(this.#o.db, file.workspace);
    // On a disk that is away the file still lies: it would come back as a new document.
    if (workspace) await refuseIfAway(workspace, file.rel);
    await takeAway(file, row.lies ?? onDisk(file), row.signature);
    const gone = { version: file.head, state: 'written', signature: null, reason: null, lies: null } as const;
    await this.#record(file, { ...row, ...gone }, row);
  }

  async #failed(file: FileRow, row: ProjectionRow, error: unknown): Promise<void> {
    const reason = isJinguError(error) ? String(error.details['reason'] ?? error.code) : reasonOf(error);
    const attempts = row.attempts + 1;
    this.#o.log.warn({ document: file.id, reason, attempts }, 'projection-failed');
    await this.#record(file, { ...row, state: 'failed', reason, attempts });
    this.#later(file.id, RETRY_MS[Math.min(attempts, RETRY_MS.length) - 1]!);
  }

  /**
   * Writes what is known of the file; `pending` if the document moved on meanwhile. What a look recorded since `row`
   * was read stands: the next round finds out which of the two is on the share.
   */
  async #record(file: FileRow, row: ProjectionRow, was = row): Promise<void> {
    await this.#o.db.write((tx) => {
      const now = rows.projection(tx, file.id);
      if (now?.version !== was.version || now.signature?.sha256 !== was.signature?.sha256) return;
      if (now.lies !== was.lies) return;
      const head = rows.fileById(tx, file.id)?.head;
      const state = row.state === 'written' && head !== row.version ? 'pending' : row.state;
      rows.putProjection(tx, { ...row, state, at: this.#o.clock.now() });
    });
  }

  #later(id: string, ms: number): void {
    if (this.#stopped) return;
    this.#timers.get(id)?.();
    this.#timers.set(
      id,
      this.#o.clock.after(ms, () => {
        this.#timers.delete(id);
        this.#resting.delete(id);
        this.kick(id);
      }),
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
