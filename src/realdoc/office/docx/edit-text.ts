import { prefixOf, replaceBytes } from '../edit-element.ts';
import type { PartSplice } from '../kind.ts';
import { BREAK } from '../kind.ts';
import { type TextHunk, Unsafe } from '../runs.ts';
import type { XmlElement } from '../xml.ts';
import { escapeXml } from '../xml-text.ts';
import { type Paragraph, type Segment, sourceOf } from './paragraph.ts';

/** Where new text goes: into a segment, in front of it or behind it, or into a run of its own at a byte. */
export type Host = { segment: Segment; at: number } | { lone: number; like: XmlElement | undefined };

/**
 * Throws `Unsafe` where a hunk reaches over the edge of a field, a link, a content control or a drawing, or meets text
 * that is worked out. Bookmarks, comments and spelling marks in between stay where they are.
 */
export function refuseUnsafe(paragraph: Paragraph, { from, to }: TextHunk): void {
  for (const { at, what } of paragraph.boundaries) if (from < at && at < to) throw new Unsafe(what);
  for (const segment of paragraph.segments) {
    const isTouched = from === to ? segment.from < from && from < segment.to : segment.from < to && segment.to > from;
    if (isTouched && segment.kind === 'fixed') throw new Unsafe(segment.what ?? 'fixed text');
  }
}

/** Stretches of a paragraph that may be changed as a whole, for the error that says what may not. */
export function safeStretches(paragraph: Paragraph): { from: number; to: number; text: string }[] {
  const edges = new Set([0, paragraph.text.length, ...paragraph.boundaries.map((boundary) => boundary.at)]);
  for (const { kind, from, to } of paragraph.segments) if (kind === 'fixed') edges.add(from).add(to);
  const sorted = [...edges].sort((a, b) => a - b);
  return sorted.slice(1).flatMap((to, i) => {
    const from = sorted[i]!;
    const isFixed = paragraph.segments.some((s) => s.kind === 'fixed' && s.from < to && s.to > from);
    return isFixed || from === to ? [] : [{ from, to, text: paragraph.text.slice(from, to) }];
  });
}

/**
 * The run whose look new text takes: the first one it replaces; put in between, the one before, unless that one is
 * inside a link or a control and the one behind is not.
 */
export function hostOf(paragraph: Paragraph, hunk: TextHunk): Host {
  const { segments } = paragraph;
  const touched = segments.filter((s) => s.from < hunk.to && s.to > hunk.from);
  const replaced = touched.find((s) => s.kind === 'text') ?? touched[0];
  if (replaced) return { segment: replaced, at: Math.max(replaced.from, hunk.from) };
  const inside = segments.find((s) => s.from < hunk.from && hunk.from < s.to);
  if (inside) return { segment: inside, at: hunk.from };
  const free = segments.filter((s) => s.kind !== 'fixed');
  const left = free.findLast((s) => s.to === hunk.from && s.to > s.from);
  const right = free.find((s) => s.from === hunk.from && s.to > s.from);
  const isShared = left && right && left.chain.at(-1) === right.chain.at(-1);
  if (left && (left.chain.length === 0 || isShared)) return { segment: left, at: hunk.from };
  if (right && right.chain.length === 0) return { segment: right, at: hunk.from };
  const beside = left ?? right;
  const hollow = free.find((s) => s.kind === 'text' && s.to === s.from && s.from === hunk.from && s.chain.length === 0);
  if (hollow) return { segment: hollow, at: hunk.from };
  if (!beside) return aloneIn(paragraph, hunk.from);
  const outer = outermost(beside.run, paragraph.element);
  // At the edge of a complex field the outermost is a run of it: its end is several runs away.
  if (outer === beside.run) return { segment: beside, at: hunk.from };
  return { lone: left ? outer.to : outer.from, like: undefined };
}

/** A paragraph without text that could take it: a new run beside whatever stands there. */
function aloneIn(paragraph: Paragraph, at: number): Host {
  const { element, segments } = paragraph;
  const next = segments.find((s) => s.from >= at);
  const before = segments.findLast((s) => s.to <= at);
  const like = [...element.elements('r')].find((run) => run.first('rPr'));
  if (next) return { lone: outermost(next.run, element).from, like };
  if (before) return { lone: outermost(before.run, element).to, like };
  return { lone: element.innerTo, like };
}

/** The child of the paragraph that holds a run. */
function outermost(run: XmlElement, paragraph: XmlElement): XmlElement {
  let at = run;
  while (at.parent && at.parent !== paragraph) at = at.parent;
  return at;
}

/** Splices that make the hunks so, each run keeping its look. Hunks are sorted and do not overlap. */
export function spliceText(bytes: Buffer, paragraph: Paragraph, hunks: readonly TextHunk[]): PartSplice[] {
  const edits = new Map<Segment, TextHunk[]>();
  const out: PartSplice[] = [];
  const note = (segment: Segment, edit: TextHunk): void => {
    edits.set(segment, [...(edits.get(segment) ?? []), edit]);
  };
  for (const hunk of hunks) {
    refuseUnsafe(paragraph, hunk);
    const host = hunk.text === '' ? undefined : hostOf(paragraph, hunk);
    for (const segment of paragraph.segments) {
      const from = Math.max(segment.from, hunk.from);
      const to = Math.min(segment.to, hunk.to);
      const isHost = host !== undefined && 'segment' in host && host.segment === segment;
      if (isHost)
        note(segment, { from: host.at - segment.from, to: Math.max(host.at, to) - segment.from, text: hunk.text });
      else if (from < to) note(segment, { from: from - segment.from, to: to - segment.from, text: '' });
    }
    if (host && 'lone' in host) out.push(...loneRun(bytes, paragraph, host, hunk.text));
  }
  const gone = emptied(edits);
  for (const run of gone) out.push({ at: run.from, del: run.to - run.from, ins: '' });
  for (const [segment, own] of edits) if (!gone.has(segment.run)) out.push(...spliceSegment(bytes, segment, own));
  return out.sort((a, b) => a.at - b.at || a.del - b.del);
}

function loneRun(
  bytes: Buffer,
  paragraph: Paragraph,
  host: Extract<Host, { lone: number }>,
  text: string,
): PartSplice[] {
  const { element } = paragraph;
  const q = prefixOf(element);
  const run = `<${q}r>${runLook(bytes, paragraph, host.like)}${textXml(text, q)}</${q}r>`;
  return [inside(element, host.lone, run)];
}

/** Content for an element, which may have been written as `<w:p/>`. */
export function inside(element: XmlElement, at: number, content: string): PartSplice {
  if (!element.isSelfClosing) return { at, del: 0, ins: content };
  return { at: element.to - 2, del: 2, ins: `>${content}</${element.name}>` };
}

/** Run properties as bytes: of the given run, else what the paragraph says of its mark. */
export function runLook(bytes: Buffer, paragraph: Paragraph, like: XmlElement | undefined): string {
  const own = like?.first('rPr');
  if (own) return bytes.toString('utf8', own.from, own.to);
  const mark = paragraph.element.first('pPr')?.first('rPr');
  if (!mark) return '';
  const kept = [...mark.elements()].filter((e) => !TRACKING.has(e.local));
  if (kept.length === 0) return '';
  const inner = kept.map((e) => bytes.toString('utf8', e.from, e.to)).join('');
  return `<${mark.name}>${inner}</${mark.name}>`;
}

/** What a paragraph mark says of its own coming and going. */
export const TRACKING = new Set(['ins', 'del', 'moveFrom', 'moveTo', 'rPrChange']);

/** Runs of which nothing is left and to which nothing comes. */
function emptied(edits: ReadonlyMap<Segment, readonly TextHunk[]>): Set<XmlElement> {
  const gone = new Set<XmlElement>();
  const byRun = Map.groupBy(edits.keys(), (segment) => segment.run);
  for (const [run, segments] of byRun) {
    const isWhole = segments.every((segment) => {
      const left = edits.get(segment)!.reduce((n, e) => n - (e.to - e.from) + e.text.length, segment.text.length);
      return left === 0;
    });
    const nodes = new Set(segments.map((segment) => segment.node));
    const hasMore = [...run.elements()].some((e) => e.local !== 'rPr' && !nodes.has(e));
    if (isWhole && !hasMore) gone.add(run);
  }
  return gone;
}

function spliceSegment(bytes: Buffer, segment: Segment, edits: readonly TextHunk[]): PartSplice[] {
  const { node, decoded } = segment;
  const q = prefixOf(node);
  const sorted = edits.toSorted((a, b) => a.from - b.from);
  if (segment.kind === 'mark') {
    return sorted.map(({ from, to, text: ins }) => {
      const at = from === 0 ? node.from : node.to;
      return { at, del: to > from ? node.to - node.from : 0, ins: textXml(ins, q) };
    });
  }
  if (decoded) {
    return sorted.map(({ from, to, text: ins }) => {
      const at = decoded.at(from);
      return { at, del: decoded.at(to) - at, ins: insideText(ins, q) };
    });
  }
  const source = sourceOf(segment);
  let now = '';
  let at = 0;
  for (const edit of sorted) {
    now += escapeXml(source.slice(at, edit.from)) + insideText(edit.text, q);
    at = edit.to;
  }
  now += escapeXml(source.slice(at));
  const empty = `<${q}t xml:space="preserve"></${q}t>`;
  const xml = `<${q}t xml:space="preserve">${now}</${q}t>`.replaceAll(empty, '');
  return replaceBytes(bytes, node.from, node.to, xml || `<${q}t></${q}t>`);
}

/** Text as run content: elements of their own for tabs and line breaks. */
export function textXml(text: string, q: string): string {
  const pieces = text.split(/([\t↵])/);
  return pieces
    .map((piece) => {
      if (piece === '\t') return `<${q}tab/>`;
      if (piece === BREAK) return `<${q}br/>`;
      if (piece === '') return '';
      return `<${q}t xml:space="preserve">${escapeXml(piece)}</${q}t>`;
    })
    .join('');
}

/** The same in the middle of a `w:t`, which is closed and opened again around tabs and breaks. */
function insideText(text: string, q: string): string {
  return escapeXml(text).replaceAll(/[\t↵]/g, (c) => {
    return `</${q}t><${q}${c === '\t' ? 'tab' : 'br'}/><${q}t xml:space="preserve">`;
  });
}
