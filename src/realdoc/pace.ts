const TURN_MS = 5;

/** Lets others have their turn between two steps of long work. */
export function giveWay(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets others have their turn during work that takes long in many small steps, and ends it when nobody wants it. */
export class Pace {
  readonly #signal: AbortSignal | undefined;
  #since = performance.now();

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** True once a few milliseconds went by: time to await `turn`. Asked first, so that most steps cost no promise. */
  get isDue(): boolean {
    return performance.now() - this.#since >= TURN_MS;
  }

  /** Throws what the signal was aborted with. */
  async turn(): Promise<void> {
    await giveWay();
    this.#signal?.throwIfAborted();
    this.#since = performance.now();
  }
}
