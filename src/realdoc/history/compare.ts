import { delimiterOf } from '../formats/csv/edit.ts';
import { diffTables } from '../formats/csv/table-diff.ts';
import { readChange } from '../formats/encoding/transcode.ts';
import { textFormatOf } from '../formats/format-of.ts';
import { asAt, type Shown } from '../kinds/content.ts';
import { diffViews } from '../office/diff-views.ts';
import type { FileRow } from '../rows.ts';
import { diffBytes } from '../text/diff.ts';
import type { Change } from '../text/splice.ts';
import type { TextTree } from '../text/tree.ts';

/** Two versions side by side as people read them, and the change between them in bytes of what is shown. */
export interface Compared {
  before: TextTree;
  after: TextTree;
  change: Change;
  /** Every change as one of a cell, row or paragraph; absent where something changed that has no address. */
  cells?: CellChange[];
  /** There are more than these. */
  isCut?: boolean;
}

/** `null`: it was not there before, or is not there any more. */
export interface CellChange {
  address: string;
  from: string | null;
  to: string | null;
}

/** A difference is to be read: one that names more cells than this is that of another file. */
const MAX_CELLS = 2000;

export interface Side {
  version: number;
  tree: TextTree;
}

/**
 * Turns a change of stored text into one of shown text. For a text in UTF-8 the two are the same; for an Office file the lines
 * of both versions are compared, so that nobody is shown XML. A table is compared by its cells as well.
 */
export async function compareShown(
  contents: { shown(file: FileRow, version: number, tree: TextTree): Promise<Shown> },
  file: FileRow,
  from: Side,
  to: Side,
  change: () => Promise<Change>,
  signal?: AbortSignal,
): Promise<Compared> {
  const [then, now] = [asAt(file, from.version, from.tree), asAt(file, to.version, to.tree)];
  if (then.kind === 'text' && now.kind === 'text') {
    const stored = { before: from.tree, after: to.tree, change: await change() };
    const shown = then.utf8 && now.utf8 ? stored : readChange(stored);
    if (textFormatOf(file.path) !== 'csv' || shown.change.length === 0) return shown;
    const table = await diffTables(shown.before, shown.after, MAX_CELLS, delimiterOf(file.path), signal);
    return table ? { ...shown, ...table } : shown;
  }
  const one = await contents.shown(file, from.version, from.tree);
  const two = await contents.shown(file, to.version, to.tree);
  const { tree: before } = one;
  const { tree: after } = two;
  const compared = { before, after, change: diffBytes(before.toBuffer(), after.toBuffer()) };
  if (!one.places || !two.places) return compared;
  const changes = diffViews(one.places.lines, two.places.lines);
  const cells = changes.flatMap(({ address, from, to }) => (address === undefined ? [] : [{ address, from, to }]));
  // A list that leaves something out would be taken for all of it.
  if (cells.length < changes.length) return compared;
  return { ...compared, cells: cells.slice(0, MAX_CELLS), isCut: cells.length > MAX_CELLS };
}
