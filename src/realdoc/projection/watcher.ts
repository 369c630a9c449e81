import { type FSWatcher, watch } from 'node:fs';
import type { Clock, Logger } from '../../common/index.ts';
import { isOwnerFile } from './paths.ts';

/** Saves come as several events; look once they pause. */
const PAUSE_MS = 250;

export interface WatcherOptions {
  root: string;
  clock: Clock;
  log: Logger;
  /** Paths inside the root that something happened to. */
  onChange: (paths: string[]) => void;
  /** Events were lost, or there are none: look at everything. */
  onDoubt: () => void;
}

/** Events of one workspace folder. They are only hints: the periodic scan finds what they miss. */
export class Watcher {
  readonly #o: WatcherOptions;
  readonly #paths = new Set<string>();
  #watch: FSWatcher | undefined;
  #cancel: (() => void) | undefined;

  constructor(options: WatcherOptions) {
    this.#o = options;
  }

  start(): void {
    try {
      this.#watch = watch(this.#o.root, { recursive: true, persistent: false }, (_event, name) => {
        if (name === null) this.#o.onDoubt();
        else this.#note(name);
      });
      this.#watch.on('error', (error) => {
        this.#o.log.warn({ reason: error.message }, 'watch-failed');
        this.#o.onDoubt();
      });
    } catch (error) {
      // Too many watches, or a file system without events: the scan goes on all the same.
      this.#o.log.warn({ reason: error instanceof Error ? error.message : String(error) }, 'watch-unavailable');
    }
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#watch?.close();
    this.#watch = undefined;
    this.#paths.clear();
  }

  #note(path: string): void {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (name.startsWith('.') && !isOwnerFile(name)) return;
    this.#paths.add(path);
    this.#cancel ??= this.#o.clock.after(PAUSE_MS, () => {
      this.#cancel = undefined;
      const paths = [...this.#paths];
      this.#paths.clear();
      this.#o.onChange(paths);
    });
  }
}
