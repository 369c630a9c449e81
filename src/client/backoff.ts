import { CLOSE } from '../protocol/index.ts';

const BASE_MS = 250;
const CAP_MS = 15_000;

/** Full jitter, so that a restarted box is not met by all its phones at the same moment. */
export class Backoff {
  readonly #random: () => number;
  #failures = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  reset(): void {
    this.#failures = 0;
  }

  /** Milliseconds to wait after a socket that ended with `code`. */
  next(code: number): number {
    // An ended session is no fault: prove the device again at once, but only once in a row.
    if (code === CLOSE.sessionEnded && this.#failures++ === 0) return 0;
    const ceiling = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(this.#failures++, 10));
    return Math.round(this.#random() * ceiling);
  }
}
