import type { Ask, Doc, Landing, OutlineEntry, SyntaxFault } from './ask.ts';
import { lineOf, wholeOf } from './ask.ts';
import { checkCsv, outlineOfCsv } from './csv/check.ts';
import { csvOf, landInCsv } from './csv/edit.ts';
import type { TextFormat } from './format-of.ts';
import { checkJson } from './json/check.ts';
import { landInJson } from './json/edit.ts';
import { landInJsonLines } from './json/lines.ts';
import { outlineOfJson } from './json/outline.ts';
import { landInMarkdown, outlineOfMarkdown } from './markdown/edit.ts';

/** A format whose reader is a linear scan of ours, so that it may run in the core. */
export interface CoreFormat {
  land(doc: Doc, ask: Ask): Landing;
  outline(doc: Doc): OutlineEntry[];
  check?(doc: Doc): SyntaxFault | undefined;
  /** What the bytes of a place say, if they are a spelling of it. */
  meaning?(doc: Doc, landing: Landing): string | undefined;
}

const OUTLINED_BYTES = 16 * 1024 * 1024;

export const CORE_FORMATS: Partial<Record<TextFormat, CoreFormat>> = {
  csv: {
    land: landInCsv,
    outline: (doc) => outlineOfCsv(csvOf(doc)),
    check: (doc) => checkCsv(csvOf(doc)),
    meaning: (doc, { region }) => {
      const raw = doc.source.slice(region.from, region.to).toString('utf8');
      return /^"(?:[^"]|"")*"$/.test(raw) ? raw.slice(1, -1).replaceAll('""', '"') : undefined;
    },
  },
  json: {
    land: landInJson,
    outline: (doc) => (doc.source.bytes > OUTLINED_BYTES ? [] : outlineOfJson(wholeOf(doc, OUTLINED_BYTES))),
    check: (doc) => {
      const bytes = doc.source.slice(0, doc.source.bytes);
      const fault = checkJson(bytes, 0, bytes.length, /\.jsonc$/i.test(doc.path));
      return fault && { line: lineOf(bytes, fault.at), reason: fault.reason };
    },
    meaning: jsonMeaning,
  },
  jsonl: {
    land: landInJsonLines,
    outline: () => [],
    check: (doc) => {
      const bytes = doc.source.slice(0, doc.source.bytes);
      let line = 0;
      for (let from = 0; from < bytes.length; ) {
        const newline = bytes.indexOf(10, from);
        const next = newline < 0 ? bytes.length : newline + 1;
        line++;
        const fault = bytes.toString('latin1', from, next).trim() === '' ? undefined : checkJson(bytes, from, next);
        if (fault) return { line, reason: fault.reason };
        from = next;
      }
      return undefined;
    },
    meaning: jsonMeaning,
  },
  markdown: {
    land: landInMarkdown,
    outline: (doc) => outlineOfMarkdown(doc.source.slice(0, OUTLINED_BYTES)),
  },
};

function jsonMeaning(doc: Doc, { region }: Landing): string | undefined {
  const raw = doc.source.slice(region.from, region.to).toString('utf8');
  return raw.startsWith('"') ? (JSON.parse(raw) as string) : undefined;
}
