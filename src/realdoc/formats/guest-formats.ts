import { type Ask, type Doc, type Landing, type OutlineEntry, type SyntaxFault, wholeOf } from './ask.ts';
import { checkCode, landInCode, outlineOfCode } from './code/edit.ts';
import { type TextFormat, textFormatOf } from './format-of.ts';
import { landInMarkup, outlineOfMarkup } from './html/edit.ts';
import { landInYaml } from './yaml/edit.ts';
import { checkYaml, outlineOfYaml } from './yaml/outline.ts';

interface GuestFormat {
  land(doc: Doc, ask: Ask): Landing | Promise<Landing>;
  outline(doc: Doc, depth: number): OutlineEntry[] | Promise<OutlineEntry[]>;
  check?(doc: Doc): SyntaxFault | undefined | Promise<SyntaxFault | undefined>;
}

const MAX_BYTES = 4 * 1024 * 1024;

/** Formats that are read by the libraries of others: they run in the parse guest. XML and HTML have no check: pages live with faults. */
export const GUEST_FORMATS: Partial<Record<TextFormat, GuestFormat>> = {
  yaml: {
    land: landInYaml,
    outline: (doc, depth) => outlineOfYaml(wholeOf(doc, MAX_BYTES), depth),
    check: (doc) => checkYaml(wholeOf(doc, MAX_BYTES)),
  },
  html: { land: landInMarkup, outline: outlineOfMarkup },
  xml: { land: landInMarkup, outline: outlineOfMarkup },
  code: { land: landInCode, outline: outlineOfCode, check: checkCode },
};

/** The format of a document that the guest was asked about. */
export function guestFormatOf(path: string): GuestFormat {
  const format = GUEST_FORMATS[textFormatOf(path)];
  if (!format) throw new Error('the core asked for a format that it reads itself');
  return format;
}
