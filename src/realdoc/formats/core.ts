import { indexLines } from '../text/line-index.ts';
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
  outline(doc: Doc, depth: number): OutlineEntry[];
  /** Addresses of lines, where an outline does not hold them. */
  lineAddresses?(doc: Doc, lines: readonly number[]): Map<number, string>;
  check?(doc: Doc): SyntaxFault | undefined;
  /** What the bytes of a place say, if they are a spelling of it. */
  meaning?(doc: Doc, landing: Landing): string | undefined;
}

const OUTLINED_BYTES = 16 * 1024 * 1024;

export const CORE_FORMATS: Partial<Record<TextFormat, CoreFormat>> = {
  csv: {
    land: landInCsv,
    outline: (doc) => outlineOfCsv(csvOf(doc)),
    lineAddresses: rowsOfLines,
    check: (doc) => checkCsv(csvOf(doc)),
    meaning: (doc, { region }) => {
      const raw = doc.source.slice(region.from, region.to).toString('utf8');
      if (raw.length < 2 || !raw.startsWith('"') || !raw.endsWith('"')) return undefined;
      const inner = raw.slice(1, -1);
      return inner.replaceAll('""', '').includes('"') ? undefined : inner.replaceAll('""', '"');
    },
  },
  json: {
    land: landInJson,
    outline: (doc, depth) =>
      doc.source.bytes > OUTLINED_BYTES ? [] : outlineOfJson(wholeOf(doc, OUTLINED_BYTES), depth),
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

/** `row 7` for each line of a table: records may span lines. */
function rowsOfLines(doc: Doc, lines: readonly number[]): Map<number, string> {
  const csv = csvOf(doc);
  const out = new Map<number, string>();
  const head = doc.source.slice(0, OUTLINED_BYTES);
  const starts = indexLines(head).starts;
  for (const line of lines) {
    const record = starts[line - 1] === undefined ? undefined : csv.recordAround(starts[line - 1]!);
    if (record) out.set(line, `row ${record.row}`);
  }
  return out;
}

function jsonMeaning(doc: Doc, { region }: Landing): string | undefined {
  const raw = doc.source.slice(region.from, region.to).toString('utf8');
  return raw.startsWith('"') ? (JSON.parse(raw) as string) : undefined;
}
