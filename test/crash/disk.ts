import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Call } from './log.ts';
import { KIND } from './recorder.ts';

/** A change to the bytes of a file that no fsync has covered yet. */
export type DataChange =
  | { id: number; kind: 'write'; at: number; data: Buffer }
  | { id: number; kind: 'size' | 'grow'; bytes: number };

/** What is known of one file: what the disk surely holds, and what it may hold any part of. */
export class FileNode {
  readonly id: number;
  durable: Buffer = Buffer.alloc(0);
  /** Grows with each fsync: two states with the same number hold the same durable bytes. */
  generation = 0;
  pending: DataChange[] = [];

  constructor(id: number) {
    this.id = id;
  }

  /** The bytes with the changes that are kept; a number keeps only so many bytes of a write. */
  content(keeps: (change: DataChange) => boolean | number): Buffer {
    const kept = this.pending.map((change) => ({ change, part: keeps(change) })).filter(({ part }) => part !== false);
    if (kept.length === 0) return this.durable;
    const ends = kept.map(({ change }) => (change.kind === 'write' ? change.at + change.data.length : change.bytes));
    const out = Buffer.alloc(Math.max(this.durable.length, ...ends));
    let length = this.durable.copy(out);
    for (const { change, part } of kept) {
      if (change.kind === 'write') {
        const data = part === true ? change.data : change.data.subarray(0, Number(part));
        data.copy(out, change.at);
        length = Math.max(length, change.at + data.length);
      } else {
        if (change.kind === 'size') out.fill(0, Math.min(change.bytes, length), length);
        length = change.kind === 'size' ? change.bytes : Math.max(length, change.bytes);
      }
    }
    return out.subarray(0, length);
  }

  flush(): void {
    if (this.pending.length === 0) return;
    this.durable = this.content(() => true);
    this.pending = [];
    this.generation++;
  }
}

/** A folder: names that are surely on disk, and names as programs see them. */
export class FolderNode {
  readonly durable = new Map<string, Node>();
  readonly live = new Map<string, Node>();
}

export type Node = FileNode | FolderNode;

/** One change to names that no fsync of a folder has covered yet; a rename is one change to two names. */
export interface NameChange {
  id: number;
  effects: { folder: FolderNode; name: string; node: Node | undefined }[];
}

/** The watched folder as a disk without mercy sees it: nothing is kept but what an fsync covered. */
export class Disk {
  readonly root = new FolderNode();
  names: NameChange[] = [];
  readonly #inodes = new Map<number, FileNode>();
  #next = 1;

  /** Nothing but one folder, that somebody made long ago. */
  static withFolder(name: string): Disk {
    const disk = new Disk();
    const folder = new FolderNode();
    disk.root.durable.set(name, folder);
    disk.root.live.set(name, folder);
    return disk;
  }

  /** The folder as it is now, all of it durable. */
  static from(path: string): Disk {
    const disk = new Disk();
    const walk = (folder: FolderNode, at: string): void => {
      for (const name of readdirSync(at)) {
        const stat = lstatSync(join(at, name));
        let node: Node | undefined;
        if (stat.isDirectory()) node = new FolderNode();
        else if (stat.isFile()) {
          node = disk.#inodes.get(stat.ino) ?? disk.#file(stat.ino);
          node.durable = readFileSync(join(at, name));
        }
        if (!node) continue;
        folder.durable.set(name, node);
        folder.live.set(name, node);
        if (node instanceof FolderNode) walk(node, join(at, name));
      }
    };
    walk(disk.root, path);
    return disk;
  }

  /** Does what the call did. */
  apply(call: Call): void {
    switch (call.kind) {
      case KIND.create:
        return call.path === '' ? void this.#file(call.inode) : this.#name([call.path, this.#file(call.inode)]);
      case KIND.write:
        return this.#data(call, { id: this.#next++, kind: 'write', at: call.offset, data: call.data });
      case KIND.truncate:
        return this.#data(call, { id: this.#next++, kind: 'size', bytes: call.offset });
      case KIND.allocate:
        return this.#data(call, { id: this.#next++, kind: 'grow', bytes: call.offset });
      case KIND.syncFile: {
        const file = this.#inodes.get(call.inode);
        // The kernel drops what it could not write and says so once: the next fsync covers nothing of it.
        if (call.error !== 0 && file) file.pending = [];
        else file?.flush();
        return;
      }
      case KIND.syncFolder: {
        const folder = this.#at(call.path);
        if (call.error === 0 && folder instanceof FolderNode) this.#flushNames(folder);
        return;
      }
      case KIND.rename: {
        const node = this.#at(call.path) ?? this.#inodes.get(call.inode);
        if (call.other === '') return this.#name([call.path, undefined]);
        return call.path === ''
          ? this.#name([call.other, node])
          : this.#name([call.path, undefined], [call.other, node]);
      }
      case KIND.exchange:
        return this.#name([call.path, this.#at(call.other)], [call.other, this.#at(call.path)]);
      case KIND.link:
        return this.#name([call.other, this.#inodes.get(call.inode)]);
      case KIND.unlink:
      case KIND.rmdir:
        return this.#name([call.path, undefined]);
      case KIND.mkdir:
        return this.#name([call.path, new FolderNode()]);
    }
  }

  /** Every file as programs see it, by path. */
  live(): Map<string, FileNode> {
    return filesOf(this.root, (folder) => folder.live);
  }

  #file(inode: number): FileNode {
    const file = new FileNode(this.#next++);
    this.#inodes.set(inode, file);
    return file;
  }

  #data(call: Call, change: DataChange): void {
    (this.#inodes.get(call.inode) ?? this.#file(call.inode)).pending.push(change);
  }

  #at(path: string): Node | undefined {
    if (path === '') return this.root;
    const parent = this.#folderOf(path);
    return parent?.live.get(path.slice(path.lastIndexOf('/') + 1));
  }

  #folderOf(path: string): FolderNode | undefined {
    let folder = this.root;
    for (const name of path.split('/').slice(0, -1)) {
      const next = folder.live.get(name);
      if (!(next instanceof FolderNode)) return undefined;
      folder = next;
    }
    return folder;
  }

  #name(...changes: [path: string, node: Node | undefined][]): void {
    const effects = changes.flatMap(([path, node]) => {
      const folder = this.#folderOf(path);
      return folder ? [{ folder, name: path.slice(path.lastIndexOf('/') + 1), node }] : [];
    });
    for (const effect of effects) put(effect.folder.live, effect.name, effect.node);
    this.names.push({ id: this.#next++, effects });
  }

  #flushNames(folder: FolderNode): void {
    const isHere = (change: NameChange): boolean => change.effects.some((effect) => effect.folder === folder);
    for (const change of this.names.filter(isHere)) {
      for (const effect of change.effects) put(effect.folder.durable, effect.name, effect.node);
    }
    this.names = this.names.filter((change) => !isHere(change));
  }
}

/** Every file below a folder, by path, with the names that `namesOf` gives for a folder. */
export function filesOf(
  root: FolderNode,
  namesOf: (folder: FolderNode) => ReadonlyMap<string, Node>,
): Map<string, FileNode> {
  const found = new Map<string, FileNode>();
  const walk = (folder: FolderNode, at: string, depth: number): void => {
    if (depth > 40) throw new Error('folders without end');
    for (const [name, node] of namesOf(folder)) {
      if (node instanceof FileNode) found.set(`${at}${name}`, node);
      else walk(node, `${at}${name}/`, depth + 1);
    }
  };
  walk(root, '', 0);
  return found;
}

/** Sets a name or takes it away. */
export function put(names: Map<string, Node>, name: string, node: Node | undefined): void {
  if (node) names.set(name, node);
  else names.delete(name);
}

/** How what was recorded differs from what is there; empty: byte for byte the same, so nothing went past the recorder. */
export function difference(recorded: Disk, real: Disk): string {
  const [a, b] = [recorded.live(), real.live()];
  for (const path of new Set([...a.keys(), ...b.keys()])) {
    if (path.endsWith('-shm')) continue;
    const [ours, theirs] = [a, b].map((files) => files.get(path)?.content(() => true));
    if (!ours || !theirs || !ours.equals(theirs))
      return `${path}: ${ours?.length} bytes recorded, ${theirs?.length} there`;
  }
  return '';
}
