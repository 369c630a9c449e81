/** A file that a client of the share has open. */
export interface OpenFile {
  /** Absolute path on this machine. */
  path: string;
  /** Person and machine, as the share knows them; may be empty. */
  who: string;
}

/** What a file server knows about its clients. Nothing is decided by it alone: it may be down, or not be there. */
export interface ShareFacts {
  /** Never throws; [] if nothing is known. */
  openFiles(): Promise<OpenFile[]>;
}

export const noShareFacts: ShareFacts = { openFiles: () => Promise.resolve([]) };
