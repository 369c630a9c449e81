/**
 * An answer's body as it comes: each chunk waits until the reader has taken the one before it, so nothing piles up in
 * the core. A reader that stops early lets go of the connection.
 */
export class Body implements AsyncIterable<Uint8Array> {
  readonly #onStop: () => void;
  #waiting: { chunk: Uint8Array; taken: () => void }[] = [];
  #end: { error: unknown } | 'done' | undefined;
  #wake: (() => void) | undefined;
  #isStopped = false;

  constructor(onStop: () => void) {
    this.#onStop = onStop;
  }

  /** Resolves when the reader has taken the chunk. */
  push(chunk: Uint8Array): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    return new Promise((taken) => {
      this.#waiting.push({ chunk, taken });
      this.#wake?.();
    });
  }

  finish(): void {
    this.#end ??= 'done';
    this.#wake?.();
  }

  fail(error: unknown): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const next = this.#waiting.shift();
        if (next) {
          yield next.chunk;
          next.taken();
        } else if (this.#end === 'done') {
          return;
        } else if (this.#end) {
          throw this.#end.error;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          this.#wake = undefined;
        }
      }
    } finally {
      this.stop();
    }
  }

  /** For a caller that does not want the body at all. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const { taken } of this.#waiting.splice(0)) taken();
    this.#onStop();
  }
}
