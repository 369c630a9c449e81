import { LEAF_BYTES } from './text/leaf.ts';
import type { TextTree } from './text/tree.ts';

export interface OldText {
  version: number;
  tree: TextTree;
}

/** No text counts for less than this many leaves, so that small ones do not become very many. */
const LEAST = 256;

/** Texts of older versions that were read lately, as many as fit; the ones not used for longest go first. */
export class OldTexts {
  readonly #most: number;
  readonly #texts = new Map<string, { file: string; text: OldText }>();
  readonly #versions = new Map<string, Map<number, OldText>>();
  #leaves = 0;

  /** `most`: leaves held at most, counted once for each text. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Those of one document, in no order. */
  of(file: string): Iterable<OldText> {
    return this.#versions.get(file)?.values() ?? [];
  }

  use(file: string, text: OldText): TextTree {
    const key = keyOf(file, text.version);
    const held = this.#texts.get(key);
    if (held) {
      this.#texts.delete(key);
      this.#texts.set(key, held);
    }
    return text.tree;
  }

  put(file: string, version: number, tree: TextTree): void {
    const key = keyOf(file, version);
    if (this.#texts.has(key)) return;
    const text = { version, tree };
    this.#texts.set(key, { file, text });
    let versions = this.#versions.get(file);
    if (!versions) {
      versions = new Map();
      this.#versions.set(file, versions);
    }
    versions.set(version, text);
    this.#leaves += leavesOf(tree);
    for (const [oldest, { file: of, text: gone }] of this.#texts) {
      if (this.#leaves <= this.#most) break;
      this.#drop(oldest, of, gone);
    }
  }

  forget(file: string): void {
    for (const text of [...this.of(file)]) this.#drop(keyOf(file, text.version), file, text);
  }

  clear(): void {
    this.#texts.clear();
    this.#versions.clear();
    this.#leaves = 0;
  }

  #drop(key: string, file: string, text: OldText): void {
    this.#texts.delete(key);
    this.#leaves -= leavesOf(text.tree);
    const versions = this.#versions.get(file);
    versions?.delete(text.version);
    if (versions?.size === 0) this.#versions.delete(file);
  }
}

function keyOf(file: string, version: number): string {
  return `${file} ${version}`;
}

function leavesOf(tree: TextTree): number {
  return Math.max(LEAST, Math.ceil(tree.bytes / LEAF_BYTES));
}
