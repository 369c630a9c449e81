import { columnName } from '../cell-address.ts';
import type { Part, ViewLine } from '../kind.ts';
import { refused } from '../refused.ts';
import { Parts } from '../relations.ts';
import type { XmlElement } from '../xml.ts';
import { FieldStack } from './fields.ts';
import { fixedParagraph, type Paragraph, readParagraph, whyBound } from './paragraph.ts';
import { readStyles, type Styles } from './styles.ts';

/** One line of the view with what it stands on. */
export interface DocLine extends ViewLine {
  readonly paragraph: Paragraph;
  /** The same paragraph of a text box as older programs read it. */
  readonly twin?: Paragraph;
}

export interface Document {
  readonly parts: Parts;
  readonly main: number;
  readonly body: XmlElement;
  readonly styles: Styles;
  readonly lines: DocLine[];
}

/** Stories beside the body, by the type of the relationship that leads to them. */
const NOTES: Record<string, string> = { footnotes: 'footnote', endnotes: 'endnote', comments: 'comment' };

/** Takes a document apart into lines: the body, then headers, footers, footnotes, endnotes and comments. */
export function readDocument(source: readonly Part[]): Document {
  const parts = new Parts(source);
  const main = parts.related('', 'officeDocument');
  const body = main === undefined ? undefined : parts.root(main).first('body');
  if (main === undefined || !body) throw refused('it has no document');
  const styles = readStyles(parts, main);
  const reader = new Reader(parts, styles);
  reader.story(main, body, '');
  const relations = parts.relations(parts.name(main)).filter((relation) => !relation.isExternal);
  for (const type of ['header', 'footer']) {
    const targets = new Set(relations.filter((relation) => relation.type === type).map((relation) => relation.target));
    for (const [n, target] of [...targets].entries()) {
      const part = parts.find(target);
      if (part !== undefined) reader.story(part, parts.root(part), `${type}${n + 1}`);
    }
  }
  for (const [type, name] of Object.entries(NOTES)) {
    const part = parts.related(parts.name(main), type);
    if (part === undefined) continue;
    for (const note of parts.root(part).elements(name)) {
      if (note.attr('type') && note.attr('type') !== 'normal') continue;
      reader.story(part, note, `${name} ${note.attr('id')}`);
    }
  }
  return { parts, main, body, styles, lines: reader.lines };
}

/** `false` where it is switched off by name; an element that is merely there switches it on. */
export function isOn(element: XmlElement | undefined): boolean {
  if (!element) return false;
  return !['0', 'false', 'off'].includes(element.attr('val') ?? '1');
}

/** Does the document itself ask for changes to be tracked? */
export function tracksChanges({ parts, main }: Pick<Document, 'parts' | 'main'>): boolean {
  const settings = parts.related(parts.name(main), 'settings');
  return settings !== undefined && isOn(parts.root(settings).first('trackRevisions'));
}

class Reader {
  readonly lines: DocLine[] = [];
  readonly #parts: Parts;
  readonly #styles: Styles;
  #tables = 0;
  #part = 0;
  #story = '';
  #fields = new FieldStack();
  /** Why the paragraphs of the content control that is being read cannot be changed. */
  #fixed: string | undefined;

  constructor(parts: Parts, styles: Styles) {
    this.#parts = parts;
    this.#styles = styles;
  }

  story(part: number, root: XmlElement, name: string): void {
    this.#part = part;
    this.#story = name;
    this.#fields = new FieldStack();
    this.#blocks(root, name === '' ? '' : `${name}|`);
  }

  #blocks(parent: XmlElement, prefix: string, cell?: { address: string; isFirst: boolean }): void {
    for (const child of parent.elements()) {
      if (child.local === 'p') {
        const address = cell?.isFirst ? cell.address : undefined;
        if (cell) cell.isFirst = false;
        this.#line(child, prefix, address);
      } else if (child.local === 'tbl') this.#table(child);
      else if (child.local === 'sdt') {
        const content = child.first('sdtContent');
        const outer = this.#fixed;
        this.#fixed ??= whyBound(child.first('sdtPr'));
        if (content) this.#blocks(content, prefix, cell);
        this.#fixed = outer;
      } else if (child.local === 'customXml' || child.local === 'ins' || child.local === 'moveTo') {
        this.#blocks(child, prefix, cell);
      }
    }
  }

  #table(table: XmlElement): void {
    const name = `T${++this.#tables}`;
    const story = this.#story === '' ? '' : `${this.#story} `;
    let row = 0;
    for (const tr of this.#within(table, 'tr')) {
      row++;
      let column = 1 + Number(tr.first('trPr')?.first('gridBefore')?.attr('val') ?? 0);
      for (const tc of this.#within(tr, 'tc')) {
        const address = `${story}${name}!${columnName(column)}${row}`;
        this.#blocks(tc, `${address}|`, { address, isFirst: true });
        const span = Number(tc.first('tcPr')?.first('gridSpan')?.attr('val') ?? 1);
        column += span > 0 && span < 1000 ? span : 1;
      }
    }
  }

  /** Rows of a table or cells of a row, whatever wraps them. */
  *#within(parent: XmlElement, local: string): Generator<XmlElement> {
    for (const child of parent.elements()) {
      if (child.local === local) yield child;
      else if (child.local === 'sdt') {
        const outer = this.#fixed;
        this.#fixed ??= whyBound(child.first('sdtPr'));
        yield* this.#within(child.first('sdtContent') ?? child, local);
        this.#fixed = outer;
      } else if (child.local === 'customXml' || child.local === 'ins') yield* this.#within(child, local);
    }
  }

  #line(element: XmlElement, prefix: string, cell: string | undefined, twin?: XmlElement): void {
    const bytes = this.#parts.bytes(this.#part);
    const read = readParagraph(bytes, element, this.#fields);
    const paragraph = this.#fixed === undefined ? read : fixedParagraph(read, this.#fixed);
    const properties = element.first('pPr');
    const isGone = properties?.first('rPr')?.first('del') !== undefined && paragraph.text === '';
    if (!isGone) {
      const id = element.attr('paraId');
      const address = cell ?? (id === undefined ? undefined : `@${id}`);
      const level = this.#story === '' ? this.#styles.level(properties) : undefined;
      const { from, to } = element;
      this.lines.push({
        text: prefix + paragraph.text,
        ...(prefix === '' ? {} : { prefix }),
        ...(address === undefined ? {} : { address }),
        ...(level === undefined ? {} : { level }),
        part: this.#part,
        from,
        to,
        paragraph,
        ...(twin ? { twin: readParagraph(bytes, twin, new FieldStack()) } : {}),
      });
    }
    for (const box of paragraph.boxes) {
      const twins = box.twin ? [...box.twin.elements('p')] : [];
      const own = [...box.element.elements('p')];
      const isSame = twins.length === own.length && twins.every((p, i) => plainText(p) === plainText(own[i]!));
      for (const [i, p] of own.entries()) this.#line(p, `${prefix}box|`, undefined, isSame ? twins[i] : undefined);
    }
  }
}

function plainText(paragraph: XmlElement): string {
  return [...paragraph.descendants('t')].map((t) => t.text).join('');
}
