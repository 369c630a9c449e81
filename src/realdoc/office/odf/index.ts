import type { OfficeKind } from '../kind.ts';
import { resolveParagraphs, viewOfParagraphs } from '../paragraphs.ts';
import { Parts } from '../relations.ts';
import { textParagraphs } from './text-document.ts';

/** Text documents of OpenDocument: a line for each paragraph. */
export const odt: OfficeKind = {
  view: (list) => viewOfParagraphs(textParagraphs(new Parts(list))),
  resolve(list, view, verbs) {
    const parts = new Parts(list);
    return resolveParagraphs(textParagraphs(parts), view, (part) => parts.bytes(part), verbs);
  },
};
