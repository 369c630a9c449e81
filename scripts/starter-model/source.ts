import type { PartialFile } from './partial-file.ts';

/** One place the file can come from. */
export interface Source {
  name: string;
  /**
   * Appends to `file` until it is complete, going on from what is there. Throws an Error with a short reason; what
   * was verified before the throw stays, for the next source. `progress` is called as bytes arrive.
   */
  fetch(file: PartialFile, signal: AbortSignal, progress: () => void): Promise<void>;
}
