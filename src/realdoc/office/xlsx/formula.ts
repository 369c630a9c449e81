import { columnName, columnNumber } from '../cell-address.ts';

const COLUMN = String.raw`\$?[A-Za-z]{1,3}`;
const ROW = String.raw`\$?\d{1,7}`;
/** Texts, names of sheets, files, functions; then cells, whole columns and whole rows; then all else that is one word. */
const TOKENS = new RegExp(
  String.raw`"(?:[^"]|"")*"|'(?:[^']|'')*'!?|\[[^\]]*\]|[\p{L}_\\][\p{L}\p{N}_.\\]*\(|` +
    String.raw`(${COLUMN}${ROW}|${COLUMN}:${COLUMN}|${ROW}:${ROW})(?![\p{L}\p{N}_.(!])|[\p{L}\p{N}_.\\]+`,
  'gu',
);

/** A formula as it reads when its cell is moved: relative references move along. For cells that share one formula. */
export function movedFormula(formula: string, rows: number, columns: number): string {
  return formula.replaceAll(TOKENS, (token, reference?: string) => {
    if (reference === undefined) return token;
    return reference.replaceAll(/\$?(?:([A-Za-z]+)|(\d+))/g, (part, letters?: string, digits?: string) => {
      if (part.startsWith('$')) return part;
      if (letters !== undefined) return columnName(Math.max(1, columnNumber(letters) + columns));
      return String(Math.max(1, Number(digits) + rows));
    });
  });
}
