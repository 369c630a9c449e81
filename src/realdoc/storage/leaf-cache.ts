/**
 * Bytes of stored leaves that were fetched lately. The trees of a document name their stored leaves and hold no bytes
 * of them, so this is the one place that decides how much memory texts take: a hundred old versions of a long text cost
 * what they do not share.
 */
export class LeafCache {
  readonly #held = new Map<number, Uint8Array>();
  readonly #most: number;
  #bytes = 0;

  /** `most`: bytes held at most. */
  constructor(most: number) {
    this.#most = most;
  }

  get(id: number): Uint8Array | undefined {
    const data = this.#held.get(id);
    if (data) {
      this.#held.delete(id);
      this.#held.set(id, data);
    }
    return data;
  }

  put(id: number, data: Uint8Array): void {
    if (this.#held.has(id)) return;
    this.#held.set(id, data);
    this.#bytes += data.length;
    for (const [oldest, gone] of this.#held) {
      if (this.#bytes <= this.#most) break;
      this.#held.delete(oldest);
      this.#bytes -= gone.length;
    }
  }

  clear(): void {
    this.#held.clear();
    this.#bytes = 0;
  }

  get bytes(): number {
    return this.#bytes;
  }
}
