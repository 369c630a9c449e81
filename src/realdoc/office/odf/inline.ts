import { BREAK } from '../kind.ts';
import type { CharsPiece, Piece, TextHunk } from '../runs.ts';
import { textOfPieces } from '../runs.ts';
import type { XmlElement } from '../xml.ts';
import type { XmlText } from '../xml-scan.ts';
import { decodeXml, escapeXml } from '../xml-text.ts';

export const TEXT = 'urn:oasis:names:tc:opendocument:xmlns:text:1.0';

/** Elements whose text is the paragraph's own. */
const TRANSPARENT = new Set(['span', 'a', 'meta', 'ruby', 'ruby-base']);
/** Elements without text of the paragraph: marks, and what has paragraphs of its own. */
const SILENT = new Set([
  'bookmark',
  'bookmark-start',
  'bookmark-end',
  'reference-mark',
  'reference-mark-start',
  'reference-mark-end',
  'change',
  'change-start',
  'change-end',
  'soft-page-break',
  'note',
  'ruby-text',
  'toc-mark',
  'toc-mark-start',
  'toc-mark-end',
  'alphabetical-index-mark',
  'alphabetical-index-mark-start',
  'alphabetical-index-mark-end',
]);

/** What a paragraph or heading says, by the rules of OpenDocument 1.3 part 3, 6.1.2: white space counts once. */
export function inlinePieces(paragraph: XmlElement, bytes: Buffer): Piece[] {
  return new Reader(bytes, prefixOfText(paragraph)).read(paragraph);
}

class Reader {
  readonly #bytes: Buffer;
  readonly #p: string;
  readonly #pieces: Piece[] = [];
  #afterSpace = true;

  constructor(bytes: Buffer, p: string) {
    this.#bytes = bytes;
    this.#p = p;
  }

  read(paragraph: XmlElement): Piece[] {
    this.#inside(paragraph, undefined);
    return this.#pieces;
  }

  #inside(element: XmlElement, run: CharsPiece['run']): void {
    for (const child of element.children) {
      if (child.kind !== 'element') this.#text(child, run, run?.to ?? child.to);
      else this.#element(child);
    }
  }

  #element(child: XmlElement): void {
    if (child.uri !== TEXT || SILENT.has(child.local)) return;
    if (TRANSPARENT.has(child.local)) {
      const isPlain = child.local === 'span' && child.children.every((each) => each.kind !== 'element');
      return this.#inside(child, isPlain ? { from: child.from, to: child.to } : undefined);
    }
    const { from, to, local } = child;
    const text =
      local === 's' ? ' '.repeat(spaces(child)) : local === 'tab' ? '\t' : local === 'line-break' ? BREAK : undefined;
    this.#afterSpace = false;
    const encode = (ins: string, before: string, after: string): string => encodeInline(ins, this.#p, before, after);
    if (text !== undefined) this.#pieces.push({ kind: 'mark', text, from, to, end: to, encode });
    else this.#pieces.push({ kind: 'fixed', text: child.text.replaceAll(/\s+/g, ' '), what: 'a field', end: to });
  }

  /** Text as it is written, in stretches: white space that does not count stands under no character. */
  #text(node: XmlText, run: CharsPiece['run'], end: number): void {
    const decoded = decodeXml(this.#bytes, node);
    const stop = node.kind === 'cdata' ? node.to - ']]>'.length : node.to;
    const at = (index: number): number => Math.min(stop, decoded.at(index));
    const { text } = decoded;
    let from = 0;
    const push = (to: number, shown: string): void => {
      if (to > from) this.#pieces.push(this.#chars(shown, from, to, at, run, end, node.kind === 'cdata'));
      from = to;
    };
    for (const match of text.matchAll(/[ \t\r\n]+/g)) {
      const [space] = match;
      const isLeading = match.index === 0 && this.#afterSpace;
      this.#afterSpace = false;
      if (space === ' ' && !isLeading) continue;
      push(match.index, text.slice(from, match.index));
      push(match.index + space.length, isLeading ? '' : ' ');
    }
    push(text.length, text.slice(from));
    if (text !== '') this.#afterSpace = /[ \t\r\n]$/.test(text);
  }

  #chars(
    shown: string,
    from: number,
    to: number,
    at: (index: number) => number,
    run: CharsPiece['run'],
    end: number,
    isCdata: boolean,
  ): CharsPiece {
    const isWhole = shown.length === to - from;
    const place = (index: number): number => at(isWhole ? from + index : index >= shown.length ? to : from);
    const encode = (ins: string, before: string, after: string): string =>
      isCdata ? ins.replaceAll(']]>', ']]]]><![CDATA[>') : encodeInline(ins, this.#p, before, after);
    const ghost = shown === '' ? { ghost: { from: at(from), to: at(to) } } : {};
    return { kind: 'chars', text: shown, at: place, encode, end, ...ghost, ...(run ? { run } : {}) };
  }
}

function spaces(element: XmlElement): number {
  return Math.min(10_000, Math.max(0, Number(element.attr('c', TEXT) ?? 1) || 0));
}

/** `text:` or what the part has bound instead. */
export function prefixOfText(paragraph: XmlElement): string {
  return paragraph.name.slice(0, paragraph.name.length - paragraph.local.length);
}

/** Text as OpenDocument writes it: a space that would not count, tabs and breaks are elements. */
export function encodeInline(text: string, p: string, before = '', after = ''): string {
  let out = '';
  for (const match of text.matchAll(/ +|\t|↵|[^ \t↵]+/g)) {
    const [token] = match;
    if (token === '\t') out += `<${p}tab/>`;
    else if (token === BREAK) out += `<${p}line-break/>`;
    else if (!token.startsWith(' ')) out += escapeXml(token);
    else {
      const previous = match.index === 0 ? before : text[match.index - 1]!;
      const next = match.index + token.length === text.length ? after : 'x';
      const isOwn = previous !== '' && previous !== ' ' && previous !== BREAK && previous !== '\t' && next !== '';
      const rest = token.length - (isOwn ? 1 : 0);
      out += (isOwn ? ' ' : '') + (rest === 0 ? '' : rest === 1 ? `<${p}s/>` : `<${p}s ${p}c="${rest}"/>`);
    }
  }
  return out;
}

/** Where a change would leave two spaces side by side, or one at the beginning, the second is written anew. */
export function keepSpaces(pieces: readonly Piece[], hunks: readonly TextHunk[]): TextHunk[] {
  const text = textOfPieces(pieces);
  const out: TextHunk[] = [];
  for (const hunk of hunks) {
    const last = out.at(-1);
    if (last && last.to === hunk.from) {
      last.to = hunk.to;
      last.text += hunk.text;
    } else out.push({ ...hunk });
    const open = out.at(-1)!;
    const before = open.text === '' ? text.slice(Math.max(0, open.from - 1), open.from) : open.text.at(-1)!;
    const isTaken = hunks.some((other) => other.from === open.to && other !== hunk && other.from >= hunk.to);
    if (text[open.to] !== ' ' || isTaken || (before !== '' && before !== ' ')) continue;
    open.to++;
    open.text += ' ';
  }
  return out;
}
