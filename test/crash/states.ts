import { createHash, hash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type DataChange,
  Disk,
  type FileNode,
  type FolderNode,
  filesOf,
  type NameChange,
  type Node,
  put,
} from './disk.ts';
import type { Call } from './log.ts';
import { KIND } from './recorder.ts';

/** Where the program notes what it answered: kept through every crash, since it stands for what people were told. */
export const ACK = 'ACK';
/** The share was there before the box: a workspace is known by the identity of its folder. */
export const SHARE = 'share';
const SECTOR = 512;
const MANY = 40;

/** What a disk may hold after a power cut. */
export interface CrashState {
  /** The crash came after so many calls. */
  after: number;
  /** Which of the pending changes arrived. */
  how: string;
  files: Map<string, Buffer>;
  folders: string[];
  /** Everything the program had answered by then, as lines. */
  answered: string[];
  /** Of all the bytes and names. */
  digest: string;
}

export interface EnumerateOptions {
  /** As it was before the first call; left out: empty. */
  begin?: Disk;
  random: () => number;
  /** So many states, spread over the whole run, of so many choices (see `countChoices`); left out: all. */
  wanted?: { states: number; choices: number };
  /** Crashes before this call do not count. */
  from?: number;
  /** Plants a bug: an fsync that the program is made to have forgotten. */
  forgets?: (call: Call, index: number) => boolean;
}

type Keeps = { data: (change: DataChange, file: FileNode) => boolean | number; names: (change: NameChange) => boolean };

const ALL: Keeps = { data: () => true, names: () => true };
const NONE: Keeps = { data: () => false, names: () => false };

/**
 * Every state that the disk may be in after a power cut between two calls, each only once: nothing pending arrived,
 * everything, all but one write, a write torn at a sector, random subsets, and each prefix of the changes of a folder.
 */
export function* crashStates(calls: readonly Call[], options: EnumerateOptions): Generator<CrashState> {
  const { random, wanted, forgets, from = 0 } = options;
  const disk = options.begin ?? new Disk();
  const seen = new Set<string>();
  const digests = new Map<string, string>();
  let choice = 0;
  for (const [index, call] of calls.entries()) {
    const isSync = call.kind === KIND.syncFile || call.kind === KIND.syncFolder;
    // Just before something becomes durable most is pending.
    if (isSync && index >= from)
      for (const [how, keeps] of choices(disk, random, true)) yield* build(index, how, keeps);
    if (!forgets?.(call, index)) disk.apply(call);
    if (index < from || call.path === ACK || call.kind === KIND.syncRange) continue;
    for (const [how, keeps] of choices(disk, random, false)) yield* build(index + 1, how, keeps);
  }

  function* build(after: number, how: string, keeps: Keeps): Generator<CrashState> {
    // What was seen before does not count, so the rest gets a larger share.
    const left = wanted ? wanted.choices - choice++ : 0;
    if (wanted && (seen.size >= wanted.states || random() * left >= wanted.states - seen.size)) return;
    const state = stateOf(disk, keeps, digests);
    if (seen.has(state.digest)) return;
    seen.add(state.digest);
    yield { after, how, ...state };
  }
}

/** How many choices there are to build, without building any. */
export function countChoices(calls: readonly Call[], { begin, random, forgets, from = 0 }: EnumerateOptions): number {
  const disk = begin ?? new Disk();
  let count = 0;
  for (const [index, call] of calls.entries()) {
    const isSync = call.kind === KIND.syncFile || call.kind === KIND.syncFolder;
    if (isSync && index >= from) count += choices(disk, random, true).length;
    if (!forgets?.(call, index)) disk.apply(call);
    if (index >= from && call.path !== ACK && call.kind !== KIND.syncRange)
      count += choices(disk, random, false).length;
  }
  return count;
}

function choices(disk: Disk, random: () => number, thorough: boolean): [string, Keeps][] {
  const files = [...disk.live()].filter(([path]) => isDurable(path)).map(([, file]) => file);
  const changes = [...new Set(files)].flatMap((file) => file.pending);
  const found: [string, Keeps][] = [
    ['nothing arrived', NONE],
    ['everything arrived', ALL],
    ['names without data', { ...NONE, names: () => true }],
    ['data without names', { ...NONE, data: () => true }],
  ];
  // A program that never syncs has thousands pending: some of them will do.
  const some = changes.length <= MANY ? changes : changes.filter(() => random() < MANY / changes.length);
  const chosen = thorough ? some : changes.slice(-1);
  for (const change of chosen) {
    found.push([`without write ${change.id}`, { ...ALL, data: (c) => c.id !== change.id }]);
    if (change.kind !== 'write' || change.data.length <= SECTOR) continue;
    const sectors = 1 + Math.floor(random() * (Math.ceil(change.data.length / SECTOR) - 1));
    found.push([`write ${change.id} torn`, { ...ALL, data: (c) => (c.id === change.id ? sectors * SECTOR : true) }]);
  }
  const folders = new Set(disk.names.flatMap((change) => change.effects.map((effect) => effect.folder)));
  for (const folder of thorough ? folders : []) {
    const here = disk.names.filter((change) => change.effects.some((effect) => effect.folder === folder));
    for (let upTo = 0; upTo <= Math.min(here.length, 12); upTo++) {
      const last = upTo === 0 ? -1 : here[upTo - 1]!.id;
      const names = (change: NameChange): boolean => !here.includes(change) || change.id <= last;
      found.push(
        [`${upTo} names, no data`, { data: () => false, names }],
        [`${upTo} names`, { data: () => true, names }],
      );
    }
  }
  if (changes.length + disk.names.length > 1) {
    for (let n = 0; n < (thorough ? 3 : 1); n++) {
      const lucky = new Set(changes.filter(() => random() < 0.5).map((change) => change.id));
      const cut = random() * (disk.names.at(-1)?.id ?? 0);
      found.push(['a random part', { data: (c) => lucky.has(c.id), names: (c) => c.id <= cut }]);
    }
  }
  return found;
}

/** SQLite's `-shm` is mapped memory that it rebuilds; the answers are not on the disk. */
function isDurable(path: string): boolean {
  return path !== ACK && !path.endsWith('-shm');
}

function stateOf(disk: Disk, keeps: Keeps, digests: Map<string, string>): Omit<CrashState, 'after' | 'how'> {
  const names = new Map<FolderNode, Map<string, Node>>();
  const namesOf = (folder: FolderNode): Map<string, Node> => {
    const known = names.get(folder) ?? new Map(folder.durable);
    names.set(folder, known);
    return known;
  };
  for (const change of disk.names) {
    if (!keeps.names(change)) continue;
    for (const { folder, name, node } of change.effects) put(namesOf(folder), name, node);
  }
  const files = new Map<string, Buffer>();
  const sum = createHash('sha1');
  for (const [path, file] of [...filesOf(disk.root, namesOf)].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!isDurable(path)) continue;
    const kept = file.pending.map((change) => `${change.id}:${keeps.data(change, file)}`).join();
    const key = `${file.id} ${file.generation} ${kept}`;
    const bytes = file.content((change) => keeps.data(change, file));
    const digest = digests.get(key) ?? hash('sha1', bytes);
    digests.set(key, digest);
    files.set(path, bytes);
    sum.update(`${path}\0${digest}\0`);
  }
  const folders = foldersOf(disk.root, namesOf);
  const answered =
    disk
      .live()
      .get(ACK)
      ?.content(() => true)
      .toString()
      .split('\n')
      .slice(0, -1) ?? [];
  return { files, folders, answered, digest: sum.update(folders.sort().join('\0')).digest('hex') };
}

function foldersOf(root: FolderNode, namesOf: (folder: FolderNode) => ReadonlyMap<string, Node>, at = ''): string[] {
  return [...namesOf(root)].flatMap(([name, node]) =>
    'live' in node ? [`${at}${name}`, ...foldersOf(node, namesOf, `${at}${name}/`)] : [],
  );
}

/**
 * Makes `folder` hold exactly this state. The share stays the folder it is. Times lie an hour back, as after a power cut
 * that somebody slept through.
 */
export function materialise(state: Pick<CrashState, 'files' | 'folders'>, folder: string): void {
  const share = join(folder, SHARE);
  mkdirSync(share, { recursive: true });
  const others = readdirSync(folder).filter((name) => name !== SHARE);
  const old = [...others.map((name) => join(folder, name)), ...readdirSync(share).map((name) => join(share, name))];
  for (const path of old) rmSync(path, { recursive: true, force: true });
  for (const path of state.folders) mkdirSync(join(folder, path), { recursive: true });
  const then = Date.now() / 1000 - 3600;
  for (const [path, bytes] of state.files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
    utimesSync(join(folder, path), then, then);
  }
}
