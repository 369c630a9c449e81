import { hash } from 'node:crypto';
import { ConsoleError, type LiveBox } from '../../support/live-box.ts';

/** What the box, the file system or the Samba server said yes to, as the writer recorded it then. */
export interface Entry {
  name: string;
  /** Digest of the bytes: of a save those that were written, of a version those that the box showed for it at once. */
  sha256?: string;
  /** Of an edit. A save is some version. */
  version?: number;
  /** Lines that the answer showed. */
  changed?: { n: number; text: string }[];
}

/** One of the four that write, and its book. */
export class Writer {
  readonly journal: Entry[] = [];
  /** Asked for and refused, or not answered. */
  refused = 0;
  /** Saves that the box had found by itself when their writer came back to the file. */
  noticed = 0;
  /** Errors that no caller should ever see. */
  readonly problems: string[] = [];
  readonly wanted: number;
  #begun = 0;

  constructor(wanted: number) {
    this.wanted = wanted;
  }

  /** A number that no other operation has. */
  next(): number {
    return ++this.#begun;
  }

  get share(): number {
    return this.journal.length / this.wanted;
  }

  get isDone(): boolean {
    return this.journal.length >= this.wanted;
  }

  /** Notes a call that was not done. Throws nothing. */
  refuse(error: unknown): void {
    this.refused++;
    // A daemon that was killed answers nothing; all else must be an error that a caller can work with.
    if (isGone(error)) return;
    if (error instanceof ConsoleError && !FAULTS.includes(error.wire.code)) return;
    this.problems.push(String(error).slice(0, 400));
  }
}

export const FAULTS = ['INTERNAL', 'STORE_FAILED', 'DOC_CORRUPT'];
/** So far, as a share of all, a writer may be ahead of the last one: they meet on the same documents all the time. */
const AHEAD = 0.02;

/** The shared work: the box that is killed now and then, the folder, a random number. */
export class Field {
  readonly box: LiveBox;
  readonly root: string;
  readonly random: () => number;
  readonly writers: readonly Writer[];
  /** Resolves when the daemon runs again. */
  up: Promise<void> = Promise.resolve();
  /** Told of each kill, before it: processes that are to die with the daemon. */
  readonly dying = new Set<() => Promise<void>>();

  constructor(box: LiveBox, root: string, random: () => number, writers: readonly Writer[]) {
    this.box = box;
    this.root = root;
    this.random = random;
    this.writers = writers;
  }

  below(n: number): number {
    return Math.floor(this.random() * n);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** Waits for the daemon, and for those who are behind. */
  async turn(own: Writer): Promise<void> {
    await this.up;
    while (own.share > Math.min(...this.writers.filter((w) => !w.isDone).map((w) => w.share), 1) + AHEAD)
      await pause(5);
  }

  /** Asks until the box answers, whatever is killed meanwhile: only for what may be asked twice. */
  async ask<T>(operation: string, input: object, idempotencyKey?: string): Promise<T> {
    for (;;) {
      try {
        await this.up;
        return await this.box.run<T>(operation, input, idempotencyKey === undefined ? {} : { idempotencyKey });
      } catch (error) {
        if (!isGone(error)) throw error;
        // The kill that cut us off may not have said yet when the daemon is back.
        await pause(5);
      }
    }
  }

  /** SHA-256 of a version, asked for as soon as it is answered. */
  async digestOf(name: string, version: number): Promise<string> {
    const { sha256 } = await this.ask<{ sha256: string }>('doc.replay', {
      path: `office/${name}`,
      to: `v${version}`,
    });
    return sha256;
  }

  /**
   * What somebody saves over a save of their own is lost by themselves if no box looked in between: so before they come
   * back to a file, the box has looked. True if it had done so by itself.
   */
  async isSeen(name: string): Promise<boolean> {
    for (;;) {
      try {
        const { documents } = await this.ask<{ documents: { change: string }[] }>('doc.import', {
          path: `office/${name}`,
        });
        return documents.every(({ change }) => change === 'same');
      } catch (error) {
        if (!(error instanceof ConsoleError) || error.wire.code !== 'DOC_BUSY') throw error;
      }
    }
  }
}

export function isGone(error: unknown): boolean {
  const { code } = error as { code?: string };
  // An answer cut short is no JSON.
  return error instanceof SyntaxError || ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE'].includes(code ?? '');
}

export function digest(bytes: Uint8Array | string): string {
  return hash('sha256', bytes);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
