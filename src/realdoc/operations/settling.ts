import { fail, isJinguError } from '../../common/index.ts';
import { PrepareAgain } from '../../protocol/index.ts';
import { type ShownChange, shownBetween } from '../edit/shown-change.ts';
import { readChange } from '../formats/encoding/transcode.ts';
import { otherKind } from '../kinds/content.ts';
import type { RealDoc } from '../realdoc.ts';
import type { FileRow } from '../rows.ts';
import { type Change, NOTHING } from '../text/splice.ts';
import { TextTree } from '../text/tree.ts';

/** What was found out ahead of the transaction about a text that comes back. It holds for one head of the document. */
export interface Settled {
  head: number;
  /** Of an Office file: the change as people read it. */
  seen?: ShownChange;
}

/** A text that comes back. `isVersion`: it was one before, so it need not be tried. */
export interface Coming {
  before: TextTree;
  after: TextTree;
  change: Change;
  isVersion: boolean;
}

/** True if what comes back must be looked at before the transaction: nothing in there may ask a guest. */
export function needsSettling(file: FileRow, { change, after }: Pick<Coming, 'change' | 'after'>): boolean {
  return file.kind === 'package' && change.length > 0 && otherKind(file.kind, after) === undefined;
}

/**
 * Tries whether an Office file that was put together from pieces still opens. Throws DOC_PARSE_REFUSED if it does not:
 * then nothing is changed.
 */
export async function settle(room: RealDoc, file: FileRow, coming: Coming): Promise<Settled> {
  const { before, after, isVersion } = coming;
  const { head } = file;
  try {
    const now = await room.contents.shown(file, head, before);
    return { head, seen: shownBetween(now, await room.contents.check(file, before, after)) };
  } catch (error) {
    // What was there before comes back, whether anybody can look into it or not.
    if (!isVersion || !isJinguError(error) || error.code !== 'DOC_PARSE_REFUSED') throw error;
    return { head };
  }
}

/** The same inside the transaction. Throws PrepareAgain where the document moved on since. */
export function stillSettled(file: FileRow, settled: Settled | undefined): Settled {
  if (settled?.head === file.head) return settled;
  throw new PrepareAgain(fail('DOC_BUSY', { path: file.path }));
}

/** Both sides as people read them; nothing to read of a change between kinds. */
export function readable(file: FileRow, { seen }: Settled, coming: ReadableSides): ReadableSides {
  if (seen) return seen;
  if (file.kind !== 'text' || otherKind(file.kind, coming.after)) return { before: EMPTY, after: EMPTY, change: [] };
  return file.utf8 ? coming : readChange(coming);
}

interface ReadableSides {
  before: TextTree;
  after: TextTree;
  change: Change;
}

const EMPTY = TextTree.of(NOTHING);
