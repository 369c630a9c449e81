import type { Actor, Label } from '../protocol/index.ts';

export interface WorkspaceRow {
  id: string;
  name: string;
  root: string;
  addedAt: number;
}

/** `text` documents have versions; `opaque` ones are only known to be there. */
/** How a document is kept: as its own bytes, as an Office file taken apart, or as bytes that nobody edits. */
export type Kind = 'text' | 'package' | 'opaque';
export type Eol = 'lf' | 'crlf' | 'mixed' | 'none';

export interface FileRow {
  id: string;
  workspace: string;
  /** Name of the workspace, then `/`, then the path inside it: what people say. */
  path: string;
  rel: string;
  root: string;
  kind: Kind;
  /** Why an opaque file is one: `pdf`, `binary`, `too large`. */
  why: string | null;
  utf8: boolean;
  eol: Eol;
  bom: boolean;
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
  base: number;
  call: string;
  actor: Actor;
  task: string | null;
  source: Source;
  /** Canonical JSON of what was asked, or of what was found. */
  args: string;
  splices: Uint8Array;
  note: string | null;
  label: Label;
  at: number;
  bytes: number;
  newlines: number;
  digest: string;
  prev: string;
}

/** What the file on the share was when it was last seen or written. */
export interface FileSignature {
  size: number;
  mtimeNs: string;
  inode: string;
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
}

export interface TreeRow {
  file: string;
  version: number;
  sha256: string;
  bytes: number;
  newlines: number;
  /** Leaf ids with their sizes (see `leaf-list.ts`). */
  leaves: Uint8Array;
}
