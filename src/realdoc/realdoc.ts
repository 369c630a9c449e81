import { lstat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type Database, fail, isJinguError, type Logger, newId } from '../common/index.ts';
import { type Caller, type InvokeRequest, type InvokeResult, ORGANISATION } from '../protocol/index.ts';
import { Documents } from './documents.ts';
import type { CheckSyntax } from './edit/advisory.ts';
import { offeredTo } from './edit/offered.ts';
import type { FormatResolver, PlacePorts } from './edit/place.ts';
import { ShownMemory } from './edit/shown.ts';
import { formatAddresses } from './formats/addresses.ts';
import { checkpointIfDue } from './history/checkpoint.ts';
import { Contents, type Shown } from './kinds/content.ts';
import { LeafStore } from './leaf-store.ts';
import { isOwnerFile, parseDocPath, parseKeptName, whyBad } from './projection/paths.ts';
import { Projector } from './projection/projector.ts';
import { isNews, scanWorkspace } from './projection/scan.ts';
import { Watcher } from './projection/watcher.ts';
import * as rows from './repository/index.ts';
import type { FileRow, WorkspaceRow } from './rows.ts';

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
  /** Whether a text is what its name says. Left out: nobody looks, and no edit carries an advisory. */
  checkSyntax?: CheckSyntax;
}

/** Documents taken in by one call: one audit record, one short transaction. */
const BATCH = 32;
/** Editors remove and rename while they save; only what stays away this long was deleted. */
const GONE_MS = 1500;

/** The room: what its operations share, and what goes on between calls. */
export class RealDoc {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly leaves: LeafStore;
  readonly documents: Documents;
  readonly contents = new Contents();
  readonly projector: Projector;
  readonly dataDirectory: string;
  /** What was shown to whom, so that nobody changes lines they never saw. */
  readonly seen = new ShownMemory();
  readonly #o: RealDocOptions;
  readonly #watchers = new Map<string, Watcher>();
  readonly #scans = new Map<string, Promise<void>>();
  readonly #scanned = new Set<string>();
  readonly #work = new Set<Promise<unknown>>();
  #cancelScan: (() => void) | undefined;
  #started = false;

  constructor(options: RealDocOptions) {
    this.#o = options;
    this.db = options.db;
    this.clock = options.clock;
    this.log = options.log;
    this.dataDirectory = options.dataDirectory;
    this.leaves = new LeafStore(options.db, options.clock);
    this.documents = new Documents(options.db, this.leaves);
    this.projector = new Projector({
      ...options,
      documents: this.documents,
      contents: this.contents,
      adopt: (file, displaced) => this.#adopt([file.path], displaced),
    });
  }

  /** Cleans up after an earlier run, redoes unfinished projections, then watches. Resolves before the first scan ends. */
  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    this.projector.start();
    await this.leaves.sweep();
    this.syncWorkspaces();
    for (const row of rows.openProjections(this.db)) this.projector.kick(row.file);
    this.#scheduleScan();
  }

  async stop(): Promise<void> {
    if (!this.#started) return;
    this.#started = false;
    this.#cancelScan?.();
    for (const watcher of this.#watchers.values()) watcher.stop();
    this.#watchers.clear();
    await this.settled();
    await this.projector.stop();
  }

  /** Resolves once no scan, import or projection is running. Retries that wait for their time do not count. */
  async settled(): Promise<void> {
    while (this.#work.size > 0 || this.#scans.size > 0) {
      await Promise.all([...this.#work, ...this.#scans.values()]);
      await this.projector.idle();
    }
    await this.projector.idle();
    if (this.#work.size > 0) await this.settled();
  }

  /** Watches what is there and forgets what is gone. Call it after a workspace was added or removed. */
  syncWorkspaces(): void {
    if (!this.#started) return;
    const now = rows.workspaces(this.db);
    const ids = new Set(now.map((w) => w.id));
    for (const [id, watcher] of this.#watchers) {
      if (ids.has(id)) continue;
      watcher.stop();
      this.#watchers.delete(id);
      this.#scanned.delete(id);
    }
    for (const workspace of now) {
      if (this.#watchers.has(workspace.id)) continue;
      const watcher = new Watcher({
        root: workspace.root,
        clock: this.clock,
        log: this.log,
        onChange: (paths) => this.#track(this.#noticed(workspace, paths)),
        onDoubt: () => void this.scan(workspace),
      });
      this.#watchers.set(workspace.id, watcher);
      if (this.#o.watch !== false) watcher.start();
      void this.scan(workspace);
    }
  }

  /** True once the workspace was walked from end to end since the start. */
  isScanned(workspace: string): boolean {
    return this.#scanned.has(workspace);
  }

  /** Walks a workspace and takes in what changed. A second call while one runs joins it. Never throws. */
  scan(workspace: WorkspaceRow): Promise<void> {
    const running = this.#scans.get(workspace.id);
    if (running !== undefined) return running;
    const scan = this.#scan(workspace)
      .catch((error: unknown) => this.log.error({ workspace: workspace.id, reason: messageOf(error) }, 'scan-failed'))
      .finally(() => this.#scans.delete(workspace.id));
    this.#scans.set(workspace.id, scan);
    return scan;
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
    if (options.look !== false && (!file || !this.projector.isBusy(file.id))) {
      const isThere = await lstat(join(ws.root, rel)).then(
        (stat) => !stat.isDirectory(),
        () => false,
      );
      if (isThere && (await isNews(this.db, ws, rel))) {
        await this.#import([docPath]);
        file = rows.fileAt(this.db, ws.id, rel);
      }
    }
    if (!file || (file.state === 'deleted' && file.head === 0)) {
      throw fail('DOC_NOT_FOUND', { path: docPath, near: this.#near(ws, rel) });
    }
    if (file.state === 'deleted' && !options.deleted) throw fail('DOC_DELETED', { path: docPath, version: file.head });
    return file;
  }

  /** A version as people read it. Throws DOC_READ_ONLY_KIND, DOC_PARSE_REFUSED or what `documents.at` throws. */
  shown(file: FileRow, version = file.head): Promise<Shown> {
    return this.contents.shown(file, version, this.documents.at(file, version));
  }

  get checkSyntax(): CheckSyntax | undefined {
    return this.#o.checkSyntax;
  }

  /** How addresses of an edit by this caller are resolved. */
  places(caller: Caller, file: FileRow): PlacePorts {
    const candidate = offeredTo(this.db, this.documents, this.seen, caller, file);
    return { format: this.#o.addresses ?? formatAddresses(undefined), candidate };
  }

  /** To be called after a version of the document was committed. */
  committed(file: FileRow): void {
    this.projector.kick(file.id);
    if (file.kind !== 'opaque') this.#track(checkpointIfDue(this, file));
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

  async #scan(workspace: WorkspaceRow): Promise<void> {
    await this.projector.idle();
    const found = await scanWorkspace(this.db, workspace);
    if (found.unreadable.length > 0 || found.skipped > 0) {
      this.log.warn(
        { workspace: workspace.id, unreadable: found.unreadable.length, skipped: found.skipped },
        'scan-partial',
      );
    }
    await this.#sweepLeftovers(workspace, found.leftovers);
    const pathOf = (rel: string): string => `${workspace.name}/${rel}`;
    // What appeared comes before what is gone, so that a renamed file is known by its bytes.
    for (const list of [found.present, found.missing]) {
      for (let i = 0; i < list.length; i += BATCH) {
        if (!this.#started) return;
        await this.#adopt(list.slice(i, i + BATCH).map(pathOf));
      }
    }
    if (found.unreadable.length === 0) this.#scanned.add(workspace.id);
    for (const row of rows.openProjections(this.db)) this.projector.kick(row.file);
  }

  /** A crash may leave a half-written temporary, or the second name of a displaced file with a save in it. */
  async #sweepLeftovers(workspace: WorkspaceRow, leftovers: readonly string[]): Promise<void> {
    for (const rel of leftovers) {
      if (this.#isOurs(rel)) continue;
      const slash = rel.lastIndexOf('/') + 1;
      const kept = parseKeptName(rel.slice(slash));
      if (kept) {
        const file = rows.fileById(this.db, kept.document);
        // Of a document that moved away or is not known: it may be somebody's only copy, so it stays.
        if (!file || file.rel.slice(0, file.rel.lastIndexOf('/') + 1) !== rel.slice(0, slash)) continue;
        if (!(await this.#adopt([file.path], { name: rel.slice(slash), base: kept.version }))) continue;
      }
      await unlink(join(workspace.root, rel)).catch(() => undefined);
    }
  }

  #isOurs(rel: string): boolean {
    return this.projector.isKept(rel.slice(rel.lastIndexOf('/') + 1));
  }

  async #noticed(workspace: WorkspaceRow, paths: readonly string[]): Promise<void> {
    await this.projector.idle();
    const present: string[] = [];
    const gone: string[] = [];
    let doubt = false;
    for (const rel of paths) {
      const name = rel.slice(rel.lastIndexOf('/') + 1);
      if (isOwnerFile(name)) {
        for (const row of rows.openProjections(this.db)) if (row.state === 'held') this.projector.kick(row.file);
        continue;
      }
      if (whyBad(rel) !== undefined) continue;
      const stat = await lstat(join(workspace.root, rel)).catch(() => undefined);
      if (stat?.isFile()) {
        if (await isNews(this.db, workspace, rel)) present.push(`${workspace.name}/${rel}`);
      } else if (rows.fileAt(this.db, workspace.id, rel)?.state === 'live') gone.push(rel);
      else doubt = true;
    }
    for (let i = 0; i < present.length; i += BATCH) await this.#adopt(present.slice(i, i + BATCH));
    if (gone.length > 0) this.clock.after(GONE_MS, () => this.#track(this.#confirmGone(workspace, gone)));
    if (doubt) void this.scan(workspace);
  }

  async #confirmGone(workspace: WorkspaceRow, gone: readonly string[]): Promise<void> {
    for (const rel of gone) {
      if (!this.#started) return;
      const isBack = await lstat(join(workspace.root, rel)).then(
        () => true,
        () => false,
      );
      const file = rows.fileAt(this.db, workspace.id, rel);
      if (!isBack && file?.state === 'live') await this.#adopt([file.path]);
    }
  }

  /** Takes in what is on the share; failures are logged, since the next scan tries again. */
  async #adopt(paths: readonly string[], displaced?: { name: string; base: number }): Promise<boolean> {
    try {
      await this.#import(paths, displaced);
      return true;
    } catch (error) {
      const code = isJinguError(error) ? error.code : 'INTERNAL';
      this.log.warn({ code, documents: paths.length, reason: messageOf(error) }, 'import-failed');
      return false;
    }
  }

  async #import(paths: readonly string[], displaced?: { name: string; base: number }): Promise<void> {
    const [path, ...more] = paths;
    if (path === undefined) return;
    const input = { path, ...(more.length > 0 ? { more } : {}), ...(displaced ? { displaced } : {}) };
    for (let attempt = 0; ; attempt++) {
      try {
        const request = { operation: 'doc.import', input, idempotencyKey: newId('scan', this.clock.now()) };
        await this.#o.invoke(this.#o.caller?.() ?? internalCaller(), request);
        return;
      } catch (error) {
        if (!isJinguError(error) || error.code !== 'DOC_BUSY' || attempt === 10) throw error;
      }
    }
  }

  #scheduleScan(): void {
    this.#cancelScan = this.clock.after(this.#o.scanEveryMs ?? 120_000, () => {
      for (const workspace of rows.workspaces(this.db)) void this.scan(workspace);
      if (this.#started) this.#scheduleScan();
    });
  }

  #track(work: Promise<unknown>): void {
    const held = work
      .catch((error: unknown) => this.log.error({ reason: messageOf(error) }, 'background-work-failed'))
      .finally(() => this.#work.delete(held));
    this.#work.add(held);
  }
}

/** The box itself, acting for nobody: it may read and write documents and nothing else. */
export function internalCaller(): Caller {
  return {
    kind: 'internal',
    surface: 'internal',
    personId: null,
    personName: null,
    deviceId: null,
    sessionId: null,
    agent: null,
    taskId: null,
    roles: [],
    scopes: ['doc.read', 'doc.write'],
    deviceClass: 'none',
    label: ORGANISATION,
    locale: 'en',
    epoch: 0,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
