/** How much of one request's parts may be on the way. One slow reader must not stop the others on the same stream. */
const WINDOW_PARTS = 64;
const WINDOW_BYTES = 1024 * 1024;

/** The sender's side: waits while the window is full. One part may overshoot it, so a large part is never stuck. */
export class SendWindow {
  #parts = 0;
  #bytes = 0;
  #waiting: (() => void)[] = [];
  #isReleased = false;

  sent(bytes: number): void {
    this.#parts++;
    this.#bytes += bytes;
  }

  acknowledged(parts: number, bytes: number): void {
    this.#parts = Math.max(0, this.#parts - parts);
    this.#bytes = Math.max(0, this.#bytes - bytes);
    if (!this.#isFull) this.#wake();
  }

  room(): Promise<void> {
    if (!this.#isFull) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Nobody waits any more: used when the request is cancelled or over. */
  release(): void {
    this.#isReleased = true;
    this.#wake();
  }

  #wake(): void {
    for (const resume of this.#waiting.splice(0)) resume();
  }

  get #isFull(): boolean {
    if (this.#isReleased) return false;
    return this.#parts >= WINDOW_PARTS || this.#bytes >= WINDOW_BYTES;
  }
}

/**
 * The reader's side: collects what was consumed and says when an acknowledgement is due. It is due at a quarter of the
 * window, so a sender that waits always has one coming.
 */
export class ReceiveWindow {
  #parts = 0;
  #bytes = 0;

  consumed(bytes: number): { parts: number; bytes: number } | undefined {
    this.#parts++;
    this.#bytes += bytes;
    if (this.#parts < WINDOW_PARTS / 4 && this.#bytes < WINDOW_BYTES / 4) return undefined;
    const due = { parts: this.#parts, bytes: this.#bytes };
    this.#parts = 0;
    this.#bytes = 0;
    return due;
  }
}
