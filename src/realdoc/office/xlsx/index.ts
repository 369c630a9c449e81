import type { OfficeKind } from '../kind.ts';
import { Parts } from '../relations.ts';
import { resolveWorkbook } from './resolve.ts';
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
    return resolveWorkbook(parts, readWorkbook(parts), view, verbs);
  },
};
