import type { OfficeKind } from '../kind.ts';
import { resolveParagraphs, viewOfParagraphs } from '../paragraphs.ts';
import { Parts } from '../relations.ts';
import { paragraphsOf } from './slides.ts';

/** Presentations of PowerPoint: a line for each paragraph of each shape. */
export const pptx: OfficeKind = {
  view: (list) => viewOfParagraphs(paragraphsOf(new Parts(list))),
  resolve(list, view, verbs) {
    const parts = new Parts(list);
    return resolveParagraphs(paragraphsOf(parts), view, (part) => parts.bytes(part), verbs);
  },
};
