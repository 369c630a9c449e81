import { join } from 'node:path';
import { type Clock, type Database, isJinguError, type Logger } from '../../common/index.ts';
import * as rows from '../repository/index.ts';
import type { WorkspaceRow } from '../rows.ts';
import { docRel } from './disk-names.ts';
import type { DisplacedFile } from './displaced.ts';
import { knownElsewhere } from './moves.ts';
import { isOwnerFile } from './owner-files.ts';
import { isPassing, whyBad } from './paths.ts';
import { GONE_MS, wait } from './read-file.ts';
import { isNews } from './scan.ts';
import { bigStatOf } from './stat.ts';

/** Documents taken in by one call: one audit record, one short transaction. */
const BATCH = 32;
/** How long a file with the name of somebody's temporary one must stay to be taken for a document. */
const PASSING_MS = 10_000;

export interface IntakeOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  /** Calls `doc.import` as the box itself. Throws what the operation throws. */
  call: (input: { path: string; more?: string[]; displaced?: DisplacedFile; gone?: boolean }) => Promise<ImportAnswer>;
  /** Asks for held documents to be tried again: somebody closed something. */
  release: () => void;
  /** Work that goes on after the answer; the room waits for it when it stops. */
  track: (work: Promise<unknown>) => void;
}

export interface ImportAnswer {
  documents: { path: string; change: string }[];
}

export interface Adopting {
  displaced?: DisplacedFile | undefined;
  /** What is not there has been away for a while already. */
  gone?: boolean | undefined;
}

/** Takes in what is on the share: what events tell, what scans find, and what calls stumble on. */
export class Intake {
  readonly #o: IntakeOptions;
  /** What is being taken in, by path. */
  readonly #running = new Map<string, Promise<unknown>>();
  #stopped = false;

  constructor(options: IntakeOptions) {
    this.#o = options;
  }

  start(): void {
    this.#stopped = false;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Takes in what is on the share; failures are logged, since the next scan tries again. */
  async adopt(paths: readonly string[], { displaced, gone }: Adopting = {}): Promise<boolean> {
    for (let i = 0; i < paths.length; i += BATCH) {
      if (this.#stopped && !displaced) return false;
      try {
        await this.import(paths.slice(i, i + BATCH), { displaced, gone });
      } catch (error) {
        const code = isJinguError(error) ? error.code : 'INTERNAL';
        this.#o.log.warn({ code, documents: paths.length, reason: messageOf(error) }, 'import-failed');
        return false;
      }
    }
    return true;
  }

  /**
   * Throws what `doc.import` throws, except that a document which moves on meanwhile is looked at again. What another
   * call is taking in is waited for, and taken in again only if there is news since: a long text that is noticed and
   * asked for at the same moment is read and stored once.
   */
  async import(paths: readonly string[], { displaced, gone }: Adopting = {}): Promise<void> {
    if (displaced) return await this.#import(paths, { displaced });
    const waiting = paths.map((path) => this.#running.get(path)).filter((run) => run !== undefined);
    if (waiting.length > 0) {
      await Promise.allSettled(waiting);
      return await this.import(gone ? paths : await this.#news(paths), { gone });
    }
    const run = this.#import(paths, { gone });
    for (const path of paths) this.#running.set(path, run);
    try {
      await run;
    } finally {
      for (const path of paths) if (this.#running.get(path) === run) this.#running.delete(path);
    }
  }

  async #news(paths: readonly string[]): Promise<string[]> {
    const news: string[] = [];
    for (const path of paths) {
      const slash = path.indexOf('/');
      const workspace = rows.workspaceNamed(this.#o.db, path.slice(0, slash));
      if (!workspace || (await isNews(this.#o.db, workspace, path.slice(slash + 1)))) news.push(path);
    }
    return news;
  }

  async #import(paths: readonly string[], { displaced, gone }: Adopting = {}): Promise<void> {
    const [path, ...more] = paths;
    if (path === undefined) return;
    const input = {
      path,
      ...(more.length > 0 ? { more } : {}),
      ...(displaced ? { displaced } : {}),
      ...(gone ? { gone } : {}),
    };
    for (let attempt = 0; ; attempt++) {
      try {
        const { documents } = await this.#o.call(input);
        // A file that was renamed and written to is a move first; what was written is found under the new name.
        const moved = displaced ? [] : documents.filter((d) => d.change === 'moved').map((d) => d.path);
        if (moved.length > 0 && attempt === 0) await this.#import(moved);
        return;
      } catch (error) {
        if (!isJinguError(error) || error.code !== 'DOC_BUSY' || attempt === 10) throw error;
      }
    }
  }

  /** Events named these paths (as they are on the disk); true for those that a program wrote to. */
  async noticed(workspace: WorkspaceRow, paths: ReadonlyMap<string, boolean>): Promise<void> {
    const now: string[] = [];
    const later = new Set<string>();
    for (const [disk, wrote] of paths) {
      const name = disk.slice(disk.lastIndexOf('/') + 1);
      if (isOwnerFile(name)) {
        this.#o.release();
        continue;
      }
      const rel = docRel(disk);
      if (whyBad(rel) !== undefined) continue;
      const stat = await bigStatOf(join(workspace.root, disk)).catch(() => undefined);
      if (stat?.isFile()) {
        if (!(await isNews(this.#o.db, workspace, rel, { disk, wrote }))) continue;
        if (this.#isUnsettled(workspace, rel, stat)) later.add(rel);
        else now.push(rel);
      } else for (const gone of this.#documentsAt(workspace, rel)) later.add(gone);
    }
    await this.adopt(now.map((rel) => `${workspace.name}/${rel}`));
    if (later.size > 0) this.#o.clock.after(GONE_MS, () => this.#o.track(this.confirm(workspace, [...later])));
  }

  /**
   * Sorts what a scan found into what can be taken in at once, and what may be one moment of a program's save: a
   * document that is not there, a document's file under another name.
   */
  async settledOnly(workspace: WorkspaceRow, rels: readonly string[]): Promise<{ now: string[]; later: string[] }> {
    const now: string[] = [];
    const later: string[] = [];
    for (const rel of rels) {
      const stat = await bigStatOf(join(workspace.root, rel)).catch(() => undefined);
      if (stat && this.#isUnsettled(workspace, rel, stat)) later.push(rel);
      else now.push(rel);
    }
    return { now, later };
  }

  /** What was found a moment ago and may have been one step of a save: what it is now counts. */
  async confirm(workspace: WorkspaceRow, rels: readonly string[]): Promise<void> {
    if (this.#stopped) return;
    const present: string[] = [];
    const gone: string[] = [];
    const passing: string[] = [];
    for (const rel of rels) {
      const file = rows.fileAt(this.#o.db, workspace.id, rel);
      const isLive = file?.state === 'live';
      const stat = await bigStatOf(join(workspace.root, file?.disk ?? rel)).catch(() => undefined);
      if (!stat) {
        if (isLive) gone.push(rel);
      } else if (isLive || !this.#isPassing(rel, stat)) {
        if (stat.isFile() && (await isNews(this.#o.db, workspace, rel))) present.push(rel);
      } else passing.push(rel);
    }
    // What appeared comes before what is gone, so that a renamed file is known again.
    const pathOf = (rel: string): string => `${workspace.name}/${rel}`;
    await this.adopt(present.sort().map(pathOf));
    const still = gone.filter((rel) => rows.fileAt(this.#o.db, workspace.id, rel)?.state === 'live');
    await this.adopt(still.map(pathOf), { gone: true });
    if (passing.length > 0) {
      this.#o.clock.after(PASSING_MS, () => this.#o.track(this.confirm(workspace, passing)));
    }
  }

  pause(): Promise<void> {
    return wait(this.#o.clock, GONE_MS);
  }

  /** A name that may be there for a moment only, or another document's file on its way. */
  #isUnsettled(
    workspace: WorkspaceRow,
    rel: string,
    stat: { ino: bigint; birthtimeNs: bigint; ctimeMs: bigint },
  ): boolean {
    const file = rows.fileAt(this.#o.db, workspace.id, rel);
    if (file?.state !== 'live' && this.#isPassing(rel, stat)) return true;
    return knownElsewhere(this.#o.db, workspace, rel, stat) !== undefined;
  }

  #isPassing(rel: string, stat: { ctimeMs: bigint }): boolean {
    return isPassing(rel.slice(rel.lastIndexOf('/') + 1)) && this.#o.clock.now() - Number(stat.ctimeMs) < PASSING_MS;
  }

  /** The document of this name, or all those in the folder of this name. */
  #documentsAt(workspace: WorkspaceRow, rel: string): string[] {
    if (rows.fileAt(this.#o.db, workspace.id, rel)?.state === 'live') return [rel];
    const below: string[] = [];
    for (let after = ''; ; ) {
      const page = rows.filesOf(this.#o.db, workspace.id, `${rel}/`, after, 500);
      below.push(...page.map((file) => file.rel));
      const last = page.at(-1);
      if (!last || page.length < 500) return below;
      after = last.rel;
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
