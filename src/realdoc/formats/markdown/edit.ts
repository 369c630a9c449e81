import { columnNumber } from '../../office/cell-address.ts';
import type { Range } from '../../text/map.ts';
import {
  type Ask,
  type Doc,
  eolAt,
  invalid,
  type Landing,
  type OutlineEntry,
  sharedAddress,
  textOf,
  unknownAddress,
  wholeOf,
} from '../ask.ts';
import { isBlank, lineText, type MarkdownText, readMarkdown, titleOf } from './blocks.ts';
import { cellsIn } from './line-forms.ts';
import { addressesOf, findSections, type Section, sectionsOf } from './sections.ts';

const MAX_BYTES = 64 * 1024 * 1024;
const CELL = /^Table([1-9]\d{0,5})!([A-Z]{1,3})([1-9]\d{0,8})$/i;
const ITEM = /^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]/;

/**
 * Lands `## Heading` (a section with its sections) or `Table1!B2` (a cell of the first table; its header is row 1).
 * `set` gives a section a new body, and a new heading if the text begins with one of the same level; `cut` takes it out;
 * `after` adds at its end, `before` above its heading. Throws DOC_ADDRESS_UNKNOWN, DOC_AMBIGUOUS, DOC_VERB_INVALID.
 */
export function landInMarkdown(doc: Doc, ask: Ask): Landing {
  const bytes = wholeOf(doc, MAX_BYTES);
  const text = readMarkdown(bytes);
  const cell = CELL.exec(ask.address);
  if (cell) return landInTable(doc, ask, text, cell);
  if (!/^#{1,6}[ \t]/.test(ask.address)) throw invalid(ask, 'an address here is "## Heading" or Table1!B2');
  const sections = sectionsOf(text);
  const found = findSections(sections, ask.address);
  if (found.length > 1) throw sharedAddress(doc, ask, placesOf(sections, found));
  const [section] = found;
  if (!section)
    throw unknownAddress(
      doc,
      ask,
      addressesOf(sections).flatMap((address) => address ?? []),
    );
  const { index } = text;
  const start = (line: number): number => index.starts[line]!;
  const address = `${'#'.repeat(section.heading.level)} ${section.heading.title}`;
  const { heading, body, end } = section;
  const filled = body.to > body.from;
  if (ask.act === 'show') {
    return {
      address,
      region: { from: start(heading.from), to: start(filled ? body.to : heading.to + 1) },
      patches: [],
    };
  }
  if (ask.act === 'cut') {
    const region = { from: start(heading.from), to: start(end) };
    return { address, region, patches: [{ at: region.from, del: region.to - region.from, ins: '' }] };
  }
  const eol = eolAt(bytes, start(heading.from));
  if (ask.act === 'before') {
    const at = start(heading.from);
    const ins = [...trimmed(ask), ''].map((line) => line + eol).join('');
    return { address, region: { from: at, to: start(heading.to + 1) }, patches: [{ at, del: 0, ins }] };
  }
  if (ask.act === 'set') return { address, ...setBody(text, section, trimmed(ask), eol) };
  const last = filled ? body.to : heading.to + 1;
  const region: Range = { from: start(last - 1), to: start(last) };
  return { address, region, patches: [addAfter(text, last, trimmed(ask), eol)] };
}

function setBody(
  text: MarkdownText,
  section: Section,
  lines: string[],
  eol: string,
): Pick<Landing, 'region' | 'patches'> {
  const { index } = text;
  const { heading, body } = section;
  const own = /^ {0,3}(#{1,6})(?:[ \t]|$)/.exec(lines[0] ?? '');
  const withHeading = own !== null && own[1]!.length === heading.level;
  const filled = body.to > body.from;
  if (!withHeading && !filled) {
    const region = { from: index.starts[heading.from]!, to: index.starts[heading.to + 1]! };
    return { region, patches: [addAfter(text, heading.to + 1, lines, eol)] };
  }
  const first = withHeading ? heading.from : body.from;
  const last = filled ? body.to : heading.to + 1;
  const region = { from: index.starts[first]!, to: index.starts[last]! };
  const isOpen = index.bytes[region.to - 1] !== 10;
  const ins = lines.join(eol) + (isOpen ? '' : eol);
  return { region, patches: [{ at: region.from, del: region.to - region.from, ins }] };
}

/** Below line `last` (counted from 1), parted by a blank line unless a list goes on. */
function addAfter(
  text: MarkdownText,
  last: number,
  lines: string[],
  eol: string,
): { at: number; del: number; ins: string } {
  const { index } = text;
  const at = index.starts[last]!;
  const above = lineText(index, last - 1);
  const goesOn = (ITEM.test(above) && ITEM.test(lines[0]!)) || (/^[ \t]*\|/.test(above) && /^[ \t]*\|/.test(lines[0]!));
  const isOpen = index.bytes[at - 1] !== 10;
  const nextIsText = last < index.count && !isBlank(lineText(index, last));
  const all = [...(goesOn ? [] : ['']), ...lines, ...(nextIsText ? [''] : [])];
  return { at, del: 0, ins: isOpen ? eol + all.join(eol) : all.map((line) => line + eol).join('') };
}

/** Where sections of one name are, with what tells them apart if something does. */
function placesOf(sections: readonly Section[], found: readonly Section[]): { line: number; address?: string }[] {
  const addresses = addressesOf(sections);
  const order = new Map(sections.map((section, i) => [section, i]));
  return found.map((section) => {
    const address = addresses[order.get(section)!];
    return { line: section.heading.from + 1, ...(address === undefined ? {} : { address }) };
  });
}

/** Without blank lines around: those of the document stay. */
function trimmed(ask: Ask): string[] {
  const lines = [...textOf(ask)];
  while (lines.length > 1 && lines[0]!.trim() === '') lines.shift();
  while (lines.length > 1 && lines.at(-1)!.trim() === '') lines.pop();
  return lines;
}

function landInTable(doc: Doc, ask: Ask, text: MarkdownText, [, number, letters, row]: RegExpExecArray): Landing {
  const table = text.tables[Number(number) - 1];
  const rows = table ? table.to - table.from : 0;
  const line = table ? table.from + (Number(row) === 1 ? 0 : Number(row)) : 0;
  const cells = table && line <= table.to ? cellsIn(lineText(text.index, line)) : [];
  const cell = cells[columnNumber(letters!) - 1];
  if (!table || !cell) {
    const near = table ? `Table${number}!A${rows}` : `Table${text.tables.length}!A1`;
    throw unknownAddress(doc, ask, text.tables.length > 0 ? [near] : []);
  }
  const start = text.index.starts[line]! + (line === 0 && text.index.bytes[0] === 0xef ? 3 : 0);
  const region = { from: start + cell.from, to: start + cell.to };
  const { address } = ask;
  if (ask.act === 'show') return { address, region, patches: [] };
  if (ask.act === 'set' || ask.act === 'cut') {
    const value = ask.act === 'cut' ? '' : textOf(ask).join('<br>');
    const ins = value.replaceAll(/(\\*)\|/g, (all, slashes: string) =>
      slashes.length % 2 === 1 ? all : `${slashes}\\|`,
    );
    // A backslash right before the bar would make the bar part of the cell.
    const gap = ins.endsWith('\\') && lineText(text.index, line)[cell.to] === '|' ? ' ' : '';
    return { address, region, patches: [{ at: region.from, del: region.to - region.from, ins: ins + gap }] };
  }
  if (Number(row) === 1 && ask.act === 'before') throw invalid(ask, 'a row cannot stand above the header');
  const eol = eolAt(text.index.bytes, start);
  const below = ask.act === 'after' ? line + (Number(row) === 1 ? 2 : 1) : line;
  const at = text.index.starts[below]!;
  const isOpen = at > 0 && text.index.bytes[at - 1] !== 10;
  const added = textOf(ask);
  const ins = isOpen ? eol + added.join(eol) : added.map((one) => one + eol).join('');
  return {
    address,
    region: { from: text.index.starts[line]!, to: text.index.starts[line + 1]! },
    patches: [{ at, del: 0, ins }],
  };
}

export function outlineOfMarkdown(bytes: Buffer): OutlineEntry[] {
  const text = readMarkdown(bytes);
  const sections = sectionsOf(text);
  const addresses = addressesOf(sections);
  const entries: OutlineEntry[] = sections.map(({ heading, body }, i) => ({
    line: heading.from + 1,
    level: heading.level,
    title: heading.title.slice(0, 200),
    to: body.to > body.from ? body.to : heading.to + 1,
    ...(addresses[i] === undefined ? {} : { address: addresses[i] }),
  }));
  let next = 0;
  for (const [i, table] of text.tables.entries()) {
    while (next < sections.length && sections[next]!.heading.from < table.from) next++;
    const above = sections[next - 1];
    const title = cellsIn(lineText(text.index, table.from)).map(({ from, to }) =>
      titleOf(lineText(text.index, table.from).slice(from, to)),
    );
    const level = (above?.heading.level ?? 0) + 1;
    entries.push({
      line: table.from + 1,
      level,
      title: title.join(' | ').slice(0, 200),
      to: table.to + 1,
      address: `Table${i + 1}!A1`,
    });
  }
  return entries.sort((a, b) => a.line - b.line);
}
