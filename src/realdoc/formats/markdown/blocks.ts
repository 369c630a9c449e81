import { indexLines, type LineIndex } from '../../text/line-index.ts';
import { cellsIn, closesFence, isDelimiterRow, isRule, isTagAlone, readAtx, trimBlanks } from './line-forms.ts';

export interface Heading {
  level: number;
  title: string;
  /** Lines counted from 0: the first of the heading, and the last (of its underline, if it has one). */
  from: number;
  to: number;
}

export interface Table {
  /** Lines counted from 0, header, delimiter row and rows. */
  from: number;
  to: number;
}

export interface MarkdownText {
  index: LineIndex;
  headings: Heading[];
  tables: Table[];
  /** Lines of the front matter without its fences, from 0; nothing if there is none. */
  front: { from: number; to: number } | undefined;
}

const FENCE = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/;
const UNDERLINE = /^ {0,3}(=+|-+)[ \t]*$/;
const ITEM = /^( {0,3}(?:[-*+]|\d{1,9}[.)]))(?:([ \t]+)\S|[ \t]*$)/;
const QUOTE = /^ {0,3}> ?/;
const DEFINITION = /^ {0,3}\[[^\]]+\]:[ \t]*\S+[ \t]*(?:[ \t](?:"[^"]*"|'[^']*'|\([^)]*\))[ \t]*)?$/;
/** CommonMark 4.6: kinds 1 to 5 end at their own mark, 6 at a blank line. */
const HTML_BLOCKS: readonly [RegExp, RegExp][] = [
  [/^ {0,3}<(?:script|pre|style|textarea)(?:[ \t>]|$)/i, /<\/(?:script|pre|style|textarea)>/i],
  [/^ {0,3}<!--/, /-->/],
  [/^ {0,3}<\?/, /\?>/],
  [/^ {0,3}<![A-Za-z]/, />/],
  [/^ {0,3}<!\[CDATA\[/, /\]\]>/],
  [
    /^ {0,3}<\/?(?:address|article|aside|blockquote|body|center|dd|details|dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|nav|ol|p|section|summary|table|tbody|td|tfoot|th|thead|title|tr|ul)(?:[ \t]|\/?>|$)/i,
    /^[ \t]*$/,
  ],
];

/** Kind 7 breaks off no paragraph and ends at a blank line. */
const TAG_BLOCK_END = /^[ \t]*$/;

/**
 * Finds headings, tables and front matter line by line (CommonMark 0.31 and GFM tables): what stands in fenced or
 * indented code, HTML blocks, lists or quotes is none of the document's own structure. Linear.
 */
export function readMarkdown(bytes: Buffer): MarkdownText {
  const index = indexLines(bytes);
  const text: MarkdownText = { index, headings: [], tables: [], front: undefined };
  const at = (i: number): string => lineText(index, i);
  let i = 0;
  const frontEnd = frontMatterEnd(index);
  if (frontEnd > 0) {
    text.front = { from: 1, to: frontEnd - 1 };
    i = frontEnd + 1;
  }
  let paragraph = -1;
  // Indentation that lines must have to belong to the list item they stand in; 0 outside of lists.
  let item = 0;
  // Whether the line above is a paragraph in an item, which the next line may go on with (CommonMark 5.2, lazy).
  let isLazy = false;
  for (; i < index.count; i++) {
    const line = at(i);
    if (isBlank(line)) {
      paragraph = -1;
      isLazy = false;
      continue;
    }
    const indent = indentOf(line);
    if (item > 0 && indent >= item) {
      isLazy = isText(line.trimStart());
      continue;
    }
    const underline = paragraph >= 0 ? UNDERLINE.exec(line) : null;
    if (underline) {
      while (paragraph < i && DEFINITION.test(at(paragraph))) paragraph++;
      if (paragraph < i) {
        const lines = Array.from({ length: i - paragraph }, (_, k) => at(paragraph + k));
        const title = titleOf(lines.map(trimBlanks).join(' '));
        text.headings.push({ level: underline[1]![0] === '=' ? 1 : 2, title, from: paragraph, to: i });
        paragraph = -1;
        continue;
      }
      paragraph = -1;
    }
    if (paragraph < 0 && item === 0 && indent >= 4) continue;
    const fence = indent < 4 ? FENCE.exec(line) : null;
    if (fence) {
      i = fenceEnd(index, i, fence[1]!);
      paragraph = -1;
      item = 0;
      continue;
    }
    const atx = readAtx(line);
    if (atx) {
      text.headings.push({ level: atx.level, title: titleOf(atx.title), from: i, to: i });
      paragraph = -1;
      item = 0;
      continue;
    }
    const html =
      HTML_BLOCKS.find(([open]) => open.test(line))?.[1] ??
      (paragraph < 0 && !isLazy && isTagAlone(line) ? TAG_BLOCK_END : undefined);
    if (html) {
      i = htmlEnd(index, i, html);
      paragraph = -1;
      item = 0;
      continue;
    }
    if (isRule(line)) {
      paragraph = -1;
      item = 0;
      continue;
    }
    const listed = ITEM.exec(line);
    // Only `1.` may break off a paragraph, and only with text (CommonMark 5.2).
    if (listed && (paragraph < 0 || (listed[2] !== undefined && !/\d/.test(listed[1]!.replace(/^ *1[.)]$/, ''))))) {
      item = listed[1]!.length + Math.min(listed[2]?.length ?? 1, 4);
      paragraph = -1;
      isLazy = isText(line.slice(listed[1]!.length).trimStart());
      continue;
    }
    if (QUOTE.test(line)) {
      item = 0;
      paragraph = -1;
      i = quoteEnd(index, i);
      continue;
    }
    if (item > 0 && isLazy) continue;
    item = 0;
    if (isTable(line, i + 1 < index.count ? at(i + 1) : '')) {
      const from = i;
      i++;
      while (i + 1 < index.count && indentOf(at(i + 1)) < 4 && !breaksOff(at(i + 1))) i++;
      paragraph = -1;
      text.tables.push({ from, to: i });
      continue;
    }
    if (paragraph < 0) paragraph = i;
  }
  return text;
}

/** Whether the text of an item or quote is a paragraph that the next line may go on with. */
function isText(line: string): boolean {
  return !(
    isBlank(line) ||
    readAtx(line) !== undefined ||
    FENCE.test(line) ||
    isRule(line) ||
    HTML_BLOCKS.some(([open]) => open.test(line))
  );
}

/** A line that cannot go on with a paragraph or table. */
function breaksOff(line: string): boolean {
  return !isText(line) || ITEM.test(line) || QUOTE.test(line);
}

/** A line without its line end, one character a byte, so that columns are offsets. */
export function lineText(index: LineIndex, i: number): string {
  const from = index.starts[i]!;
  let to = index.starts[i + 1]!;
  if (to > from && index.bytes[to - 1] === 10) to--;
  if (to > from && index.bytes[to - 1] === 13) to--;
  const start = i === 0 && index.bytes[0] === 0xef && index.bytes[1] === 0xbb && index.bytes[2] === 0xbf ? 3 : from;
  return Buffer.from(index.bytes.buffer, index.bytes.byteOffset + start, Math.max(0, to - start)).toString('latin1');
}

export function isBlank(line: string): boolean {
  return /^[ \t\r]*$/.test(line);
}

export function titleOf(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8').trim();
}

function indentOf(line: string): number {
  let columns = 0;
  for (const c of line) {
    if (c === ' ') columns++;
    else if (c === '\t') columns += 4 - (columns % 4);
    else break;
  }
  return columns;
}

function frontMatterEnd(index: LineIndex): number {
  if (index.count < 2 || !/^---[ \t]*$/.test(lineText(index, 0))) return -1;
  for (let i = 1; i < index.count; i++) if (/^(?:---|\.\.\.)[ \t]*$/.test(lineText(index, i))) return i;
  return -1;
}

/** Line of the closing fence; the last line of the text if none closes it. */
function fenceEnd(index: LineIndex, open: number, mark: string): number {
  for (let i = open + 1; i < index.count; i++) if (closesFence(lineText(index, i), mark)) return i;
  return index.count;
}

function htmlEnd(index: LineIndex, open: number, end: RegExp): number {
  for (let i = open; i < index.count; i++) if (end.test(lineText(index, i))) return i;
  return index.count;
}

function quoteEnd(index: LineIndex, from: number): number {
  let i = from;
  let isLazy = isText(lineText(index, from).replace(QUOTE, ''));
  while (i + 1 < index.count) {
    const next = lineText(index, i + 1);
    if (QUOTE.test(next)) isLazy = isText(next.replace(QUOTE, ''));
    else if (!isLazy || breaksOff(next)) return i;
    i++;
  }
  return i;
}

function isTable(line: string, next: string): boolean {
  if (!line.includes('|') && !next.includes('|')) return false;
  return isDelimiterRow(next) && cellsIn(line).length === cellsIn(next).length;
}
