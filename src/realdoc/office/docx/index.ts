import type { OfficeKind } from '../kind.ts';
import { readDocument } from './document.ts';
import { resolveDocx } from './resolve.ts';

/** Word documents: one line a paragraph, changed inside the runs they are made of. */
export const docx: OfficeKind = {
  view: (parts) => readDocument(parts).lines.map(({ paragraph: _, twin: __, ...line }) => line),
  resolve: (parts, _view, verbs, options) => resolveDocx(readDocument(parts), verbs, options),
};
