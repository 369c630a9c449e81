import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Database, Logger } from '../../common/index.ts';
import * as rows from '../repository/index.ts';
import type { WorkspaceRow } from '../rows.ts';
import type { Displaced } from './displaced.ts';
import type { Intake } from './intake.ts';
import type { Kernel } from './kernel.ts';
import { onDisk, parseKeptName } from './paths.ts';
import type { Projector } from './projector.ts';
import { type FileSystem, fileSystemOf, identityOf, isSameRoot, remember, unmounted } from './roots.ts';
import { type ScanResult, type Skipped, scanWorkspace } from './scan.ts';
import { type EventSource, Watcher } from './watcher.ts';

const SCAN_MS = 120_000;
/** Where other machines write, or not every folder can be watched, there is nobody to tell us: look more often. */
const POLL_MS = 5000;

export interface RoundsOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  kernel: () => Promise<Kernel | undefined>;
  projector: Projector;
  displaced: Displaced;
  intake: Intake;
  track: (work: Promise<unknown>) => void;
  /** Milliseconds between scans of every workspace; events are only a help. */
  scanEveryMs?: number;
  /** `false`: no file events, scans only. */
  watch?: boolean;
}

/** What is known of a workspace's folder. */
export interface Round {
  state: 'new' | 'here' | 'away';
  /** Why the folder is away. */
  reason?: string;
  fileSystem?: FileSystem;
  device?: bigint;
  scannedAt?: number;
  skipped: Skipped[];
  clashes: string[][];
  unreadable: string[];
}

interface Watched {
  watcher: Watcher;
  round: Round;
  cancel: () => void;
}

/** The rounds: watches the folders of all workspaces and walks them, at the start, from time to time, and in doubt. */
export class Rounds {
  readonly #o: RoundsOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #scans = new Map<string, Promise<void>>();
  /** Workspaces in which something may have happened since their running scan began. */
  readonly #again = new Set<string>();
  #stopped = true;

  constructor(options: RoundsOptions) {
    this.#o = options;
  }

  start(): void {
    this.#stopped = false;
    this.sync();
  }

  stop(): void {
    this.#stopped = true;
    for (const { watcher, cancel } of this.#watched.values()) {
      cancel();
      watcher.stop();
    }
    this.#watched.clear();
  }

  get running(): Promise<void>[] {
    return [...this.#scans.values()];
  }

  /** Watches what is there and forgets what is gone. */
  sync(): void {
    if (this.#stopped) return;
    const now = rows.workspaces(this.#o.db);
    const ids = new Set(now.map((workspace) => workspace.id));
    for (const [id, { watcher, cancel }] of this.#watched) {
      if (ids.has(id)) continue;
      cancel();
      watcher.stop();
      this.#watched.delete(id);
    }
    for (const workspace of now) if (!this.#watched.has(workspace.id)) this.#begin(workspace);
  }

  stateOf(workspace: string): (Round & { events: EventSource; lost: number; isPartial: boolean }) | undefined {
    const watched = this.#watched.get(workspace);
    if (!watched) return undefined;
    const { source, lost, isPartial } = watched.watcher.state;
    return { ...watched.round, events: source, lost, isPartial };
  }

  /** Walks a workspace and takes in what changed. A second call while one runs joins it. Never throws. */
  scan(workspace: WorkspaceRow): Promise<void> {
    const running = this.#scans.get(workspace.id);
    if (running !== undefined) return running;
    const scan = this.#scan(workspace.id)
      .catch((error: unknown) => this.#o.log.error({ workspace: workspace.id, reason: String(error) }, 'scan-failed'))
      .finally(() => {
        this.#scans.delete(workspace.id);
        if (this.#again.delete(workspace.id) && !this.#stopped) void this.scan(workspace);
      });
    this.#scans.set(workspace.id, scan);
    return scan;
  }

  /** Events were lost: what a running scan has already passed must be looked at once more. */
  #doubt(workspace: WorkspaceRow): void {
    if (this.#scans.has(workspace.id)) this.#again.add(workspace.id);
    else void this.scan(workspace);
  }

  #begin(workspace: WorkspaceRow): void {
    const watcher = new Watcher({
      root: workspace.root,
      clock: this.#o.clock,
      log: this.#o.log,
      kernel: this.#o.kernel,
      onChange: (paths) => this.#o.track(this.#noticed(workspace.id, paths)),
      onDoubt: () => this.#doubt(workspace),
    });
    const round: Round = { state: 'new', skipped: [], clashes: [], unreadable: [] };
    const watched: Watched = { watcher, round, cancel: () => undefined };
    this.#watched.set(workspace.id, watched);
    if (this.#o.watch !== false) this.#o.track(watcher.start());
    void this.scan(workspace);
    this.#schedule(workspace, watched);
  }

  async #noticed(id: string, paths: ReadonlyMap<string, boolean>): Promise<void> {
    await this.#o.projector.idle();
    const workspace = rows.workspaceById(this.#o.db, id);
    if (workspace && !this.#stopped) await this.#o.intake.noticed(workspace, paths);
  }

  #schedule(workspace: WorkspaceRow, watched: Watched): void {
    const isBlind = watched.round.fileSystem?.isRemote || watched.watcher.state.isPartial;
    const every = this.#o.scanEveryMs ?? SCAN_MS;
    watched.cancel = this.#o.clock.after(
      isBlind ? Math.min(POLL_MS, every) : Math.min(every, this.#nextOf(watched)),
      () => {
        if (this.#stopped) return;
        void this.scan(workspace).then(() => {
          if (!this.#stopped && this.#watched.get(workspace.id) === watched) this.#schedule(workspace, watched);
        });
      },
    );
  }

  /** A folder that is away is looked for often, so that people see it come back. */
  #nextOf(watched: Watched): number {
    return watched.round.state === 'here' ? SCAN_MS : POLL_MS;
  }

  async #scan(id: string): Promise<void> {
    await this.#o.projector.idle();
    const workspace = rows.workspaceById(this.#o.db, id);
    const watched = this.#watched.get(id);
    if (!workspace || this.#stopped) return;
    const identity = await identityOf(workspace.root);
    if (identity === undefined) return this.#away(watched, 'its folder is not there');
    if (watched) {
      watched.round.fileSystem = await fileSystemOf(workspace.root);
      watched.round.device = BigInt(identity.split(':')[0]!);
    }
    const hidden = await unmounted(workspace);
    const found = await scanWorkspace(this.#o.db, workspace, hidden);
    const isStranger = !isSameRoot(workspace, identity);
    // Another folder than the last time: it is ours again as soon as one of our files lies in it.
    if (isStranger && found.known === 0) return this.#away(watched, 'its disk is not mounted');
    if (isStranger || hidden.length === 0) await remember(this.#o.db, workspace, found.mounts);
    this.#tell(workspace, watched, found);
    await this.#sweep(workspace, found.leftovers);
    await this.#takeIn(rows.workspaceById(this.#o.db, id) ?? workspace, found);
    if (watched && found.unreadable.length === 0) watched.round.scannedAt = this.#o.clock.now();
    for (const row of rows.openProjections(this.#o.db)) this.#o.projector.kick(row.file);
  }

  #away(watched: Watched | undefined, reason: string): void {
    if (!watched || watched.round.reason === reason) return;
    watched.round.state = 'away';
    watched.round.reason = reason;
    this.#o.log.warn({ reason }, 'workspace-away');
  }

  #tell(workspace: WorkspaceRow, watched: Watched | undefined, found: ScanResult): void {
    const { skipped, clashes, unreadable } = found;
    if (watched) {
      // A disk that is mounted again lies over the folder that was watched meanwhile.
      if (watched.round.state === 'away' && this.#o.watch !== false) this.#o.track(watched.watcher.start());
      Object.assign(watched.round, { state: 'here', skipped, clashes, unreadable });
      delete watched.round.reason;
    }
    if (unreadable.length > 0) {
      this.#o.log.warn({ workspace: workspace.id, unreadable: unreadable.length }, 'scan-partial');
    }
  }

  async #takeIn(workspace: WorkspaceRow, found: ScanResult): Promise<void> {
    const { now, later } = await this.#o.intake.settledOnly(workspace, found.present);
    if (this.#stopped) return;
    await this.#o.intake.adopt(now.map((rel) => `${workspace.name}/${rel}`));
    const doubtful = [...later, ...found.missing];
    if (doubtful.length === 0 || this.#stopped) return;
    await this.#o.intake.pause();
    await this.#o.intake.confirm(workspace, doubtful);
  }

  /** A crash may leave a half-written temporary, or the second name of a displaced file with a save in it. */
  async #sweep(workspace: WorkspaceRow, leftovers: readonly string[]): Promise<void> {
    for (const path of leftovers) {
      const slash = path.lastIndexOf('/') + 1;
      const name = path.slice(slash);
      if (this.#o.displaced.ours.has(name)) continue;
      const kept = parseKeptName(name);
      if (kept) {
        const file = rows.fileById(this.#o.db, kept.document);
        // Of a document that moved away or is not known: it may be somebody's only copy, so it stays.
        if (!file || onDisk(file).slice(0, onDisk(file).lastIndexOf('/') + 1) !== path.slice(0, slash)) continue;
        const folder = path.slice(0, Math.max(0, slash - 1));
        if (!(await this.#o.intake.adopt([file.path], { displaced: { name, folder, base: kept.version } }))) continue;
      }
      await unlink(join(workspace.root, path)).catch(() => undefined);
    }
  }
}
