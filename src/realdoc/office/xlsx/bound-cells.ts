import { type CellRef, holds, refName } from '../cell-address.ts';
import { isInBlock, isMergedAway, unsafeCell } from '../cell-refusals.ts';
import type { Cell, Sheet } from './sheet.ts';

/** Throws DOC_UNSAFE_SPAN for a cell that is a part of something larger: a merged cell, an array, a shared formula. */
export function refuseBound(
  sheet: Sheet,
  ref: CellRef,
  cell: Cell | undefined,
  verb: number,
  nameOf: (ref: CellRef) => string,
): void {
  for (const { from, to } of sheet.merged) {
    if (!holds({ from, to }, ref) || (ref.row === from.row && ref.column === from.column)) continue;
    throw isMergedAway(verb, ref, nameOf(from));
  }
  for (const { from, to, kind } of sheet.blocks) {
    if (!holds({ from, to }, ref) || (kind === 'array' && refName(from) === refName(to))) continue;
    throw isInBlock(verb, ref, kind === 'array' ? 'an array formula' : 'a data table', { from, to });
  }
  const shared = cell?.formula?.attr('t', '') === 'shared' ? cell.formula.attr('si', '') : undefined;
  const first = shared === undefined ? undefined : sheet.shared.get(shared);
  if (first && first.followers > 0 && first.cell.element === cell?.element) {
    const what = `${first.followers} other cells take their formula from ${refName(ref)}`;
    throw unsafeCell(verb, what, 'the cells that follow it, one by one');
  }
}
