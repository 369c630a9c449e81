import { readChange } from '../formats/encoding/transcode.ts';
import { asAt, type Shown } from '../kinds/content.ts';
import { diffViews, type ViewChange } from '../office/diff-views.ts';
import type { FileRow } from '../rows.ts';
import { diffBytes } from '../text/diff.ts';
import type { Change } from '../text/splice.ts';
import type { TextTree } from '../text/tree.ts';

/** Two versions side by side as people read them, and the change between them in bytes of what is shown. */
export interface Compared {
  before: TextTree;
  after: TextTree;
  change: Change;
  /** Of an Office file: what became of each cell or paragraph that has an address. */
  cells?: ViewChange[];
}

export interface Side {
  version: number;
  tree: TextTree;
}

/**
 * Turns a change of stored text into one of shown text. For a text in UTF-8 the two are the same; for an Office file the lines
 * of both versions are compared, so that nobody is shown XML.
 */
export async function compareShown(
  contents: { shown(file: FileRow, version: number, tree: TextTree): Promise<Shown> },
  file: FileRow,
  from: Side,
  to: Side,
  change: () => Change,
): Promise<Compared> {
  const [then, now] = [asAt(file, from.version, from.tree), asAt(file, to.version, to.tree)];
  if (then.kind === 'text' && now.kind === 'text') {
    const stored = { before: from.tree, after: to.tree, change: change() };
    return then.utf8 && now.utf8 ? stored : readChange(stored);
  }
  const one = await contents.shown(file, from.version, from.tree);
  const two = await contents.shown(file, to.version, to.tree);
  const { tree: before } = one;
  const { tree: after } = two;
  const compared = { before, after, change: diffBytes(before.toBuffer(), after.toBuffer()) };
  if (!one.places || !two.places) return compared;
  return { ...compared, cells: diffViews(one.places.lines, two.places.lines).filter((each) => each.address) };
}
