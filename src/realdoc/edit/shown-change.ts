import type { Shown } from '../kinds/content.ts';
import { diffBytes } from '../text/diff.ts';
import type { Change } from '../text/splice.ts';
import type { TextTree } from '../text/tree.ts';

/** A change as people read it. */
export interface ShownChange {
  before: TextTree;
  after: TextTree;
  change: Change;
  /** The later text with its places: it may be kept once it is a version. */
  view: Shown;
}

export function shownBetween(before: Shown, after: Shown): ShownChange {
  const change = diffBytes(before.tree.toBuffer(), after.tree.toBuffer());
  return { before: before.tree, after: after.tree, change, view: after };
}
