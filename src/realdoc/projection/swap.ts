import { type BigIntStats, linkSync, lstatSync, renameSync } from 'node:fs';
import { codeOf } from './folder.ts';
import type { Kernel } from './kernel.ts';

/** How a file is put in the place of another: names exchanged in one step, or a second name and a rename. */
export type SwapWay = 'exchange' | 'link';

const CANNOT_EXCHANGE = ['EINVAL', 'ENOSYS', 'ENOTSUP', 'EPERM', 'EOPNOTSUPP'];
const CANNOT_LINK = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS'];

/** Swaps files on the share and remembers, disk by disk, which way works there. */
export class Swapper {
  readonly #kernel: Kernel | undefined;
  readonly #refused = new Set<bigint>();

  constructor(kernel: Kernel | undefined) {
    this.#kernel = kernel;
  }

  /** The way in force on a disk, as far as it was tried. */
  way(device: bigint): SwapWay {
    return this.#kernel && !this.#refused.has(device) ? 'exchange' : 'link';
  }

  /**
   * Puts `temporary`, complete and durable, where `target` is, if that is still what `before` says. What was there then
   * lies under `kept`, to be inspected. Nothing gives way in between; the calls touch names only, never data.
   *
   * By exchange whatever stands there at that very moment is handed to us, so no save can be displaced unseen. By
   * second name and rename, a save *by rename* between those two calls would be.
   */
  swap(
    { target, temporary, kept }: { target: string; temporary: string; kept: string },
    before: BigIntStats,
  ): 'kept' | 'bare' | 'changed' {
    const now = lstat(target);
    if (!now || !sameState(before, now)) return 'changed';
    if (this.way(before.dev) === 'exchange') {
      const done = this.#exchange(target, temporary, kept);
      if (done !== 'refused') return done;
      this.#refused.add(before.dev);
    }
    const isKept = keepSecondName(target, kept);
    renameSync(temporary, target);
    return isKept ? 'kept' : 'bare';
  }

  #exchange(target: string, temporary: string, kept: string): 'kept' | 'changed' | 'refused' {
    // The name comes first: after a crash it says of which document and version the displaced file was.
    renameSync(temporary, kept);
    try {
      this.#kernel!.exchange(kept, target);
    } catch (error) {
      renameSync(kept, temporary);
      if (codeOf(error) === 'ENOENT') return 'changed';
      if (CANNOT_EXCHANGE.includes(codeOf(error))) return 'refused';
      throw error;
    }
    if (lstat(kept)?.isFile() !== false) return 'kept';
    // Somebody put a folder or a link there at the last moment: it goes back, and the look says what it is.
    this.#kernel!.exchange(kept, target);
    renameSync(kept, temporary);
    return 'changed';
  }
}

/** Size, time and inode of what is there; the change time moves when a name is added, so it is not compared. */
export function sameState(a: BigIntStats, b: BigIntStats): boolean {
  return a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

function lstat(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

/** Some file systems have no second names (FAT, some mounts): then the last check before the rename must do. */
function keepSecondName(target: string, kept: string): boolean {
  try {
    linkSync(target, kept);
    return true;
  } catch (error) {
    if (CANNOT_LINK.includes(codeOf(error))) return false;
    throw error;
  }
}
