/** How much is measured. The quick sizes only show that everything runs and is right; their times mean nothing. */
export interface Sizes {
  /** Bytes of the long text. */
  large: number;
  /** Single calls measured one after another. */
  rounds: number;
  /** Versions of the long history. */
  versions: number;
  quick: boolean;
}

export const FULL: Sizes = { large: 100_000_000, rounds: 1_000, versions: 100_000, quick: false };
export const QUICK: Sizes = { large: 300_000, rounds: 5, versions: 600, quick: true };
