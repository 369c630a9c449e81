import { type Format, formatOf } from '../kinds/kind.ts';

/** A line in the form in which a small model may copy it: `prefix + text` is the line without its line end. */
export interface Candidate {
  line: number;
  /** Indentation, bullet, number: kept on our side, since models answer the number they see instead of the content. */
  prefix: string;
  text: string;
}

export interface CandidateOptions {
  /** What shall be done. Headings and header rows are offered only if it speaks of them. */
  instruction?: string | undefined;
  /** Path or name of the document, for its format. */
  path?: string;
  /** Number of the first line of `text`. */
  firstLine?: number;
}

/** Bullets, `3.` `3)` `3、` `(3)` in both widths, Chinese numbers, `第三条`. */
const BULLET =
  /^\s*(?:(?:[-*+\u2022\u00b7\u25aa]|>)\s+|\[[ xX]\]\s+|\d{1,3}[.)\u3001\uff09]\s*(?=\D)|[(\uff08]\d{1,3}[)\uff09]\s*|[(\uff08]?[一二三四五六七八九十]{1,3}[)\uff09\u3001]\s*|第[一二三四五六七八九十百\d]{1,5}[章节条款项]\s*)/;
const NUMBERED = /^\s*\d{1,2}(?:\.\d{1,2}){1,3}\.?\s+(?=\D)/;
const ASKS_HEADING = /\b(?:heading|title|caption|headline)s?\b|标题|题目|章名/i;
const ASKS_HEADER_ROW = /\b(?:column|header|field name)s?\b|表头|列名|列标题/i;

/**
 * The lines of a text that an edit can mean, with list markers taken off. Blank lines, rules, fences and lone brackets
 * are never offered; headings and header rows only if the instruction speaks of them. Pure.
 */
export function candidatesOf(text: string, options: CandidateOptions = {}): Candidate[] {
  const format = formatOf(options.path ?? 'text.md');
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  if (lines.at(-1) === '') lines.pop();
  const skip = structureOf(lines, format, options.instruction ?? '');
  const isNumbered = lines.filter((line) => NUMBERED.test(line)).length >= 2;
  const first = options.firstLine ?? 1;
  return lines.flatMap((line, i) => {
    if (skip.has(i)) return [];
    const prefix = format === 'csv' ? '' : prefixOf(line, isNumbered);
    const body = line.slice(prefix.length);
    return body.trim() === '' ? [] : [{ line: first + i, prefix, text: body }];
  });
}

function prefixOf(line: string, isNumbered: boolean): string {
  let prefix = '';
  // "- [ ] 3. text": markers come one after another.
  for (let rest = line; ; rest = line.slice(prefix.length)) {
    const marker = BULLET.exec(rest) ?? (isNumbered ? NUMBERED.exec(rest) : null);
    if (!marker || marker[0].length === rest.length) break;
    prefix += marker[0];
  }
  return prefix + (/^\s*/.exec(line.slice(prefix.length))?.[0] ?? '');
}

/** Lines that hold the document together and say nothing by themselves. */
function structureOf(lines: readonly string[], format: Format, instruction: string): Set<number> {
  const skip = new Set<number>();
  const wantsHeadings = ASKS_HEADING.test(instruction);
  const wantsHeaderRow = ASKS_HEADER_ROW.test(instruction);
  const isProse = format === 'markdown' || format === 'plain';
  if (format === 'csv' && lines.length > 1 && !wantsHeaderRow) skip.add(0);
  let fence = false;
  for (const [i, line] of lines.entries()) {
    const bare = line.trim();
    const next = lines[i + 1]?.trim() ?? '';
    if (bare === '' || ((format === 'json' || format === 'yaml' || format === 'code') && /^[{}[\]();,]+$/.test(bare)))
      skip.add(i);
    if (bare === '---' || bare === '...') skip.add(i);
    if (!isProse) continue;
    if (/^(?:```|~~~)/.test(bare)) {
      skip.add(i);
      fence = !fence;
      continue;
    }
    if (fence) continue;
    if (/^(?:[-*_=]\s*){3,}$/.test(bare)) skip.add(i);
    const isHeading =
      /^#{1,6}\s/.test(bare) || (/^(?:={3,}|-{3,})$/.test(next) && bare !== '' && !bare.startsWith('|'));
    if (isHeading && !wantsHeadings) skip.add(i);
    if (isDelimiterRow(bare)) skip.add(i);
    if (isDelimiterRow(next) && bare.includes('|') && !wantsHeaderRow) skip.add(i);
  }
  return skip;
}

/** The `|---|:--:|` line below the header row of a table (GFM 4.10). */
function isDelimiterRow(line: string): boolean {
  return line.includes('-') && line.includes('|') && /^[|:\-\s]+$/.test(line);
}
