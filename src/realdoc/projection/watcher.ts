import { type FSWatcher, watch } from 'node:fs';
import type { Clock, Logger } from '../../common/index.ts';
import { Inotify } from './inotify.ts';
import type { Kernel } from './kernel.ts';
import { isOwnerFile } from './owner-files.ts';

/** Saves come as several events; look once they pause. */
const PAUSE_MS = 250;
/** Folders come back (a disk mounted again, a folder made anew): then the events are asked for once more. */
const AGAIN_MS = 5000;

/** `inotify`: the kernel tells, and says when it could not. `node`: Node's own watch. `none`: only scans find changes. */
export type EventSource = 'inotify' | 'node' | 'none';

export interface WatcherOptions {
  root: string;
  clock: Clock;
  log: Logger;
  kernel: () => Promise<Kernel | undefined>;
  /** Paths inside the root that something happened to; true for those that a program wrote to. */
  onChange: (paths: Map<string, boolean>) => void;
  /** Events were lost: look at everything. */
  onDoubt: () => void;
}

/** Events of one workspace folder. They are only hints: the periodic scan finds what they miss. */
export class Watcher {
  readonly #o: WatcherOptions;
  #paths = new Map<string, boolean>();
  #inotify: Inotify | undefined;
  #node: FSWatcher | undefined;
  #cancel: (() => void) | undefined;
  #cancelAgain: (() => void) | undefined;
  #stopped = false;
  #lost = 0;
  #exhausted = false;

  constructor(options: WatcherOptions) {
    this.#o = options;
  }

  /** Where events come from, how often some were lost, and whether there are more folders than can be watched. */
  get state(): { source: EventSource; lost: number; isPartial: boolean } {
    const source = this.#inotify ? 'inotify' : this.#node ? 'node' : 'none';
    return { source, lost: this.#lost, isPartial: this.#exhausted };
  }

  /** Resolves when the whole tree is watched. Never throws: without events the scans go on all the same. */
  async start(): Promise<void> {
    this.#cancelAgain?.();
    const kernel = await this.#o.kernel();
    if (this.#stopped) return;
    try {
      if (kernel) await this.#startInotify(kernel);
      else this.#startNode();
    } catch (error) {
      this.#o.log.warn({ reason: error instanceof Error ? error.message : String(error) }, 'watch-unavailable');
      this.#again();
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#cancelAgain?.();
    this.#close();
    this.#paths.clear();
  }

  async #startInotify(kernel: Kernel): Promise<void> {
    this.#close();
    const inotify = new Inotify(kernel, this.#o.root, this.#o.clock, {
      onPath: (path, wrote) => this.#note(path, wrote),
      onLost: (reason) => {
        if (reason === 'exhausted') {
          if (this.#exhausted) return;
          this.#exhausted = true;
        }
        this.#lost++;
        this.#o.log.warn({ reason }, 'watch-lost-events');
        if (reason === 'root') this.#again();
        this.#o.onDoubt();
      },
    });
    this.#inotify = inotify;
    await inotify.start();
  }

  #startNode(): void {
    this.#node = watch(this.#o.root, { recursive: true, persistent: false }, (_event, name) => {
      if (name === null) this.#o.onDoubt();
      else this.#note(name, true);
    });
    this.#node.on('error', (error) => {
      this.#o.log.warn({ reason: error.message }, 'watch-failed');
      this.#o.onDoubt();
    });
  }

  #again(): void {
    this.#close();
    this.#cancelAgain?.();
    if (this.#stopped) return;
    this.#cancelAgain = this.#o.clock.after(AGAIN_MS, () => {
      void this.start().then(() => {
        if (this.#inotify || this.#node) this.#o.onDoubt();
      });
    });
  }

  #close(): void {
    this.#inotify?.close();
    this.#node?.close();
    this.#inotify = undefined;
    this.#node = undefined;
    this.#exhausted = false;
  }

  #note(path: string, wrote: boolean): void {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (name.startsWith('.') && !isOwnerFile(name)) return;
    this.#paths.set(path, wrote || this.#paths.get(path) === true);
    this.#cancel ??= this.#o.clock.after(PAUSE_MS, () => {
      this.#cancel = undefined;
      const paths = this.#paths;
      this.#paths = new Map();
      this.#o.onChange(paths);
    });
  }
}
