import type { Shown } from './content.ts';

/** Bytes of shown text that are kept; the lines with their places take about four times as much. */
const KEEP_BYTES = 32 * 1024 * 1024;
const KEEP_VIEWS = 500;

/** Views of Office files by document and version, the ones not used for longest go first. A version never changes. */
export class ViewCache {
  readonly #views = new Map<string, Map<number, Shown>>();
  #bytes = 0;
  #count = 0;

  get(file: string, version: number): Shown | undefined {
    const own = this.#views.get(file);
    const found = own?.get(version);
    if (!own || !found) return undefined;
    own.delete(version);
    own.set(version, found);
    this.#views.delete(file);
    this.#views.set(file, own);
    return found;
  }

  put(file: string, version: number, shown: Shown): void {
    const own = this.#views.get(file) ?? new Map<number, Shown>();
    this.#drop(own, version);
    own.set(version, shown);
    this.#bytes += shown.tree.bytes;
    this.#count++;
    this.#views.delete(file);
    this.#views.set(file, own);
    this.#shrink();
  }

  forget(file: string): void {
    const own = this.#views.get(file);
    if (!own) return;
    for (const version of [...own.keys()]) this.#drop(own, version);
    this.#views.delete(file);
  }

  #shrink(): void {
    for (const [file, own] of this.#views) {
      for (const version of [...own.keys()]) {
        if (this.#count <= 1 || (this.#bytes <= KEEP_BYTES && this.#count <= KEEP_VIEWS)) return;
        this.#drop(own, version);
      }
      this.#views.delete(file);
    }
  }

  #drop(own: Map<number, Shown>, version: number): void {
    const shown = own.get(version);
    if (!shown) return;
    own.delete(version);
    this.#bytes -= shown.tree.bytes;
    this.#count--;
  }
}
