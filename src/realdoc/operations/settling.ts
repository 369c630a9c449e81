import { fail, isJinguError } from '../../common/index.ts';
import { PrepareAgain } from '../../protocol/index.ts';
import { type ShownChange, shownBetween } from '../edit/shown-change.ts';
import { sha256Hex } from '../history/chain.ts';
import { otherKind } from '../kinds/content.ts';
import type { RealDoc } from '../realdoc.ts';
import type { FileRow, Kind } from '../rows.ts';
import { opaqueTree } from '../storage/cdc.ts';
import { type Change, NOTHING } from '../text/splice.ts';
import { TextTree } from '../text/tree.ts';
import type { WholeText } from '../versions.ts';

/** What was found out ahead of the transaction about a text that comes back. It holds for one head of the document. */
export interface Settled {
  head: number;
  /** It is of another kind than what is there, so it is kept as a text: there is no change between the two to speak of. */
  whole?: WholeText;
  /** Of an Office file: the change as people read it. */
  seen?: ShownChange;
}

/** A text that comes back. `isVersion`: it was one before, so it need not be tried. */
interface Coming {
  before: TextTree;
  after: TextTree;
  change: Change;
  whole?: WholeText | undefined;
  isVersion: boolean;
}

/** True if what comes back must be looked at before the transaction: nothing in there may ask a guest or store much. */
export function needsSettling(file: FileRow, { change, after }: Pick<Coming, 'change' | 'after'>): boolean {
  return (file.kind === 'package' && change.length > 0) || otherKind(file.kind, after) !== undefined;
}

/**
 * Stores what is of another kind ahead, and tries whether an Office file that was put together from pieces still opens.
 * Throws DOC_PARSE_REFUSED if it does not: then nothing is changed.
 */
export async function settle(room: RealDoc, file: FileRow, coming: Coming): Promise<Settled> {
  const { before, after, whole, isVersion } = coming;
  const { head } = file;
  const other = otherKind(file.kind, after);
  if (other) return { head, whole: whole ?? (await storedAnew(room, file, other.facts.kind, after)) };
  if (file.kind !== 'package' || coming.change.length === 0) return { head };
  try {
    const now = await room.contents.shown(file, head, before);
    return { head, seen: shownBetween(now, await room.contents.check(file, before, after)) };
  } catch (error) {
    // What was there before comes back, whether anybody can look into it or not.
    if (!isVersion || !isJinguError(error) || error.code !== 'DOC_PARSE_REFUSED') throw error;
    return { head };
  }
}

async function storedAnew(room: RealDoc, file: FileRow, kind: Kind, text: TextTree): Promise<WholeText> {
  const bytes = text.toBuffer();
  const tree = kind === 'opaque' ? opaqueTree(bytes, room.leaves.load) : TextTree.of(bytes, room.leaves.load);
  return { tree, sha256: sha256Hex(bytes), staged: await room.leaves.stage(tree, file.id) };
}

/** The same inside the transaction. Throws PrepareAgain where the document moved on since. */
export function stillSettled(file: FileRow, settled: Settled | undefined): Settled {
  if (settled?.head === file.head) return settled;
  throw new PrepareAgain(fail('DOC_BUSY', { path: file.path }));
}

/** Both sides as people read them; nothing to read of a change between kinds. */
export function readable(file: FileRow, { seen, whole }: Settled, stored: ReadableSides): ReadableSides {
  if (seen) return seen;
  const isHidden = whole !== undefined || file.kind !== 'text';
  return isHidden ? { before: EMPTY, after: EMPTY, change: [] } : stored;
}

interface ReadableSides {
  before: TextTree;
  after: TextTree;
  change: Change;
}

const EMPTY = TextTree.of(NOTHING);
