import { join } from 'node:path';
import { type Clock, type Database, fail, type Logger, newId } from '../common/index.ts';
import { boxCaller, ORGANISATION, type ReadContext } from '../protocol/index.ts';
import { Background } from './background.ts';
import { Documents } from './documents.ts';
import type { CheckSyntax } from './edit/advisory.ts';
import { offeredTo } from './edit/offered.ts';
import type { PlacePorts } from './edit/place.ts';
import { ShownMemory } from './edit/shown.ts';
import { Formats } from './formats/addresses.ts';
import { OpaqueReadings } from './formats/opaque/shown.ts';
import { checkpointIfDue } from './history/checkpoint.ts';
import { asAt, Contents, type Shown } from './kinds/content.ts';
import { LeafStore } from './leaf-store.ts';
import type { RealDocOptions } from './options.ts';
import { Displaced } from './projection/displaced.ts';
import { Holds } from './projection/holds.ts';
import { type ImportAnswer, Intake } from './projection/intake.ts';
import { type Kernel, loadKernel } from './projection/kernel.ts';
import { type Locating, locate } from './projection/locate.ts';
import { parseDocPath } from './projection/paths.ts';
import { Projector } from './projection/projector.ts';
import { Rounds } from './projection/rounds.ts';
import { noShareFacts } from './projection/share-facts.ts';
import { NearFiles } from './projection/stat.ts';
import * as rows from './repository/index.ts';
import type { FileRow, WorkspaceRow } from './rows.ts';
import { BlobStore } from './storage/blob-store.ts';
import { Compactor } from './storage/compactor.ts';
import { LeafGarbage } from './storage/leaf-garbage.ts';
import { type PrunePlan, Pruner } from './storage/pruner.ts';
import { Quota } from './storage/quota.ts';

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
  readonly #background: Background;
  readonly #near = new NearFiles();
  #started = false;

  constructor(options: RealDocOptions) {
    const { db, clock, log } = options;
    this.#o = options;
    this.db = db;
    this.formats = new Formats(options.parser);
    this.#readings = new OpaqueReadings(options.parser);
    this.clock = clock;
    this.log = log;
    this.#background = new Background(log);
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
    const { track } = this.#background;
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
    await this.#near.trustDiskOf(this.dataDirectory);
    await this.leaves.sweep();
    this.#background.track(this.blobs.sweep());
    this.compactor.start();
    this.garbage.start();
    this.rounds.start();
    this.#background.track(this.#pruneOn());
    for (const row of rows.openProjections(this.db)) this.projector.kick(row.file);
  }

  async stop(): Promise<void> {
    if (!this.#started) return;
    this.#started = false;
    this.rounds.stop();
    await this.projector.hurry();
    this.#intake.stop();
    await this.settled();
    await this.compactor.stop();
    await this.garbage.stop();
    await this.projector.stop();
  }

  /** Resolves once no scan, import or projection is running. Retries that wait for their time do not count. */
  async settled(): Promise<void> {
    while (this.#background.running.length > 0 || this.rounds.running.length > 0) {
      await Promise.all([...this.#background.running, ...this.rounds.running]);
      await this.projector.idle();
    }
    await this.projector.idle();
    if (this.#background.running.length > 0) await this.settled();
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
   * The document people mean by a path, with what is on the share taken in first. Throws DOC_WORKSPACE_NOT_FOUND,
   * DOC_NOT_FOUND with near names, or DOC_DELETED unless deleted ones are wanted.
   */
  async locate(docPath: string, options: Locating = {}): Promise<FileRow> {
    const { workspace, rel } = parseDocPath(docPath);
    const { db, projector } = this;
    return await locate(
      { db, projector, intake: this.#intake, near: this.#near },
      this.workspace(workspace),
      rel,
      options,
    );
  }

  /** A version as people read it. Throws DOC_READ_ONLY_KIND, DOC_PARSE_REFUSED or what `documents.at` throws. */
  async shown(file: FileRow, version = file.head): Promise<Shown> {
    const tree = this.documents.at(file, version);
    const read = asAt(file, version, tree).kind === 'opaque' ? await this.#readings.of(file, version, tree) : undefined;
    return read ? { tree: read } : this.contents.shown(file, version, tree);
  }

  /** The bytes of the file on the share as they are at a version, in pieces. Throws what `documents.at` throws. */
  fileBytes(file: FileRow, version: number): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
    const tree = this.documents.at(file, version);
    return this.contents.give(asAt(file, version, tree), tree);
  }

  get checkSyntax(): CheckSyntax {
    return this.#o.checkSyntax ?? this.formats.check;
  }

  /** How addresses of an edit by this caller are resolved. */
  places(ctx: ReadContext, file: FileRow): PlacePorts {
    const candidate = offeredTo(this.documents, this.seen, ctx, file);
    return { format: this.#o.addresses ?? this.formats.addresses, candidate };
  }

  /** To be called after a version of the document was committed. */
  committed(file: FileRow): void {
    this.projector.edited(file);
    this.noteVersion(file);
  }

  /** Takes away what was planned, in the background. The history is whole after every step of it. */
  prune(plans: readonly PrunePlan[]): void {
    this.#background.track(
      (async () => {
        await this.pruner.runAll(plans);
        await this.garbage.collect();
      })(),
    );
  }

  /** Goes on with what an earlier run began to take away. */
  async #pruneOn(): Promise<void> {
    if (rows.openPrunes(this.db).length === 0) return;
    await this.pruner.runAll(await this.pruner.unfinished());
    await this.garbage.collect();
  }

  /** The share of `committed` that concerns the database alone: stored texts and packs when they are due. */
  noteVersion(file: FileRow): void {
    if (file.kind !== 'opaque') this.#background.track(checkpointIfDue(this, file));
    this.compactor.noteVersion(file.id, file.head);
  }

  async #import(input: unknown): Promise<ImportAnswer> {
    const idempotencyKey = newId('scan', this.clock.now());
    const request = { operation: 'doc.import', input, idempotencyKey };
    const caller = this.#o.caller?.() ?? boxCaller(['doc.read', 'doc.write'], ORGANISATION);
    const { output } = await this.#o.invoke(caller, request);
    return output as ImportAnswer;
  }

  /** Somebody closed a file, or held files shall be treated in another way. */
  retryHeld(): void {
    for (const row of rows.openProjections(this.db)) if (row.state === 'held') this.projector.kick(row.file);
  }
}
