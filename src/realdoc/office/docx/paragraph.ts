import { BREAK } from '../kind.ts';
import type { XmlElement } from '../xml.ts';
import { type DecodedText, decodeXml } from '../xml-text.ts';
import type { FieldStack } from './fields.ts';

/** Something that has no text of its own but takes a place. */
const OBJECT = '\ufffc';

/** Characters of a paragraph as they are shown, from one element of one run. */
export interface Segment {
  /** `text`: a `w:t`; `mark`: an element that stands for a character; `fixed`: shown, but not to be changed. */
  readonly kind: 'text' | 'mark' | 'fixed';
  readonly text: string;
  /** In UTF-16 units of the paragraph. */
  readonly from: number;
  readonly to: number;
  readonly run: XmlElement;
  readonly node: XmlElement;
  /** Of `text`: its characters in bytes; absent where they are spelled in several pieces. */
  readonly decoded?: DecodedText;
  /** Why a fixed one is fixed. */
  readonly what?: string;
  /** The containers between paragraph and run (links, content controls, fields): new text beside one stays outside. */
  readonly chain: readonly unknown[];
}

/** A place that a replaced stretch may not reach over. */
export interface Boundary {
  readonly at: number;
  readonly what: string;
}

export interface Paragraph {
  readonly element: XmlElement;
  readonly text: string;
  readonly segments: readonly Segment[];
  readonly boundaries: readonly Boundary[];
  /** Paragraphs of text boxes that hang on this one, in order; `twin` is the same box for older programs. */
  readonly boxes: readonly { element: XmlElement; twin: XmlElement | undefined }[];
  /** A field begins or ends here that ends or began in another paragraph. */
  readonly isInsideField: boolean;
  /** Why nothing may be put in front of it or behind it, if so: it stands in a locked control, or in a field's result. */
  readonly closed: { before: string | undefined; after: string | undefined };
}

interface Reading {
  readonly bytes: Buffer;
  readonly fields: FieldStack;
  text: string;
  readonly segments: Segment[];
  readonly boundaries: Boundary[];
  readonly boxes: { element: XmlElement; twin: XmlElement | undefined }[];
}

/** Reads one `w:p`. `fields` is the state that complex fields have left open in the paragraphs before. */
export function readParagraph(bytes: Buffer, element: XmlElement, fields: FieldStack): Paragraph {
  const reading: Reading = { bytes, fields, text: '', segments: [], boundaries: [], boxes: [] };
  const before = fields.depth;
  const whyBefore = fields.whyFixed;
  const lowest = fields.watch();
  readChildren(reading, element, []);
  const { text, segments, boundaries, boxes } = reading;
  const isInsideField = fields.depth !== before || lowest() < before;
  const closed = { before: whyBefore, after: fields.whyFixed };
  return { element, text, segments, boundaries, boxes, isInsideField, closed };
}

/** Containers that only group runs. */
const TRANSPARENT = new Set(['ins', 'moveTo', 'smartTag', 'customXml', 'dir', 'bdo', 'sdtContent']);

function readChildren(r: Reading, parent: XmlElement, chain: readonly unknown[]): void {
  for (const child of parent.elements()) {
    const { local } = child;
    if (local === 'r') readRun(r, child, chain);
    else if (TRANSPARENT.has(local)) readChildren(r, child, chain);
    else if (local === 'hyperlink') enclosed(r, 'a link', () => readChildren(r, child, [...chain, child]));
    else if (local === 'fldSimple') {
      const fixed = r.fields.isComputed(child.attr('instr') ?? '') ? 'a field' : undefined;
      enclosed(r, 'a field', () => readWithin(r, child, [...chain, child], fixed));
    } else if (local === 'sdt') {
      const content = child.first('sdtContent');
      const fixed = whyFixed(child.first('sdtPr'));
      if (content) enclosed(r, 'a content control', () => readWithin(r, content, [...chain, child], fixed));
    } else if (local === 'oMath' || local === 'oMathPara') fix(r, child, child, 'a formula', mathOf(child), chain);
    else if (local === 'AlternateContent') {
      const choice = child.first('Choice');
      if (choice) readChildren(r, choice, chain);
    }
  }
}

function enclosed(r: Reading, what: string, read: () => void): void {
  r.boundaries.push({ at: r.text.length, what });
  read();
  r.boundaries.push({ at: r.text.length, what });
}

/** `fixed` makes everything inside unchangeable, and says why. */
function readWithin(r: Reading, parent: XmlElement, chain: readonly unknown[], fixed: string | undefined): void {
  const first = r.segments.length;
  readChildren(r, parent, chain);
  if (fixed === undefined) return;
  for (let i = first; i < r.segments.length; i++) r.segments[i] = { ...r.segments[i]!, kind: 'fixed', what: fixed };
}

/** The same paragraph where nothing in it can be changed. */
export function fixedParagraph(paragraph: Paragraph, what: string): Paragraph {
  const segments = paragraph.segments.map((segment) => ({ ...segment, kind: 'fixed' as const, what }));
  return { ...paragraph, segments, closed: { before: what, after: what } };
}

/** Why nothing in whole paragraphs of a content control can be changed: what is bound is filled in anew by Word. */
export function whyBound(properties: XmlElement | undefined): string | undefined {
  if (properties?.first('dataBinding')) return 'a content control that shows a property of the document';
  return isLocked(properties) ? LOCKED : undefined;
}

const LOCKED = 'a locked content control';

function isLocked(properties: XmlElement | undefined): boolean {
  return ['contentLocked', 'sdtContentLocked'].includes(properties?.first('lock')?.attr('val') ?? '');
}

/** Elements that are seen on the page and not in the line. */
const PICTURES: Record<string, string> = {
  drawing: 'a drawing',
  pict: 'a picture',
  object: 'an embedded object',
  contentPart: 'ink',
};

/** Why a paragraph may not go as a whole, with all that is in it, or away from its place. */
export function whyKept(paragraph: Paragraph): string | undefined {
  const { closed, isInsideField } = paragraph;
  if (isInsideField) return 'a field that goes on in another paragraph';
  if (closed.before !== undefined) return closed.before;
  for (const lock of paragraph.element.descendants('lock')) {
    if (lock.parent?.local === 'sdtPr' && lock.attr('val') !== 'unlocked') return LOCKED;
  }
  return undefined;
}

/** What a paragraph holds beside the text that its line shows. */
export function whatIsUnseen({ element, text, boundaries }: Paragraph): string | undefined {
  for (const { local } of element.descendants()) if (PICTURES[local]) return PICTURES[local];
  return text === '' ? boundaries[0]?.what : undefined;
}

function whyFixed(properties: XmlElement | undefined): string | undefined {
  if (isLocked(properties)) return LOCKED;
  const chosen = [
    'dropDownList',
    'comboBox',
    'date',
    'checkbox',
    'picture',
    'docPartObj',
    'docPartList',
    'dataBinding',
  ];
  return chosen.some((local) => properties?.first(local)) ? 'a content control that is chosen, not typed' : undefined;
}

function readRun(r: Reading, run: XmlElement, chain: readonly unknown[]): void {
  for (const child of run.elements()) {
    const { local } = child;
    const inner = [...chain, ...r.fields.open];
    if (local === 't') readText(r, run, child, inner);
    else if (local === 'tab' || local === 'ptab') mark(r, run, child, '\t', inner);
    else if (local === 'br' && isLineBreak(child)) mark(r, run, child, BREAK, inner);
    else if (local === 'cr') mark(r, run, child, BREAK, inner);
    else if (local === 'noBreakHyphen') mark(r, run, child, '\u2011', inner);
    else if (local === 'softHyphen') mark(r, run, child, '\u00ad', inner);
    else if (local === 'sym') fix(r, run, child, 'a symbol of its own font', symbolOf(child), inner);
    else if (local === 'ruby') fix(r, run, child, 'text with a reading above it', rubyOf(child), inner);
    else if (local === 'fldChar') {
      r.boundaries.push({ at: r.text.length, what: 'a field' });
      r.fields.mark(child.attr('fldCharType') ?? '');
    } else if (local === 'instrText') r.fields.instruct(child.text);
    else if (OBJECTS[local]) {
      r.boundaries.push({ at: r.text.length, what: OBJECTS[local] });
      r.boxes.push(...boxesOf(child));
    }
  }
}

const OBJECTS: Record<string, string> = {
  ...PICTURES,
  AlternateContent: 'a drawing',
  footnoteReference: 'a footnote mark',
  endnoteReference: 'an endnote mark',
  br: 'a page or column break',
  pgNum: 'a page number',
  dayShort: 'a date',
};

function isLineBreak(element: XmlElement): boolean {
  const type = element.attr('type');
  return type === undefined || type === 'textWrapping';
}

function readText(r: Reading, run: XmlElement, node: XmlElement, chain: readonly unknown[]): void {
  const [only, ...more] = node.children;
  const keeps = node.attr('space') === 'preserve';
  const text = plain(textOf(node));
  const isOne = more.length === 0 && only?.kind === 'text' && keeps;
  const decoded = isOne ? decodeXml(r.bytes, only) : undefined;
  const what = r.fields.whyFixed;
  const kind = what === undefined ? 'text' : 'fixed';
  add(r, { kind, text, run, node, chain, ...(decoded ? { decoded } : {}), ...(what ? { what } : {}) });
}

/** Outer white space counts where the element says so. White space is what XML says it is: an indent of U+3000 is text. */
function textOf(node: XmlElement): string {
  const { text } = node;
  return node.attr('space') === 'preserve'
    ? text
    : text.replace(/^[ \t\r\n]+/, '').replace(/(?<![ \t\r\n])[ \t\r\n]+$/, '');
}

/** What a text segment holds, unit by unit what it shows: a line break or `↵` in it is a character like another. */
export function sourceOf(segment: Segment): string {
  return textOf(segment.node);
}

/** Line breaks in character data are spaces to a word processor. One unit stays one unit. */
function plain(text: string): string {
  return text.replaceAll(/[\r\n\u2028]/g, ' ');
}

function mark(r: Reading, run: XmlElement, node: XmlElement, text: string, chain: readonly unknown[]): void {
  const what = r.fields.whyFixed;
  add(r, { kind: what === undefined ? 'mark' : 'fixed', text, run, node, chain, ...(what ? { what } : {}) });
}

function fix(
  r: Reading,
  run: XmlElement,
  node: XmlElement,
  what: string,
  text: string,
  chain: readonly unknown[],
): void {
  add(r, { kind: 'fixed', text: plain(text), run, node, what, chain });
}

function add(r: Reading, segment: Omit<Segment, 'from' | 'to'>): void {
  const from = r.text.length;
  r.text += segment.text;
  r.segments.push({ ...segment, from, to: r.text.length });
}

function symbolOf(element: XmlElement): string {
  const code = Number.parseInt(element.attr('char') ?? '', 16);
  const isPrivate = !(code > 0x20 && code < 0xd800);
  return isPrivate ? OBJECT : String.fromCharCode(code);
}

function rubyOf(element: XmlElement): string {
  return [...(element.first('rubyBase')?.descendants('t') ?? [])].map((t) => t.text).join('');
}

function mathOf(element: XmlElement): string {
  return [...element.descendants('t')].map((t) => t.text).join('');
}

/** Text boxes are written twice: for today's programs, and as a fallback for older ones. */
function boxesOf(object: XmlElement): { element: XmlElement; twin: XmlElement | undefined }[] {
  const choice = object.local === 'AlternateContent' ? object.first('Choice') : object;
  const old = object.local === 'AlternateContent' ? object.first('Fallback') : undefined;
  const found = choice ? [...boxContents(choice)] : [];
  const twins = old ? [...boxContents(old)] : [];
  return found.map((element, i) => ({ element, twin: twins.length === found.length ? twins[i] : undefined }));
}

function* boxContents(parent: XmlElement): Generator<XmlElement> {
  for (const child of parent.elements()) {
    if (child.local === 'txbxContent') yield child;
    else if (child.local !== 'Fallback') yield* boxContents(child);
  }
}
