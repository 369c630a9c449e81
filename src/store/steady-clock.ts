import type { Clock, Database } from '../common/index.ts';
import { storeMeta } from './meta.ts';

const HOUR = 3_600_000;

/**
 * Wall time that never goes back, not even over a restart: what has an end (a token, an approval, a device) stays ended
 * when somebody sets the clock back or its battery dies. While the wall clock is behind, time goes on from the latest
 * that was seen. A wall clock that jumps ahead is believed: ending early is the safe side.
 */
export class SteadyClock implements Clock {
  readonly #clock: Clock;
  readonly #db: Database;
  #wall: number;
  #since: number;
  #cancel: (() => void) | undefined;

  constructor(options: { clock: Clock; db: Database }) {
    this.#clock = options.clock;
    this.#db = options.db;
    this.#wall = storeMeta.newestTime(options.db);
    this.#since = options.clock.monotonic();
  }

  /** Writes the time down now and every hour: so far back a clock may be set during a power cut and go unnoticed. */
  async start(): Promise<void> {
    await this.#keep();
    const next = () => {
      this.#cancel = this.#clock.after(HOUR, () => {
        // A full disk must not stop the clock; the next hour tries again.
        this.#keep().catch(() => undefined);
        next();
      });
    };
    next();
  }

  /** Harmless when called twice. */
  async stop(): Promise<void> {
    if (!this.#cancel) return;
    this.#cancel();
    this.#cancel = undefined;
    await this.#keep().catch(() => undefined);
  }

  now(): number {
    const { wall, since } = { wall: this.#clock.now(), since: this.#clock.monotonic() };
    const least = this.#wall + since - this.#since;
    if (wall < least) return Math.floor(least);
    this.#wall = wall;
    this.#since = since;
    return wall;
  }

  /** Milliseconds by which the wall clock is behind the latest time this box has seen; 0 when it is not. */
  behind(): number {
    return Math.max(0, this.now() - this.#clock.now());
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  after(ms: number, fn: () => void): () => void {
    return this.#clock.after(ms, fn);
  }

  async #keep(): Promise<void> {
    await this.#db.write((tx) => storeMeta.keepTime(tx, this.now()));
  }
}
