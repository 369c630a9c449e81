import { fail } from '../../common/index.ts';
import { type CellRef, refName } from './cell-address.ts';

/** `safe` says what can be changed instead. */
export function unsafeCell(verb: number, what: string, safe: string): Error {
  return fail('DOC_UNSAFE_SPAN', { verb, what, safe });
}

/** Somebody typed the value that a formula works out, or a part of it. */
export function isWorkedOut(verb: number, safe: string): Error {
  return unsafeCell(verb, 'what a formula works out is not typed in', safe);
}

/** Without the value that a view line shows before a formula. Throws DOC_UNSAFE_SPAN for a new value before it. */
export function withoutValue(text: string, shown: string, formula: string | undefined, verb: number): string {
  if (text.startsWith(`${shown}|=`)) return text.slice(shown.length + 1);
  if (formula !== undefined && text.endsWith(`|${formula}`)) {
    throw isWorkedOut(verb, `the formula ${formula}, or a text without it`);
  }
  return text;
}

export function isSheetName(verb: number, line: number): Error {
  return unsafeCell(verb, `line ${line} is the name of a sheet, which formulas use`, 'the cells below it');
}

export function isMergedAway(verb: number, ref: CellRef, safe: string): Error {
  return unsafeCell(verb, `${refName(ref)} is inside a merged cell`, safe);
}

/** `what` gives its values to all cells of the block together. */
export function isInBlock(verb: number, ref: CellRef, what: string, block: { from: CellRef; to: CellRef }): Error {
  const cells = `${refName(block.from)}:${refName(block.to)}`;
  return unsafeCell(verb, `${refName(ref)} is part of ${what} over ${cells}`, 'other cells');
}

export function isSameCell(verb: number, other: number): Error {
  return fail('DOC_VERB_INVALID', { verb, reason: `it touches the same cell as verb ${other}` });
}
