import { prefixOf } from '../edit-element.ts';
import type { PartSplice } from '../kind.ts';
import { Unsafe } from '../runs.ts';
import type { XmlElement } from '../xml.ts';
import type { DocLine } from './document.ts';
import { inside, spliceText, TRACKING, textXml } from './edit-text.ts';
import { whatIsUnseen, whyKept } from './paragraph.ts';
import { spliceTracked, type Tracker } from './track.ts';

/** What an edit needs of the document it stands in. */
export interface Writing {
  bytes(part: number): Buffer;
  /** Undefined: changes are made, not proposed. */
  tracker: Tracker | undefined;
}

/**
 * New paragraphs with the look of `like`, to stand beside it. Numbering goes on, a section break stays where it is, and
 * after a heading comes text, not another heading.
 */
export function newParagraphs(
  w: Writing,
  like: DocLine,
  look: XmlElement | undefined,
  texts: readonly string[],
): string {
  const bytes = w.bytes(like.part);
  const { element } = like.paragraph;
  const q = prefixOf(element);
  const pattern = look ?? element;
  const properties = paragraphLook(w, bytes, pattern, q);
  const run = [...pattern.descendants('r')].find((r) => r.first('t'))?.first('rPr');
  const runLook = run && !isLinkLook(run) ? bytes.toString('utf8', run.from, run.to) : markLook(bytes, pattern, q);
  return texts
    .map((text) => {
      const content = text === '' ? '' : `<${q}r>${runLook}${textXml(text, q)}</${q}r>`;
      const marked = w.tracker && content !== '' ? `${w.tracker.open(`${q}ins`, q)}${content}</${q}ins>` : content;
      return `<${q}p>${properties()}${marked}</${q}p>`;
    })
    .join('');
}

/** The look of a link belongs to the link. */
function isLinkLook(look: XmlElement): boolean {
  return look.parent?.parent?.local === 'hyperlink' || /hyperlink/i.test(look.first('rStyle')?.attr('val') ?? '');
}

const NOT_CLONED = new Set(['rPr', 'sectPr', 'pPrChange', 'framePr']);

function paragraphLook(w: Writing, bytes: Buffer, pattern: XmlElement, q: string): () => string {
  const old = pattern.first('pPr');
  const kept = [...(old?.elements() ?? [])].filter((e) => !NOT_CLONED.has(e.local));
  const mark = [...(old?.first('rPr')?.elements() ?? [])].filter((e) => !TRACKING.has(e.local));
  const raw = (elements: readonly XmlElement[]): string =>
    elements.map((e) => bytes.toString('utf8', e.from, e.to)).join('');
  return () => {
    const tracked = w.tracker ? w.tracker.open(`${q}ins`, q, true) : '';
    const look = tracked + raw(mark);
    const inner = raw(kept) + (look === '' ? '' : `<${q}rPr>${look}</${q}rPr>`);
    return inner === '' ? '' : `<${q}pPr>${inner}</${q}pPr>`;
  };
}

function markLook(bytes: Buffer, pattern: XmlElement, q: string): string {
  const mark = pattern.first('pPr')?.first('rPr');
  const kept = [...(mark?.elements() ?? [])].filter((e) => !TRACKING.has(e.local));
  if (kept.length === 0) return '';
  return `<${q}rPr>${kept.map((e) => bytes.toString('utf8', e.from, e.to)).join('')}</${q}rPr>`;
}

/** Containers that must end in a paragraph. */
const NEEDS_PARAGRAPH = new Set([
  'tc',
  'txbxContent',
  'hdr',
  'ftr',
  'footnote',
  'endnote',
  'comment',
  'body',
  'sdtContent',
]);

/** A paragraph that carries a section or is the last of its container is emptied; its place stays. */
function mustStay(element: XmlElement): boolean {
  if (element.first('pPr')?.first('sectPr')) return true;
  const { parent } = element;
  if (!parent || !NEEDS_PARAGRAPH.has(parent.local)) return false;
  const blocks = [...parent.elements()].filter((e) => ['p', 'tbl', 'sdt', 'customXml'].includes(e.local));
  if (blocks.filter((e) => e.local === 'p').length === 1) return true;
  const at = blocks.indexOf(element);
  // A cell that ends in a table is broken, and two tables in a row become one.
  return blocks[at - 1]?.local === 'tbl' && (at === blocks.length - 1 || blocks[at + 1]?.local === 'tbl');
}

/** Marks that span paragraphs; where one end would go with the paragraph, both stay. */
const RANGE_MARKS: Record<string, string> = {
  bookmarkStart: 'bookmarkEnd',
  bookmarkEnd: 'bookmarkStart',
  commentRangeStart: 'commentRangeEnd',
  commentRangeEnd: 'commentRangeStart',
  permStart: 'permEnd',
  permEnd: 'permStart',
  moveFromRangeStart: 'moveFromRangeEnd',
  moveFromRangeEnd: 'moveFromRangeStart',
  moveToRangeStart: 'moveToRangeEnd',
  moveToRangeEnd: 'moveToRangeStart',
};

/** `isLast`: its container keeps no other paragraph, so it stays without its text. `isMoved`: it is elsewhere as it was. */
export function cutParagraph(w: Writing, line: DocLine, o: { isLast: boolean; isMoved: boolean }): PartSplice[] {
  const { element } = line.paragraph;
  refuse(whyKept(line.paragraph));
  const stays = o.isLast || mustStay(element);
  // It would be gone without a word, or be in two places.
  if (stays === o.isMoved) refuse(whatIsUnseen(line.paragraph));
  if (stays) return clearParagraph(w, line);
  if (w.tracker) return [...clearParagraph(w, line), ...deletedMark(w, line)];
  const bytes = w.bytes(line.part);
  const marks = [...element.descendants()].filter((e) => RANGE_MARKS[e.local] !== undefined);
  const isPaired = (mark: XmlElement): boolean =>
    marks.some((m) => m.local === RANGE_MARKS[mark.local] && m.attr('id') === mark.attr('id'));
  const kept = marks.filter((mark) => !isPaired(mark)).map((mark) => bytes.toString('utf8', mark.from, mark.to));
  return [{ at: element.from, del: element.to - element.from, ins: kept.join('') }];
}

function refuse(what: string | undefined): void {
  if (what !== undefined) throw new Unsafe(what);
}

/** Takes the text out of a paragraph, piece by piece between what must stay. */
export function clearParagraph(w: Writing, line: DocLine): PartSplice[] {
  const { paragraph } = line;
  const edges = new Set([0, paragraph.text.length, ...paragraph.boundaries.map((boundary) => boundary.at)]);
  const sorted = [...edges].sort((a, b) => a - b);
  const hunks = sorted.slice(1).map((to, i) => ({ from: sorted[i]!, to, text: '' }));
  const bytes = w.bytes(line.part);
  return w.tracker ? spliceTracked(bytes, paragraph, hunks, w.tracker) : spliceText(bytes, paragraph, hunks);
}

/** Says of the paragraph mark that it is deleted. */
function deletedMark(w: Writing, line: DocLine): PartSplice[] {
  const { element } = line.paragraph;
  const q = prefixOf(element);
  const properties = element.first('pPr');
  const look = properties?.first('rPr');
  if (look?.first('del')) return [];
  const mark = w.tracker!.open(`${q}del`, q, true);
  if (look) {
    // Behind what says that the paragraph was inserted.
    const inserted = look.first('ins');
    return [inside(look, inserted?.to ?? look.innerFrom, mark)];
  }
  const fresh = `<${q}rPr>${mark}</${q}rPr>`;
  if (!properties) return [inside(element, element.innerFrom, `<${q}pPr>${fresh}</${q}pPr>`)];
  const after = [...properties.elements()].find((e) => e.local === 'sectPr' || e.local === 'pPrChange');
  return [inside(properties, after?.from ?? properties.innerTo, fresh)];
}

/** The paragraph as it is, for another place of the same part. */
export function rawParagraph(w: Writing, line: DocLine): string {
  const { element } = line.paragraph;
  refuse(whyKept(line.paragraph));
  if (mustStay(element)) throw new Unsafe('a paragraph that must stay where it is: the last of a cell or of a section');
  return w.bytes(line.part).toString('utf8', element.from, element.to);
}
