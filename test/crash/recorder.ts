import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const SOURCE = new URL('./recorder.c', import.meta.url).pathname;
const COMPILERS = ['cc', 'gcc', 'clang'];

/** Kinds of records and of calls that can be made to fail; the numbers are those of recorder.c. */
export const KIND = {
  create: 1,
  write: 2,
  truncate: 3,
  allocate: 4,
  syncFile: 5,
  syncFolder: 6,
  syncRange: 7,
  rename: 8,
  exchange: 9,
  link: 10,
  unlink: 11,
  mkdir: 12,
  rmdir: 13,
} as const;

/** Why the recorder cannot be built here, or `undefined`. */
export function whyNoRecorder(): string | undefined {
  if (process.platform !== 'linux') return 'the recorder is an LD_PRELOAD library, which is Linux only';
  if (compiler()) return undefined;
  return 'needs a C compiler for the recorder (sh scripts/debian-packages.sh crash)';
}

/** Compiles the library into `folder`, once, and gives its path. Throws with what the compiler said. */
export function buildRecorder(folder: string): string {
  const path = join(folder, 'recorder.so');
  if (existsSync(path) && statSync(path).mtimeMs > statSync(SOURCE).mtimeMs) return path;
  const found = compiler();
  if (!found) throw new Error(whyNoRecorder());
  execFileSync(found, ['-shared', '-fPIC', '-O1', '-o', path, SOURCE, '-ldl', '-lpthread'], { stdio: 'pipe' });
  return path;
}

export interface RecorderFiles {
  library: string;
  /** Real path of the folder that is watched. */
  prefix: string;
  log: string;
  control?: Control;
}

/** The environment of a process that is to be recorded. The disk is spared: what counts is what was asked of it. */
export function recorded({ library, prefix, log, control }: RecorderFiles): Record<string, string> {
  return {
    LD_PRELOAD: library,
    RECORDER_PREFIX: prefix,
    RECORDER_LOG: log,
    RECORDER_NOSYNC: '1',
    // libuv would hand file calls to the kernel past the library.
    UV_USE_IO_URING: '0',
    ...(control ? { RECORDER_CONTROL: control.path } : {}),
  };
}

export interface Fault {
  /** First call to fail, counted from 1. */
  from: number;
  /** How many fail from there; Infinity: until `calm`. */
  calls: number;
  errno: number;
  kinds: readonly number[];
}

const SLOTS = { recording: 0, calls: 1, from: 2, until: 3, errno: 4, kinds: 5, given: 6, last: 7 } as const;

/** The page that the library maps: switches recording, makes calls fail, counts. Usable from any process. */
export class Control {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static make(path: string, recording = true): Control {
    const page = Buffer.alloc(64);
    page.writeBigUInt64LE(recording ? 1n : 0n, 0);
    writeFileSync(path, page);
    return new Control(path);
  }

  static at(path: string): Control {
    return new Control(path);
  }

  record(on: boolean): void {
    this.#set('recording', on ? 1n : 0n);
  }

  /** Counts anew from the next call and fails those that the fault names; `kinds` alone only counts. */
  arm(fault: Fault): void {
    this.#set('from', 0n);
    this.#set('until', 0n);
    this.#set('calls', 0n);
    this.#set('given', 0n);
    this.#set('errno', BigInt(fault.errno));
    this.#set('kinds', BigInt(fault.kinds.reduce((mask, kind) => mask | (1 << kind), 0)));
    this.#set('until', Number.isFinite(fault.calls) ? BigInt(fault.from + fault.calls) : 0xffff_ffff_ffffn);
    this.#set('from', BigInt(fault.from));
  }

  /** No call fails from here on. */
  calm(): void {
    this.#set('until', 0n);
    this.#set('kinds', 0n);
  }

  /** What `fn` does is recorded, but neither counted nor made to fail. */
  spare(fn: () => void): void {
    const kinds = this.#get('kinds');
    this.#set('kinds', 0n);
    fn();
    this.#set('kinds', BigInt(kinds));
  }

  /** Calls counted since `arm`. */
  get calls(): number {
    return this.#get('calls');
  }

  /** Calls that failed since `arm`. */
  get given(): number {
    return this.#get('given');
  }

  /** Kind of the last call that failed. */
  get last(): number {
    return this.#get('last');
  }

  #set(slot: keyof typeof SLOTS, value: bigint): void {
    const word = Buffer.alloc(8);
    word.writeBigUInt64LE(value);
    const file = openSync(this.path, 'r+');
    writeSync(file, word, 0, 8, SLOTS[slot] * 8);
    closeSync(file);
  }

  #get(slot: keyof typeof SLOTS): number {
    const word = Buffer.alloc(8);
    const file = openSync(this.path, 'r');
    readSync(file, word, 0, 8, SLOTS[slot] * 8);
    closeSync(file);
    return Number(word.readBigUInt64LE());
  }
}

export function compiler(): string | undefined {
  return COMPILERS.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
}
