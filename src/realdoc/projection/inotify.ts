import { closeSync, type Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../common/index.ts';
import { codeOf } from './folder.ts';
import type { Kernel } from './kernel.ts';

/** How often the queue of events is emptied. */
const TICK_MS = 100;
const IN = {
  MODIFY: 0x2,
  CLOSE_WRITE: 0x8,
  MOVED_FROM: 0x40,
  MOVED_TO: 0x80,
  CREATE: 0x100,
  DELETE: 0x200,
  DELETE_SELF: 0x400,
  MOVE_SELF: 0x800,
  UNMOUNT: 0x2000,
  OVERFLOW: 0x4000,
  IGNORED: 0x8000,
  ONLYDIR: 0x0100_0000,
  DONT_FOLLOW: 0x0200_0000,
  EXCL_UNLINK: 0x0400_0000,
  ISDIR: 0x4000_0000,
} as const;
const WATCHED =
  IN.MODIFY | IN.CLOSE_WRITE | IN.MOVED_FROM | IN.MOVED_TO | IN.CREATE | IN.DELETE | IN.DELETE_SELF | IN.MOVE_SELF;
const HEAD = 16;

export interface TreeEvents {
  /** Something happened to a path inside the root; `wrote`: a program wrote to it. Folders are named too. */
  onPath: (path: string, wrote: boolean) => void;
  /** Events were lost, the root went away, or a folder could not be watched: look at everything. */
  onLost: (reason: 'overflow' | 'root' | 'exhausted') => void;
}

/**
 * The kernel's events of one folder tree: one watch a folder. Node's own recursive watch takes one for each file, and
 * does not say when the queue ran over. New folders are watched first and then listed, so nothing in them is missed.
 */
export class Inotify {
  readonly #kernel: Kernel;
  readonly #fd: number;
  readonly #root: string;
  readonly #clock: Clock;
  readonly #events: TreeEvents;
  readonly #paths = new Map<number, string>();
  readonly #watches = new Map<string, number>();
  readonly #buffer = Buffer.allocUnsafe(64 * 1024);
  #cancel: (() => void) | undefined;
  #closed = false;

  constructor(kernel: Kernel, root: string, clock: Clock, events: TreeEvents) {
    this.#kernel = kernel;
    this.#root = root;
    this.#clock = clock;
    this.#events = events;
    this.#fd = kernel.inotify();
  }

  get folders(): number {
    return this.#paths.size;
  }

  /** Watches the whole tree. Resolves when every folder is watched; throws if the root cannot be. */
  async start(): Promise<void> {
    this.#tick();
    await this.#add('', false);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancel?.();
    closeSync(this.#fd);
  }

  async #add(path: string, isNews: boolean): Promise<void> {
    const queue = [path];
    for (let at = queue.pop(); at !== undefined && !this.#closed; at = queue.pop()) {
      if (!this.#watch(at)) continue;
      let entries: Dirent[];
      try {
        entries = await readdir(join(this.#root, at), { withFileTypes: true });
      } catch {
        continue;
      }
      for (const entry of entries) {
        const inside = at === '' ? entry.name : `${at}/${entry.name}`;
        if (entry.isDirectory()) {
          if (!entry.name.startsWith('.')) queue.push(inside);
        } else if (isNews) this.#events.onPath(inside, false);
      }
    }
  }

  #watch(path: string): boolean {
    try {
      const flags = IN.ONLYDIR | IN.EXCL_UNLINK | (path === '' ? 0 : IN.DONT_FOLLOW);
      const watch = this.#kernel.inotifyAdd(this.#fd, join(this.#root, path), WATCHED | flags);
      this.#paths.set(watch, path);
      this.#watches.set(path, watch);
      return true;
    } catch (error) {
      if (path === '') throw error;
      if (codeOf(error) === 'ENOSPC' || codeOf(error) === 'ENOMEM') this.#events.onLost('exhausted');
      return false;
    }
  }

  /** A folder that went elsewhere would go on telling of itself under its old name. */
  #forget(path: string): void {
    for (const [below, watch] of this.#watches) {
      if (below !== path && !below.startsWith(`${path}/`)) continue;
      this.#watches.delete(below);
      this.#paths.delete(watch);
      this.#kernel.inotifyRemove(this.#fd, watch);
    }
  }

  #tick(): void {
    if (this.#closed) return;
    for (let length = -1; length !== 0; ) {
      length = this.#kernel.readNow(this.#fd, this.#buffer);
      this.#read(this.#buffer.subarray(0, length));
    }
    this.#cancel = this.#clock.after(TICK_MS, () => this.#tick());
  }

  #read(events: Buffer): void {
    for (let at = 0; at < events.length; ) {
      const watch = events.readInt32LE(at);
      const mask = events.readUInt32LE(at + 4);
      const length = events.readUInt32LE(at + 12);
      const name = events.toString('utf8', at + HEAD, at + HEAD + length).replace(/\0+$/, '');
      at += HEAD + length;
      if (mask & IN.OVERFLOW) this.#events.onLost('overflow');
      const folder = this.#paths.get(watch);
      if (folder === undefined) continue;
      if (mask & (IN.IGNORED | IN.UNMOUNT | IN.DELETE_SELF | IN.MOVE_SELF)) this.#selfGone(watch, folder, mask);
      else if (name !== '') this.#happened(folder === '' ? name : `${folder}/${name}`, mask);
    }
  }

  #selfGone(watch: number, folder: string, mask: number): void {
    if (folder === '') this.#events.onLost('root');
    else if (mask & IN.UNMOUNT) this.#events.onLost('root');
    if (!(mask & IN.IGNORED)) return;
    this.#paths.delete(watch);
    if (this.#watches.get(folder) === watch) this.#watches.delete(folder);
  }

  #happened(path: string, mask: number): void {
    this.#events.onPath(path, (mask & (IN.MODIFY | IN.CLOSE_WRITE)) !== 0);
    if (!(mask & IN.ISDIR) || path.slice(path.lastIndexOf('/') + 1).startsWith('.')) return;
    if (mask & (IN.MOVED_FROM | IN.DELETE)) this.#forget(path);
    if (mask & (IN.MOVED_TO | IN.CREATE)) void this.#add(path, true).catch(() => this.#events.onLost('root'));
  }
}
