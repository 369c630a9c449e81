import { Worker } from 'node:worker_threads';
import type { Logger } from '../common/index.ts';

/** Pages that a commit writes beside the bytes it was given: indexes, counters, half-filled pages. A rough figure. */
const PAGES_A_COMMIT = 12;
const PAGE_BYTES = 4096;
/** About so many pages wait in the log before they are copied: four megabytes. */
const COPY_AT = 1000;
/** A thread that had nothing to do for so long is let go. */
const IDLE_MS = 10_000;

/**
 * Copies committed pages from the write-ahead log to the database on a thread of its own. Otherwise every sixtieth edit
 * would do it inside its commit and wait for two more fsyncs, and a large text that is taken in would hold the writer
 * for each of its megabytes. Durability does not depend on it: a page counts once the log is synced.
 */
export class WalKeeper {
  readonly #path: string;
  readonly #log: Logger;
  #pages = 0;
  #worker: Worker | undefined;
  #isCopying = false;
  #idle: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
  }

  /** To be called after a commit, with the bytes that were bound in it. Returns at once. */
  committed(bytes: number): void {
    this.#pages += PAGES_A_COMMIT + bytes / PAGE_BYTES;
    if (this.#pages >= COPY_AT && !this.#isCopying && !this.#stopped) this.#copy();
  }

  /** Ends the thread and its connection. Harmless when called twice. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#idle);
    const worker = this.#worker;
    if (!worker) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    // Whoever waits for this must be kept alive by it.
    worker.ref();
    worker.postMessage('close');
    await ended;
  }

  #copy(): void {
    this.#isCopying = true;
    this.#pages = 0;
    clearTimeout(this.#idle);
    this.#worker ??= this.#start();
    this.#worker.postMessage('copy');
  }

  #start(): Worker {
    const worker = new Worker(new URL('./wal-worker.ts', import.meta.url), { workerData: this.#path });
    worker.unref();
    worker.on('message', () => {
      this.#isCopying = false;
      if (this.#pages >= COPY_AT && !this.#stopped) this.#copy();
      else this.#rest();
    });
    // Without it the writer copies the pages itself once the log is long: slower, and just as safe.
    worker.on('error', (error: unknown) => this.#log.warn({ reason: String(error) }, 'wal-copy-failed'));
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
      this.#isCopying = false;
    });
    return worker;
  }

  #rest(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#worker?.postMessage('close'), IDLE_MS).unref();
  }
}
