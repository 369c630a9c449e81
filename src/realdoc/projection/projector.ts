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
import { Proposals } from './proposals.ts';
import { GONE_MS } from './read-file.ts';
import { replaceFile } from './replace.ts';
import { refuseIfAway } from './roots.ts';
import { Swapper, type SwapWay } from './swap.ts';
import { takeAway } from './take-away.ts';
import { LARGE_BYTES, Timing } from './timing.ts';

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
  readonly #timing: Timing;
  readonly #proposals: Proposals;
  readonly #mover: Mover;
  #swapper: Swapper | undefined;
  /** Documents whose file was not there at the last try. */
  readonly #gone = new Set<string>();
  #stopped = false;

  constructor(options: ProjectorOptions) {
    this.#o = options;
    this.#timing = new Timing(options.clock, (file) => this.kick(file));
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
    if (this.#stopped || this.#timing.isResting(file)) return;
    this.#timing.begin(file);
    if (this.#running.has(file)) {
      this.#again.add(file);
      return;
    }
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
    const isKnown = this.#stopped || this.#running.has(id) || this.#timing.isResting(id);
    if (isKnown || !this.#timing.waits(id, bytes)) this.kick(id);
  }

  /** Tries now what waits for a pause, and resolves when all of it was tried: the box is about to go down. */
  async hurry(): Promise<void> {
    for (const file of this.#timing.wakeAll()) this.kick(file);
    await this.idle();
  }

  /** Tries now what is pending, and resolves once it is written, held or failed, or `signal` says that nobody waits. */
  async settle(file: string, signal: AbortSignal): Promise<void> {
    const isPending = (): boolean => rows.projection(this.#o.db, file)?.state === 'pending';
    if (!isPending()) return;
    this.#timing.wake(file);
    if (!this.#running.has(file)) this.kick(file);
    while (!this.#stopped && !signal.aborted && isPending()) {
      await (this.#running.get(file) ?? this.#timing.next(file));
    }
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
    this.#timing.stop();
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
      try {
        if ((await this.#step(file, row)) === 'done') return;
      } catch (error) {
        return this.#failed(file, row, error);
      }
    }
    this.#later(id, RETRY_MS[0]!);
  }

  async #step(file: FileRow, row: ProjectionRow): Promise<'done' | 'again'> {
    if (file.state === 'deleted') return await this.#remove(file, row);
    if (row.lies !== null) return await this.#mover.bring(file, row, row.lies);
    if (row.version !== file.head || !row.signature) return await this.#write(file, row);
    await this.#proposals.drop(file);
    if (row.state !== 'written') await this.#record(file, { ...row, state: 'written', reason: null });
    return 'done';
  }

  async #write(file: FileRow, row: ProjectionRow): Promise<'done' | 'again'> {
    const version = file.head;
    const tree = this.#o.documents.at(file, version);
    const workspace = rows.workspaceById(this.#o.db, file.workspace);
    if (!workspace) return 'done';
    await refuseIfAway(workspace, file.rel);
    await this.#o.displaced.settle(file.id);
    const began = this.#o.clock.monotonic();
    const result = await replaceFile(file, this.#o.contents.give(file, tree), row.signature, row.version, {
      kernel: await this.#o.kernel(),
      swapper: await this.#swap(),
      ours: this.#o.displaced.ours,
      hold: (folder, name) => this.#o.hold(file, folder, name),
      isPatient: this.#timing.isPatient(file.id),
    });
    if (result.outcome === 'busy') return this.#busy(file.id);
    this.#timing.notBusy(file.id);
    if (result.outcome === 'gone' && !this.#gone.delete(file.id)) {
      this.#gone.add(file.id);
      this.#later(file.id, GONE_MS);
      return 'done';
    }
    if (result.outcome === 'changed' || result.outcome === 'gone') return await this.#look(file);
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
    // A save that came between the check and the swap lies in the displaced file: it is taken in before anything else.
    if (kept) await this.#o.displaced.keep(file, kept, row.version);
    if (tree.bytes >= LARGE_BYTES && this.#headOf(file.id) !== version) {
      this.#again.delete(file.id);
      if (!this.#stopped) this.#timing.rest(file.id, this.#o.clock.monotonic() - began);
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

  /** The share is not as we believe it to be. */
  async #look(file: FileRow): Promise<'done' | 'again'> {
    await this.#o.adopt(file);
    // Something that is no text stands there now: it is left alone until it changes again.
    return rows.projection(this.#o.db, file.id)?.foreign ? 'done' : 'again';
  }

  /** A document that was taken back to before its birth leaves the share, if its file is still as we wrote it. */
  async #remove(file: FileRow, row: ProjectionRow): Promise<'done' | 'again'> {
    if (row.state === 'written') return 'done';
    const gone = { version: file.head, state: 'written', signature: null, reason: null, lies: null } as const;
    const there = row.lies === null ? file : { ...file, rel: row.lies, disk: null };
    // Where another document has taken its name there is no file of it any more.
    if (!row.signature || there.rel.includes('\0')) {
      await this.#record(file, { ...row, ...gone }, row);
      return 'done';
    }
    const workspace = rows.workspaceById(this.#o.db, file.workspace);
    // On a disk that is away the file still lies: it would come back as a new document.
    if (workspace) await refuseIfAway(workspace, file.rel);
    await this.#o.displaced.settle(file.id);
    const result = await takeAway(there, row.signature, row.version, {
      kernel: await this.#o.kernel(),
      ours: this.#o.displaced.ours,
      hold: (folder, name) => this.#o.hold(there, folder, name),
      isPatient: this.#timing.isPatient(file.id),
    });
    if (result.outcome === 'busy') return this.#busy(file.id);
    this.#timing.notBusy(file.id);
    // Under the name that it had before its document was renamed it is taken in as a new one, by the next scan.
    if (result.outcome === 'changed' && row.lies === null) return await this.#look(file);
    if (result.outcome === 'held') {
      await this.#record(file, { ...row, state: 'held', reason: result.reason });
      this.#later(file.id, RETRY_MS[1]!);
      return 'done';
    }
    await this.#record(file, { ...row, ...gone }, row);
    if (result.outcome === 'away' && result.kept) await this.#o.displaced.keep(there, result.kept, row.version);
    return 'again';
  }

  #busy(id: string): 'done' {
    if (!this.#stopped) this.#timing.busy(id);
    return 'done';
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
    if (!this.#stopped) this.#timing.later(id, ms);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
