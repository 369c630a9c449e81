import { resolveCells } from '../cell-verbs.ts';
import type { OfficeKind } from '../kind.ts';
import { Parts } from '../relations.ts';
import { SheetEdits } from './edits.ts';
import { viewWorkbook } from './view.ts';
import { readWorkbook } from './workbook.ts';

/** Workbooks of Excel: cells are lines and addresses. */
export const xlsx: OfficeKind = {
  view(list) {
    const parts = new Parts(list);
    return viewWorkbook(parts, readWorkbook(parts));
  },
  resolve(list, view, verbs) {
    const parts = new Parts(list);
    const workbook = readWorkbook(parts);
    const sheets = workbook.sheets.map((sheet) => ({ ...sheet, hasCells: sheet.part !== undefined }));
    return resolveCells(new SheetEdits(parts, workbook, view), sheets, view, verbs);
  },
};
