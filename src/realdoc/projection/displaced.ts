import { unlink } from 'node:fs/promises';
import type { Clock, Logger } from '../../common/index.ts';
import type { FileRow } from '../rows.ts';
import { Folder } from './folder.ts';
import type { Kernel } from './kernel.ts';
import { onDisk } from './paths.ts';
import { looksOf, signatureOf } from './read-file.ts';
import type { Kept as KeptName } from './replace.ts';

/** How long a displaced file is watched where nobody can say whether a program still has it open. */
const KEEP_MS = 2000;
/** How often a displaced file is looked at while a program has it open. */
const OPEN_MS = 2000;

export interface DisplacedOptions {
  clock: Clock;
  log: Logger;
  kernel: () => Promise<Kernel | undefined>;
  /** Takes in what was saved into a displaced file. Never throws; `false`: it failed, ask again. */
  adopt: (document: string, displaced: DisplacedFile) => Promise<boolean>;
}

/** A file of ours beside a document: where it lies, and the version that it held. */
export interface DisplacedFile {
  name: string;
  /** Its folder inside the workspace, as it is on the disk; `` for the workspace itself. */
  folder: string;
  base: number;
}

interface Kept {
  file: FileRow;
  name: string;
  /** The version that the file held when it was displaced. */
  base: number;
  /** What it looked like when it was last taken in, or displaced unchanged. */
  seen: string;
  since: number;
  looking: Promise<void> | undefined;
  cancel: () => void;
}

/**
 * Files that our swaps displaced and that a program may still write to through its open handle. Each keeps a name of
 * ours until nobody has it open for writing any more; what is saved into it until then is taken in as a version.
 */
export class Displaced {
  readonly #o: DisplacedOptions;
  /** Names of ours that a scan must not take for leftovers. */
  readonly ours = new Set<string>();
  readonly #kept = new Map<string, Kept>();
  #stopped = false;

  constructor(options: DisplacedOptions) {
    this.#o = options;
  }

  start(): void {
    this.#stopped = false;
  }

  /** Takes charge of a displaced file. Resolves when it was looked at once: what was saved into it is a version then. */
  async keep(file: FileRow, { name, seen }: KeptName, base: number): Promise<void> {
    const since = this.#o.clock.monotonic();
    const kept: Kept = { file, name, base, seen, since, looking: undefined, cancel: () => undefined };
    this.#kept.set(name, kept);
    await this.#look(kept);
  }

  /** Looks at what is kept of a document, before its file is displaced once more. */
  async settle(file: string): Promise<void> {
    for (const kept of [...this.#kept.values()]) if (kept.file.id === file) await this.#look(kept);
  }

  /** A last look at all of them. What a program still has open stays where it is; the next start finds it by its name. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const kept of [...this.#kept.values()]) {
      await this.#look(kept);
      kept.cancel();
    }
    this.#kept.clear();
    this.ours.clear();
  }

  /** One look at a time; a failure is tried again later. */
  #look(kept: Kept): Promise<void> {
    kept.cancel();
    kept.looking ??= this.#inspect(kept)
      .catch((error: unknown) => {
        this.#o.log.warn({ document: kept.file.id, reason: String(error) }, 'displaced-file-failed');
        this.#later(kept, 10 * OPEN_MS);
      })
      .finally(() => {
        kept.looking = undefined;
      });
    return kept.looking;
  }

  async #inspect(kept: Kept): Promise<void> {
    const state = await this.#stateOf(kept);
    if (!state) return this.#forget(kept);
    if (state.looks !== kept.seen) {
      const folder = onDisk(kept.file).split('/').slice(0, -1).join('/');
      const isIn = await this.#o.adopt(kept.file.id, { name: kept.name, folder, base: kept.base });
      if (isIn) kept.seen = state.looks;
      else return this.#later(kept, OPEN_MS);
    }
    if (state.hasWriter) return this.#later(kept, OPEN_MS);
    const age = this.#o.clock.monotonic() - kept.since;
    if (state.hasWriter === undefined && age < KEEP_MS && !this.#stopped) return this.#later(kept, KEEP_MS - age);
    // Written to between the look and now? Nobody has it open, so this is the last time that it can differ.
    if ((await this.#stateOf(kept))?.looks !== kept.seen) return this.#inspect(kept);
    await removeBeside(kept.file, kept.name);
    this.#forget(kept);
  }

  #forget(kept: Kept): void {
    this.#kept.delete(kept.name);
    this.ours.delete(kept.name);
  }

  #later(kept: Kept, ms: number): void {
    if (!this.#stopped) kept.cancel = this.#o.clock.after(ms, () => void this.#look(kept));
  }

  async #stateOf(kept: Kept): Promise<{ looks: string; hasWriter: boolean | undefined } | undefined> {
    const kernel = await this.#o.kernel();
    await using folder = await Folder.open(kept.file.root, onDisk(kept.file).split('/').slice(0, -1), kept.file.path);
    const handle = await folder.openFile(kept.name, kept.file.path);
    if (!handle) return undefined;
    try {
      // Who could still write is asked first: a state read after nobody could is the last one.
      const hasWriter = kernel?.hasWriter(handle.fd);
      return { looks: looksOf(signatureOf(await handle.stat({ bigint: true }), '')), hasWriter };
    } finally {
      await handle.close();
    }
  }
}

/** Removes a name of ours beside a document. Never throws: what stays is removed by the next start. */
async function removeBeside(file: FileRow, name: string): Promise<void> {
  try {
    await using folder = await Folder.open(file.root, onDisk(file).split('/').slice(0, -1), file.path);
    await unlink(folder.at(name));
  } catch {
    // It is one of ours and holds nothing new.
  }
}
