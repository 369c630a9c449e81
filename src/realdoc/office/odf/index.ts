import { resolveCells } from '../cell-verbs.ts';
import type { OfficeKind } from '../kind.ts';
import { refuseUnwritable } from '../line-verbs.ts';
import { resolveParagraphs, viewOfParagraphs } from '../paragraphs.ts';
import { Parts } from '../relations.ts';
import { OdsEdits } from './sheet-edits.ts';
import { viewSpreadsheet } from './sheet-view.ts';
import { readSpreadsheet } from './spreadsheet.ts';
import { textParagraphs } from './text-document.ts';

/** Text documents of OpenDocument: a line for each paragraph. */
export const odt: OfficeKind = {
  view: (list) => viewOfParagraphs(textParagraphs(new Parts(list))),
  resolve(list, view, verbs) {
    const parts = new Parts(list);
    return resolveParagraphs(textParagraphs(parts), view, (part) => parts.bytes(part), verbs);
  },
};

/** Spreadsheets of OpenDocument: cells are lines and addresses. */
export const ods: OfficeKind = {
  view(list) {
    const parts = new Parts(list);
    const spreadsheet = readSpreadsheet(parts);
    return viewSpreadsheet(spreadsheet, parts.bytes(spreadsheet.part));
  },
  resolve(list, view, verbs) {
    const parts = new Parts(list);
    const spreadsheet = readSpreadsheet(parts);
    for (const [i, verb] of verbs.entries()) refuseUnwritable(verb, i + 1);
    return resolveCells(new OdsEdits(parts, spreadsheet, view), spreadsheet.sheets, view, verbs);
  },
};
