import { columnName } from '../cell-address.ts';
import { startTag } from '../edit-element.ts';
import type { Paragraph } from '../paragraphs.ts';
import { refused } from '../refused.ts';
import type { Parts } from '../relations.ts';
import type { XmlElement } from '../xml.ts';
import { encodeInline, inlinePieces, keepSpaces, prefixOfText, TEXT } from './inline.ts';

const DRAWING = 'urn:oasis:names:tc:opendocument:xmlns:drawing:1.0';

/** Made from the rest of the document by the program: not typed. */
const MADE =
  /^(?:table-of-content|alphabetical-index|bibliography|illustration-index|object-index|table-index|user-index|tracked-changes)$/;

/** Paragraphs, headings, list items and table cells in reading order; then notes, headers and footers. */
export function textParagraphs(parts: Parts): Paragraph[] {
  const part = parts.find('content.xml');
  if (part === undefined) throw refused('it has no content.xml');
  const body = parts.root(part).first('body')?.first('text');
  if (!body) throw refused('it is no text document', { part: 'content.xml' });
  const walk = new Walk(part, parts.bytes(part));
  walk.inside(body, '');
  walk.notes();
  const out = walk.paragraphs;
  const styles = parts.find('styles.xml');
  const masters = styles === undefined ? undefined : parts.root(styles).first('master-styles');
  for (const page of masters?.elements('master-page') ?? []) {
    for (const area of page.elements()) {
      if (!/^(?:header|footer)/.test(area.local)) continue;
      const edge = new Walk(styles!, parts.bytes(styles!));
      const name = page.attr('display-name') ?? page.attr('name') ?? '';
      edge.inside(area, `${area.local} ${name}`.trim());
      out.push(...edge.paragraphs);
    }
  }
  return out;
}

class Walk {
  readonly paragraphs: Paragraph[] = [];
  readonly #part: number;
  readonly #bytes: Buffer;
  readonly #notes: XmlElement[] = [];
  #tables = 0;

  constructor(part: number, bytes: Buffer) {
    this.#part = part;
    this.#bytes = bytes;
  }

  inside(container: XmlElement, address: string): void {
    for (const child of container.elements()) {
      const { local } = child;
      if (local === 'p' || local === 'h') this.#paragraph(child, container, address);
      else if (local === 'table') this.#table(child);
      else if (!MADE.test(local) && local !== 'annotation') this.inside(child, address);
    }
  }

  /** Bodies of foot and end notes, after the text that refers to them. */
  notes(): void {
    for (const note of this.#notes.splice(0)) {
      const body = note.first('note-body');
      const mark = note.first('note-citation')?.text ?? '';
      if (body) this.inside(body, `${note.attr('note-class', TEXT) ?? 'note'} ${mark}`.trim());
    }
  }

  #table(table: XmlElement): void {
    this.#tables++;
    const name = (table.attr('name') ?? `Table${this.#tables}`).replaceAll(/[\s|]+/g, ' ');
    let row = 0;
    const rows = (holder: XmlElement): void => {
      for (const each of holder.elements()) {
        if (each.local !== 'table-row') {
          if (/^table-(?:header-rows|rows|row-group)$/.test(each.local)) rows(each);
          continue;
        }
        row++;
        let column = 0;
        for (const cell of each.elements()) {
          if (cell.local !== 'table-cell' && cell.local !== 'covered-table-cell') continue;
          column += Number(cell.attr('number-columns-repeated') ?? 1);
          if (cell.local === 'table-cell') this.inside(cell, `${name} ${columnName(column)}${row}`);
        }
        row += Number(each.attr('number-rows-repeated') ?? 1) - 1;
      }
    };
    rows(table);
  }

  #paragraph(element: XmlElement, parent: XmlElement, address: string): void {
    const bytes = this.#bytes;
    const p = prefixOfText(element);
    const pieces = inlinePieces(element, bytes);
    const item = parent.local === 'list-item' && [...parent.elements()].length === 1 ? parent : undefined;
    const outer = item ?? element;
    const list = outer.parent!;
    const level = element.local === 'h' ? Number(element.attr('outline-level', TEXT) ?? 1) || 1 : undefined;
    this.paragraphs.push({
      part: this.#part,
      pieces,
      outer: { from: outer.from, to: outer.to },
      container: { from: list.from, to: list.to },
      ...(address === '' ? {} : { prefix: `${address}|`, address }),
      ...(level ? { level } : {}),
      ...([...element.descendants()].some((each) => each.uri === DRAWING) ? { unseen: 'a picture or a frame' } : {}),
      sibling: (text) => {
        const paragraph = siblingOf(element, bytes, p, text);
        return item ? `${startTag(item, bytes, { 'xml:id': undefined })}>${paragraph}</${item.name}>` : paragraph;
      },
      lone: (text, behind) => {
        const ins = encodeInline(text, p);
        if (!element.isSelfClosing) return { at: behind ?? element.innerFrom, del: 0, ins };
        const opened = `${startTag(element, bytes, {})}>${ins}</${element.name}>`;
        return { at: element.from, del: element.to - element.from, ins: opened };
      },
      adjust: (hunks) => keepSpaces(pieces, hunks),
    });
    for (const inner of element.descendants()) {
      if (inner.local === 'note' && inner.uri === TEXT) this.#notes.push(inner);
      else if (inner.local === 'text-box' && !isInNote(inner, element)) this.inside(inner, address || 'frame');
    }
  }
}

function isInNote(element: XmlElement, top: XmlElement): boolean {
  for (let at = element.parent; at && at !== top; at = at.parent) {
    if (at.local === 'note' || at.local === 'text-box') return true;
  }
  return false;
}

/** After a heading comes text that looks as the text after it does; anything else has its like beside it. */
function siblingOf(element: XmlElement, bytes: Buffer, p: string, text: string): string {
  const written = encodeInline(text, p);
  if (element.local === 'h') {
    const following = element.parent!.children.slice(element.parent!.children.indexOf(element) + 1);
    const next = following.find((each) => each.kind === 'element' && each.local === 'p');
    const head =
      next?.kind === 'element'
        ? startTag(next, bytes, { 'xml:id': undefined })
        : `<${p}p ${p}style-name="Text_20_body"`;
    return `${head}>${written}</${p}p>`;
  }
  const head = startTag(element, bytes, { 'xml:id': undefined });
  const [first, ...others] = element.children;
  const isOneSpan = others.length === 0 && first?.kind === 'element' && first.local === 'span' && first.uri === TEXT;
  const inner = isOneSpan ? `${startTag(first, bytes, {})}>${written}</${first.name}>` : written;
  return `${head}>${inner}</${element.name}>`;
}
