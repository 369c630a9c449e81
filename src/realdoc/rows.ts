import type { Actor, Label } from '../protocol/index.ts';

export interface WorkspaceRow {
  id: string;
  name: string;
  root: string;
  addedAt: number;
  /** What the folder was when its files were last seen in it: `device:inode`, or `null`. */
  seen: string | null;
  /** What becomes of an edit of an Office file that somebody has open. */
  whenOpen: WhenOpen;
}

/** `hold`: it waits until the file is closed. `side`: until then it lies beside it as a proposal. */
export type WhenOpen = 'hold' | 'side';

/** How a document is kept: as its own bytes, as an Office file taken apart, or as bytes that nobody edits. */
export type Kind = 'text' | 'package' | 'opaque';
export type Eol = 'lf' | 'crlf' | 'mixed' | 'none';

export interface FileRow {
  id: string;
  workspace: string;
  /** Name of the workspace, then `/`, then the path inside it: what people say. */
  path: string;
  rel: string;
  /** The path on the disk where that is spelled in another Unicode form than `rel`. */
  disk: string | null;
  root: string;
  kind: Kind;
  /** Why an opaque file is one: `pdf`, `binary`, `too large`. */
  why: string | null;
  utf8: boolean;
  eol: Eol;
  bom: boolean;
  /** Not all of its versions are of the kind of the head, or of the same standing as to UTF-8. */
  mixed: boolean;
  head: number;
  bytes: number;
  newlines: number;
  label: Label;
  state: 'live' | 'deleted';
  /** Chained digest of the head version. */
  digest: string;
}

export type Source = 'create' | 'edit' | 'undo' | 'redo' | 'rollback' | 'import' | 'merge' | 'delete' | 'move';

/** One version of one document: how it came from the one before. */
export interface OpRow {
  file: string;
  version: number;
  /** Versions that this row stands for: 1, or more where the ones before it were thinned out. */
  span: number;
  base: number;
  call: string;
  actor: Actor;
  task: string | null;
  source: Source;
  /** Canonical JSON of what was asked, or of what was found. */
  args: string;
  /** The packed change (see `text/codec.ts`); of a full version only the digest of its text. */
  splices: Uint8Array;
  /** The text of this version is a stored tree; there is no change that leads to it. */
  isFull: boolean;
  note: string | null;
  label: Label;
  at: number;
  bytes: number;
  newlines: number;
  digest: string;
  /** Digest of the version that this one follows. */
  prev: string;
  /** Of a row that stands for several versions: digest of what is stored now, since `digest` is that of the original. */
  seal: string | null;
}

/** What the file on the share was when it was last seen or written. */
export interface FileSignature {
  size: number;
  mtimeNs: string;
  inode: string;
  /** Nobody can set this one, so it tells of a save that kept size and time. Rows of older boxes have none. */
  ctimeNs?: string;
  /** When the inode was made; with it a file is known under another name. */
  birthNs?: string;
  /** It was seen so soon after a change that another one may hide behind the same times. */
  isFresh?: boolean;
  sha256: string;
}

export type ProjectionState = 'pending' | 'written' | 'held' | 'failed';

export interface ProjectionRow {
  file: string;
  /** Version whose bytes the file holds; 0: no file was written or seen yet. */
  version: number;
  state: ProjectionState;
  signature: FileSignature | null;
  reason: string | null;
  /** State of a file that is no text any more, as it was when it was refused: it is left alone until that changes. */
  foreign: string | null;
  attempts: number;
  at: number;
  /** Where the file lies on the disk as long as it is not where the document is: it is to be moved there. */
  lies: string | null;
}

/** The file holds `version` (0: nothing yet), as far as is known, and is to be written. */
export function freshProjection(file: string, version: number, at: number): ProjectionRow {
  return {
    file,
    version,
    state: 'pending',
    signature: null,
    reason: null,
    foreign: null,
    attempts: 0,
    lies: null,
    at,
  };
}

export interface TreeRow {
  file: string;
  version: number;
  /** Digest of the text; empty where it was not taken. */
  sha256: string;
  bytes: number;
  newlines: number;
  /** A full version needs it: it stays as long as the version. */
  isFull: boolean;
  /** Leaf ids with their sizes, compressed (see `leaf-list.ts`). */
  leaves: Uint8Array;
  /** Version of the tree whose list is the dictionary of this one's. */
  dictVersion: number | null;
}
