import type { TreeEntry } from './objects.ts';

type Folder = Map<string, Folder | string>;

/** Which documents lie where at one moment of the history; written out as git's trees. */
export class Folders {
  readonly #root: Folder = new Map();
  readonly #paths = new Map<string, string>();
  readonly #ids = new WeakMap<Folder, string>();

  /** Puts a document (known by `id`) at a path, or takes it away. */
  place(id: string, path: string | undefined, blob: string): void {
    const before = this.#paths.get(id);
    if (before !== undefined && before !== path) this.#remove(before.split('/'));
    if (path === undefined) {
      this.#paths.delete(id);
      return;
    }
    this.#paths.set(id, path);
    let folder = this.#root;
    this.#ids.delete(folder);
    const names = path.split('/');
    for (const name of names.slice(0, -1)) {
      const held = folder.get(name);
      const inner: Folder = held instanceof Map ? held : new Map();
      folder.set(name, inner);
      folder = inner;
      this.#ids.delete(folder);
    }
    folder.set(names.at(-1)!, blob);
  }

  /** Gives every folder that changed to `store`, inner ones first, and returns the id of the outermost. */
  write(store: (entries: TreeEntry[]) => string): string {
    return this.#write(this.#root, store);
  }

  #write(folder: Folder, store: (entries: TreeEntry[]) => string): string {
    const held = this.#ids.get(folder);
    if (held !== undefined) return held;
    const entries = [...folder].map(([name, entry]) =>
      entry instanceof Map
        ? { name, id: this.#write(entry, store), isFolder: true }
        : { name, id: entry, isFolder: false },
    );
    const id = store(entries);
    this.#ids.set(folder, id);
    return id;
  }

  #remove(names: readonly string[], folder: Folder = this.#root): void {
    this.#ids.delete(folder);
    const [name, ...rest] = names;
    const entry = name === undefined ? undefined : folder.get(name);
    if (entry === undefined) return;
    if (entry instanceof Map && rest.length > 0) {
      this.#remove(rest, entry);
      if (entry.size > 0) return;
    }
    folder.delete(name!);
  }
}
