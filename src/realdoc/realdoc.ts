import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type Database, fail, type Logger, newId } from '../common/index.ts';
import type { Caller, InvokeRequest, InvokeResult } from '../protocol/index.ts';
import { Documents } from './documents.ts';
import type { CheckSyntax } from './edit/advisory.ts';
import { offeredTo } from './edit/offered.ts';
import type { FormatResolver, PlacePorts } from './edit/place.ts';
import { ShownMemory } from './edit/shown.ts';
import { Formats } from './formats/addresses.ts';
import { OpaqueReadings } from './formats/opaque/shown.ts';
import { checkpointIfDue } from './history/checkpoint.ts';
import { Contents, type Shown } from './kinds/content.ts';
import { LeafStore } from './leaf-store.ts';
import type { ParsePort } from './parse/port.ts';
import { findOnDisk } from './projection/disk-names.ts';
import { Displaced } from './projection/displaced.ts';
import { Holds } from './projection/holds.ts';
import { type ImportAnswer, Intake } from './projection/intake.ts';
import { internalCaller } from './projection/internal-caller.ts';
import { type Kernel, loadKernel } from './projection/kernel.ts';
import { parseDocPath } from './projection/paths.ts';
import { Projector } from './projection/projector.ts';
import { Rounds } from './projection/rounds.ts';
import { isNews } from './projection/scan.ts';
import { noShareFacts, type ShareFacts } from './projection/share-facts.ts';
import * as rows from './repository/index.ts';
import type { FileRow, WorkspaceRow } from './rows.ts';
import { BlobStore } from './storage/blob-store.ts';
import { Compactor } from './storage/compactor.ts';
import { LeafGarbage } from './storage/leaf-garbage.ts';
import { type PrunePlan, Pruner } from './storage/pruner.ts';
import { Quota } from './storage/quota.ts';

/** The door, as this room needs it: what the box notices on the share enters by it and leaves an audit record. */
export type Invoke = (
  caller: Caller,
  request: InvokeRequest,
  options?: { signal?: AbortSignal; onPart?: (part: unknown) => void },
) => Promise<InvokeResult>;

export interface RealDocOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  invoke: Invoke;
  /** Never inside a workspace, and no workspace inside it. */
  dataDirectory: string;
  /** Caller for what nobody asked for (the watcher). Left out: an internal one with the rights to read and write. */
  caller?: () => Caller;
  /** Milliseconds between scans of every workspace; events are only a help. */
  scanEveryMs?: number;
  /** `false`: no file events, scans only. */
  watch?: boolean;
  /** Addresses of text formats: cells, pointers, headings, symbols. Left out: those that the core reads itself. */
  addresses?: FormatResolver;
  /** Whether a text is what its name says. Left out: the formats tell. */
  checkSyntax?: CheckSyntax;
  /** Reads foreign formats in a guest. Left out: only what the core reads itself can be addressed. */
  parser?: ParsePort;
  /** Calls that Node lacks. Left out: those of this machine, if there are any. */
  kernel?: () => Promise<Kernel | undefined>;
  /** The most bytes of history, in all and for each workspace; 0 or left out: as much as the disk has. */
  historyBytes?: { all: number; each: number };
  /** Rows of the log that stay, and the least that make a pack. Left out: as on the appliance. */
  packing?: { stay: number; least: number };
  /** Since when tasks are open that may still take back what they did (milliseconds); `undefined`: none is. */
  openSince?: () => number | undefined;
  /** Who has files of the share open. Left out: only what lies on the disk tells. */
  shareFacts?: ShareFacts;
}

/** Beside the database, in the data directory: backups carry it. */
export const BLOB_FOLDER = 'document-blobs';

/** The room: what its operations share, and what goes on between calls. */
export class RealDoc {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly blobs: BlobStore;
  readonly leaves: LeafStore;
  readonly compactor: Compactor;
  readonly garbage: LeafGarbage;
  readonly pruner: Pruner;
  readonly quota: Quota;
  readonly documents: Documents;
  readonly contents: Contents;
  readonly formats: Formats;
  readonly projector: Projector;
  readonly rounds: Rounds;
  readonly dataDirectory: string;
  /** What was shown to whom, so that nobody changes lines they never saw. */
  readonly seen = new ShownMemory();
  readonly kernel: () => Promise<Kernel | undefined>;
  readonly #o: RealDocOptions;
  readonly #readings: OpaqueReadings;
  readonly #intake: Intake;
  readonly #work = new Set<Promise<unknown>>();
  #started = false;

  constructor(options: RealDocOptions) {
    const { db, clock, log } = options;
    this.#o = options;
    this.db = db;
    this.formats = new Formats(options.parser);
    this.#readings = new OpaqueReadings(options.parser);
    this.clock = clock;
    this.log = log;
    this.dataDirectory = options.dataDirectory;
    this.kernel = options.kernel ?? loadKernel;
    this.blobs = new BlobStore({ db, clock, log, directory: join(this.dataDirectory, BLOB_FOLDER) });
    this.leaves = new LeafStore(db, clock, this.blobs);
    this.documents = new Documents(db, this.leaves);
    this.compactor = new Compactor({ db, clock, log, ...(options.packing ? { sizes: options.packing } : {}) });
    this.contents = new Contents(options.parser);
    this.quota = new Quota({ db, clock, directory: this.dataDirectory, ...options.historyBytes });
    this.garbage = new LeafGarbage({ db, clock, log, blobs: this.blobs });
    const { documents, leaves, compactor } = this;
    this.pruner = new Pruner({
      db,
      clock,
      log,
      documents,
      leaves,
      compactor,
      ...(options.openSince ? { openSince: options.openSince } : {}),
    });
    const shared = { db, clock, log, kernel: this.kernel };
    const track = (work: Promise<unknown>): void => this.#track(work);
    this.#intake = new Intake({
      ...shared,
      track,
      call: (input) => this.#import(input),
      release: () => this.retryHeld(),
    });
    const displaced = new Displaced({
      ...shared,
      adopt: async (document, displaced) => {
        const file = rows.fileById(db, document);
        return file !== undefined && (await this.#intake.adopt([file.path], { displaced }));
      },
    });
    const holds = new Holds({ ...shared, facts: options.shareFacts ?? noShareFacts });
    this.projector = new Projector({
      ...shared,
      documents: this.documents,
      contents: this.contents,
      displaced,
      adopt: (file) => this.#intake.adopt([file.path]),
      hold: (file, folder, name) => holds.why(file, folder, name),
    });
    const { scanEveryMs, watch } = options;
    this.rounds = new Rounds({
      ...shared,
      track,
      displaced,
      projector: this.projector,
      intake: this.#intake,
      ...(scanEveryMs === undefined ? {} : { scanEveryMs }),
      ...(watch === undefined ? {} : { watch }),
    });
  }

  /** Cleans up after an earlier run, redoes unfinished projections, then watches. Resolves before the first scan ends. */
  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    this.projector.start();
    this.#intake.start();
    await this.leaves.sweep();
    this.#track(this.blobs.sweep());
    this.compactor.start();
    this.garbage.start();
    this.rounds.start();
    for (const row of rows.openProjections(this.db)) this.projector.kick(row.file);
  }

  async stop(): Promise<void> {
    if (!this.#started) return;
    this.#started = false;
    this.rounds.stop();
    this.#intake.stop();
    await this.settled();
    await this.compactor.stop();
    await this.garbage.stop();
    await this.projector.stop();
  }

  /** Resolves once no scan, import or projection is running. Retries that wait for their time do not count. */
  async settled(): Promise<void> {
    while (this.#work.size > 0 || this.rounds.running.length > 0) {
      await Promise.all([...this.#work, ...this.rounds.running]);
      await this.projector.idle();
    }
    await this.projector.idle();
    if (this.#work.size > 0) await this.settled();
  }

  /** To be called after a workspace was added or removed. */
  syncWorkspaces(): void {
    if (this.#started) this.rounds.sync();
  }

  /** True once the workspace was walked from end to end since the start. */
  isScanned(workspace: string): boolean {
    return this.rounds.stateOf(workspace)?.scannedAt !== undefined;
  }

  /** Walks a workspace and takes in what changed. A second call while one runs joins it. Never throws. */
  scan(workspace: WorkspaceRow): Promise<void> {
    return this.rounds.scan(workspace);
  }

  /** Waits for `work`, but no longer than `ms`. */
  async waitFor(work: Promise<unknown>, ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.clock.after(ms, resolve);
    await Promise.race([work, promise]).finally(cancel);
  }

  workspace(name: string): WorkspaceRow {
    const found = rows.workspaceNamed(this.db, name);
    if (found) return found;
    throw fail('DOC_WORKSPACE_NOT_FOUND', { workspace: name, known: rows.workspaces(this.db).map((w) => w.name) });
  }

  /**
   * The document people mean by a path, with what is on the share taken in first: a file nobody looked at yet becomes
   * a document, a save that was not noticed yet becomes a version. Throws DOC_NOT_FOUND with near names, or
   * DOC_DELETED unless deleted ones are wanted. `look: false` trusts what is known already.
   */
  async locate(docPath: string, options: { deleted?: boolean; look?: boolean } = {}): Promise<FileRow> {
    const { workspace, rel } = parseDocPath(docPath);
    const ws = this.workspace(workspace);
    let file = rows.fileAt(this.db, ws.id, rel);
    if (options.look !== false && (!file || !this.projector.isBusy(file.id)) && (await this.#isThere(ws, rel, file))) {
      await this.#intake.import([docPath]);
      file = rows.fileAt(this.db, ws.id, rel);
    }
    if (!file || (file.state === 'deleted' && file.head === 0)) {
      throw fail('DOC_NOT_FOUND', { path: docPath, near: this.#near(ws, rel) });
    }
    if (file.state === 'deleted' && !options.deleted) throw fail('DOC_DELETED', { path: docPath, version: file.head });
    return file;
  }

  /** A version as people read it. Throws DOC_READ_ONLY_KIND, DOC_PARSE_REFUSED or what `documents.at` throws. */
  async shown(file: FileRow, version = file.head): Promise<Shown> {
    const tree = this.documents.at(file, version);
    const read = file.kind === 'opaque' ? await this.#readings.of(file, version, tree) : undefined;
    return read ? { tree: read } : this.contents.shown(file, version, tree);
  }

  get checkSyntax(): CheckSyntax {
    return this.#o.checkSyntax ?? this.formats.check;
  }

  /** How addresses of an edit by this caller are resolved. */
  places(caller: Caller, file: FileRow): PlacePorts {
    const candidate = offeredTo(this.db, this.documents, this.seen, caller, file);
    return { format: this.#o.addresses ?? this.formats.addresses, candidate };
  }

  /** To be called after a version of the document was committed. */
  committed(file: FileRow): void {
    this.projector.kick(file.id);
    this.noteVersion(file);
  }

  /** Takes away what was planned, in the background. The history is whole after every step of it. */
  prune(plans: readonly PrunePlan[]): void {
    this.#track(
      (async () => {
        for (const plan of plans) await this.pruner.run(plan);
        await this.garbage.collect();
      })(),
    );
  }

  /** The share of `committed` that concerns the database alone: stored texts and packs when they are due. */
  noteVersion(file: FileRow): void {
    if (file.kind !== 'opaque') this.#track(checkpointIfDue(this, file));
    this.compactor.noteVersion(file.id, file.head);
  }

  /** There is a file that holds, or may hold, something that is not known. One call of the file system where nothing is new. */
  async #isThere(ws: WorkspaceRow, rel: string, file: FileRow | undefined): Promise<boolean> {
    if (file?.state === 'live') return isNews(this.db, ws, rel);
    if (!(await isNews(this.db, ws, rel))) return false;
    const disk = await findOnDisk(ws.root, rel, null);
    return lstat(join(ws.root, disk)).then(
      (stat) => !stat.isDirectory(),
      () => false,
    );
  }

  #near(ws: WorkspaceRow, rel: string): string[] {
    const wanted = rel.slice(rel.lastIndexOf('/') + 1).toLowerCase();
    const stem = wanted.replace(/\.[^.]*$/, '');
    return rows
      .filesOf(this.db, ws.id, '', '', 500)
      .filter((f) => f.rel.toLowerCase().includes(stem) || wanted.includes(f.rel.toLowerCase().replace(/\.[^.]*$/, '')))
      .slice(0, 5)
      .map((f) => f.path);
  }

  async #import(input: unknown): Promise<ImportAnswer> {
    const idempotencyKey = newId('scan', this.clock.now());
    const request = { operation: 'doc.import', input, idempotencyKey };
    const { output } = await this.#o.invoke(this.#o.caller?.() ?? internalCaller(), request);
    return output as ImportAnswer;
  }

  /** Somebody closed a file, or held files shall be treated in another way. */
  retryHeld(): void {
    for (const row of rows.openProjections(this.db)) if (row.state === 'held') this.projector.kick(row.file);
  }

  #track(work: Promise<unknown>): void {
    const held = work
      .catch((error: unknown) =>
        this.log.error({ reason: error instanceof Error ? error.message : String(error) }, 'background-work-failed'),
      )
      .finally(() => this.#work.delete(held));
    this.#work.add(held);
  }
}
