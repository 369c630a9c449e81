import type { Clock, Reader } from '../../common/index.ts';
import type { ReadContext } from '../../protocol/index.ts';
import type { Documents } from '../documents.ts';
import type { Contents } from '../kinds/content.ts';
import type { TextFacts } from '../kinds/kind.ts';
import type { LeafStore, Staged } from '../leaf-store.ts';
import type { FileRow, FileSignature, WorkspaceRow } from '../rows.ts';
import type { Quota } from '../storage/quota.ts';
import type { Change } from '../text/splice.ts';
import type { TextTree } from '../text/tree.ts';
import type { WholeText } from '../versions.ts';
import type { Kernel } from './kernel.ts';
import type { Move } from './moves.ts';
import type { DocName } from './paths.ts';

/** What a look at the share found, and all that the transaction needs to adopt it. */
export type Finding =
  | {
      kind: 'new';
      name: DocName;
      disk: string | null;
      workspace: WorkspaceRow;
      tree: TextTree;
      facts: TextFacts;
      why: string | null;
      signature: FileSignature;
      /** Of the stored text. */
      sha256: string;
      staged: Staged | undefined;
      /** The document that had the path when this was looked at. */
      over: string | null;
    }
  /** Too large to be kept: only known to be there. */
  | {
      kind: 'opaque';
      name: DocName;
      disk: string | null;
      workspace: WorkspaceRow;
      why: string;
      signature: FileSignature;
    }
  /** The file is as some version says; `version` is that version. */
  | { kind: 'same'; file: FileRow; version: number; signature: FileSignature }
  /** Somebody saved. `theirs` leads from the text of `base` to what they saved. */
  | {
      kind: 'changed';
      file: FileRow;
      base: number;
      theirs: Change;
      /** What the box itself changed from `base` to the version that was the newest when this was found. */
      ours: { head: number; change: Change };
      /** What was saved as a whole, where that is the better way to keep it. */
      whole?: WholeText;
      facts: TextFacts;
      signature: FileSignature;
      displaced: boolean;
      /** Of an Office file: whether the save and what this head holds make a file together. */
      joins?: { head: number; isSound: boolean };
    }
  /** Somebody saved what is no text (`why`), or a text where none was: the whole file is the version. */
  | {
      kind: 'replaced';
      file: FileRow;
      base: number;
      whole: WholeText;
      facts: TextFacts;
      why: string | null;
      signature: FileSignature;
      displaced: boolean;
    }
  | { kind: 'became-opaque'; file: FileRow; why: string; foreign: string }
  | { kind: 'missing'; file: FileRow }
  /** Documents that lie under other names now; more than one if they exchanged them. */
  | { kind: 'moved'; moves: Move[] };

export interface Eyes {
  db: Reader;
  documents: Documents;
  leaves: LeafStore;
  contents: Contents;
  clock: Clock;
  kernel: () => Promise<Kernel | undefined>;
  quota: Quota;
  /** Runs something once nobody can adopt any more what was found. */
  onEnd: ReadContext['onEnd'];
}
