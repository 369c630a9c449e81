/** When a guest that keeps ending may be started again. */
export interface BackoffOptions {
  firstMs: number;
  maxMs: number;
  /** Ends in a row after which the circuit opens. */
  circuitAfter: number;
  /** How long an open circuit stays open; then one start is tried. */
  circuitMs: number;
  /** A guest that was ready for this long starts with a clean slate. */
  stableMs: number;
}

export const DEFAULT_BACKOFF: BackoffOptions = {
  firstMs: 250,
  maxMs: 30_000,
  circuitAfter: 8,
  circuitMs: 300_000,
  stableMs: 60_000,
};

/** Exponential, capped, with a circuit: a guest that cannot live is tried 12 times an hour, not 3,000. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(options: BackoffOptions = DEFAULT_BACKOFF) {
    this.#options = options;
  }

  /** `aliveMs`: how long the incarnation had been ready; 0 if it never was. */
  ended(now: number, aliveMs: number): void {
    if (aliveMs >= this.#options.stableMs) this.#failures = 0;
    const { firstMs, maxMs, circuitAfter, circuitMs } = this.#options;
    const wait = this.#failures === 0 && aliveMs > 0 ? 0 : Math.min(maxMs, firstMs * 2 ** this.#failures);
    this.#failures++;
    this.#notBefore = now + (this.#failures >= circuitAfter ? circuitMs : wait);
  }

  /** Milliseconds until a start is allowed. */
  waitMs(now: number): number {
    return Math.max(0, this.#notBefore - now);
  }

  get isOpen(): boolean {
    return this.#failures >= this.#options.circuitAfter;
  }
}
