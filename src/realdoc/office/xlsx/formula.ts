import { columnName } from '../cell-address.ts';

const TOKENS =
  /"(?:[^"]|"")*"|'(?:[^']|'')*'!?|\[[^\]]*\]|[\p{L}_\\][\p{L}\p{N}_.\\]*\(|(\$?)([A-Za-z]{1,3})(\$?)(\d{1,7})(?![\p{L}\p{N}_.(!])|[\p{L}\p{N}_.\\]+/gu;

/** A formula as it reads when its cell is moved: relative references move along. For cells that share one formula. */
export function movedFormula(formula: string, rows: number, columns: number): string {
  return formula.replaceAll(
    TOKENS,
    (token, fixedColumn?: string, letters?: string, fixedRow?: string, digits?: string) => {
      if (letters === undefined || digits === undefined) return token;
      let column = 0;
      for (const letter of letters.toUpperCase()) column = column * 26 + letter.charCodeAt(0) - 64;
      const row = Number(digits);
      const name = fixedColumn ? letters : columnName(Math.max(1, column + columns));
      return `${fixedColumn}${name}${fixedRow}${fixedRow ? row : Math.max(1, row + rows)}`;
    },
  );
}
