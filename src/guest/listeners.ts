/** Listeners of one event. A listener that throws must not stop the life of a guest, so its error goes to `onError`. */
export class Listeners<A extends unknown[]> {
  readonly #onError: (error: unknown) => void;
  readonly #listeners = new Set<(...args: A) => void>();

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** The returned function takes the listener off; calling it twice is harmless. */
  add(listener: (...args: A) => void): () => void {
    // A wrapper of its own, so that one function added twice is two listeners.
    const entry = (...args: A) => listener(...args);
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  emit(...args: A): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(...args);
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
