import type { Clock } from '../../common/index.ts';

/** How long a program that has the file open for writing is waited for, in all, and between two looks. */
const BUSY_MS = { most: 10_000, pause: 200 };
/** A larger text that is edited on and on is written a tenth of the time at most, so that edits keep the disk. */
export const LARGE_BYTES = 256 * 1024;
const LARGE_PAUSE = 9;
const LARGE_PAUSE_MS = { least: 50, most: 20_000 };
/**
 * A text of which the file takes tenths of a second to write waits for a pause between two edits, so that a run of them
 * has the machine for itself: no longer than this for each of its megabytes.
 */
const VERY_LARGE = { bytes: 8 * 1024 * 1024, pauseMs: 50, mostMsAMegabyte: 50 };

/** When the files of documents are tried next. All times are milliseconds of the monotonic clock. */
export class Timing {
  readonly #clock: Clock;
  readonly #kick: (file: string) => void;
  readonly #timers = new Map<string, () => void>();
  /** Since when very large documents have waited for a pause between edits. */
  readonly #waitingSince = new Map<string, number>();
  /** Large documents between two writings. */
  readonly #resting = new Set<string>();
  /** Since when a program has had the file open for writing. */
  readonly #busySince = new Map<string, number>();

  readonly #next = new Map<string, PromiseWithResolvers<void>>();

  constructor(clock: Clock, kick: (file: string) => void) {
    this.#clock = clock;
    this.#kick = kick;
  }

  later(file: string, ms: number): void {
    this.#cancel(file);
    this.#timers.set(
      file,
      this.#clock.after(ms, () => {
        this.#timers.delete(file);
        this.#resting.delete(file);
        this.#kick(file);
      }),
    );
  }

  isResting(file: string): boolean {
    return this.#resting.has(file);
  }

  /** It is tried now: what was to happen later, or to be waited for, is over. */
  begin(file: string): void {
    this.#cancel(file);
    this.#waitingSince.delete(file);
    this.#next.get(file)?.resolve();
    this.#next.delete(file);
  }

  /** Resolves when it is tried the next time, or never will be. */
  next(file: string): Promise<void> {
    const next = this.#next.get(file) ?? Promise.withResolvers<void>();
    this.#next.set(file, next);
    return next.promise;
  }

  /** True if a document of so many bytes shall wait for a pause after an edit; then it is tried by itself. */
  waits(file: string, bytes: number): boolean {
    if (bytes < VERY_LARGE.bytes) return false;
    const now = this.#clock.monotonic();
    const since = this.#waitingSince.get(file) ?? now;
    this.#waitingSince.set(file, since);
    if (now - since >= (bytes / 1_000_000) * VERY_LARGE.mostMsAMegabyte) return false;
    this.later(file, VERY_LARGE.pauseMs);
    return true;
  }

  /** A large document that was edited on while it was written, which took so long. */
  rest(file: string, took: number): void {
    this.#resting.add(file);
    this.later(file, Math.min(LARGE_PAUSE_MS.most, Math.max(LARGE_PAUSE_MS.least, LARGE_PAUSE * took)));
  }

  /** Ends the rest of one document. */
  wake(file: string): void {
    this.#resting.delete(file);
  }

  /** Ends the rest of all documents. Returns them and those that wait for a pause between edits. */
  wakeAll(): string[] {
    const waiting = [...this.#waitingSince.keys(), ...this.#resting];
    this.#resting.clear();
    return waiting;
  }

  /** False: who has the file open for writing has been waited for long enough. */
  isPatient(file: string): boolean {
    const now = this.#clock.monotonic();
    return now - (this.#busySince.get(file) ?? now) < BUSY_MS.most;
  }

  /** Somebody has the file open for writing: it is tried again soon. */
  busy(file: string): void {
    if (!this.#busySince.has(file)) this.#busySince.set(file, this.#clock.monotonic());
    this.later(file, BUSY_MS.pause);
  }

  notBusy(file: string): void {
    this.#busySince.delete(file);
  }

  stop(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    for (const { resolve } of this.#next.values()) resolve();
    this.#next.clear();
    this.#resting.clear();
    this.#busySince.clear();
    this.#waitingSince.clear();
  }

  #cancel(file: string): void {
    this.#timers.get(file)?.();
    this.#timers.delete(file);
  }
}
