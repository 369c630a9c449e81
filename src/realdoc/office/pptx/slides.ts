import { columnName } from '../cell-address.ts';
import type { Paragraph } from '../paragraphs.ts';
import { refused } from '../refused.ts';
import { type Parts, relationId } from '../relations.ts';
import type { XmlElement } from '../xml.ts';
import { paragraphOf } from './text-body.ts';

/** Every paragraph of a presentation: slides in order, shapes as drawn, cells of tables, then the notes of the slide. */
export function paragraphsOf(parts: Parts): Paragraph[] {
  const main = parts.related('', 'officeDocument');
  if (main === undefined) throw refused('it has no presentation');
  const root = parts.root(main);
  if (root.local !== 'presentation') throw refused('its main part is no presentation', { part: parts.name(main) });
  const relations = new Map(parts.relations(parts.name(main)).map((each) => [each.id, each.target]));
  const out: Paragraph[] = [];
  let number = 0;
  for (const entry of root.first('sldIdLst')?.elements('sldId') ?? []) {
    number++;
    const part = parts.find(relations.get(relationId(entry) ?? ''));
    if (part === undefined) continue;
    const slide = parts.root(part);
    const hidden = ['0', 'false'].includes(slide.attr('show', '') ?? '');
    const names = new Map<string, number>();
    const tree = slide.first('cSld')?.first('spTree');
    if (tree) addShapes(out, tree, { parts, part, slide: number, hidden, names });
    const notes = parts.related(parts.name(part), 'notesSlide');
    const notesTree = notes === undefined ? undefined : parts.root(notes).first('cSld')?.first('spTree');
    for (const shape of notesTree?.elements('sp') ?? []) {
      const body = shape.first('txBody');
      if (body && placeholder(shape) === 'body') addBody(out, parts, notes!, body, `slide ${number} / notes`, '');
    }
  }
  return out;
}

interface At {
  parts: Parts;
  part: number;
  slide: number;
  hidden: boolean;
  names: Map<string, number>;
}

function addShapes(out: Paragraph[], tree: XmlElement, at: At): void {
  for (const shape of tree.elements()) {
    if (shape.local === 'grpSp') addShapes(out, shape, at);
    // The first choice is what PowerPoint shows; the fallback is for programs that do not know it.
    else if (shape.local === 'AlternateContent') {
      const choice = shape.first('Choice');
      if (choice) addShapes(out, choice, at);
    } else if (shape.local === 'sp') {
      const body = shape.first('txBody');
      const type = placeholder(shape);
      const level = type === 'title' || type === 'ctrTitle' ? 1 : undefined;
      if (body) addBody(out, at.parts, at.part, body, addressOf(shape, at), mark(at), level);
    } else if (shape.local === 'graphicFrame') {
      const table = shape.first('graphic')?.first('graphicData')?.first('tbl');
      if (table) addTable(out, table, addressOf(shape, at), at);
    }
  }
}

function addTable(out: Paragraph[], table: XmlElement, address: string, at: At): void {
  let row = 0;
  for (const line of table.elements('tr')) {
    row++;
    let column = 0;
    for (const cell of line.elements('tc')) {
      column++;
      const isCovered = ['hMerge', 'vMerge'].some((name) => ['1', 'true'].includes(cell.attr(name, '') ?? ''));
      const body = cell.first('txBody');
      if (body && !isCovered) addBody(out, at.parts, at.part, body, `${address} ${columnName(column)}${row}`, mark(at));
    }
  }
}

function addBody(
  out: Paragraph[],
  parts: Parts,
  part: number,
  body: XmlElement,
  address: string,
  hidden: string,
  level?: number,
): void {
  const prefix = `${address}${hidden}|`;
  for (const element of body.elements('p')) {
    const paragraph = paragraphOf(element, body, part, parts.bytes(part));
    out.push({ ...paragraph, prefix, address, ...(level ? { level } : {}) });
  }
}

function mark(at: At): string {
  return at.hidden ? ' (hidden)' : '';
}

/** `slide 3 / Title 1`; a second shape of that name on the slide is `slide 3 / Title 1 #2`. */
function addressOf(shape: XmlElement, at: At): string {
  const first = [...shape.elements()][0];
  const name = (first?.first('cNvPr')?.attr('name', '') ?? '').replaceAll(/[\s|]+/g, ' ').trim() || 'shape';
  const count = (at.names.get(name) ?? 0) + 1;
  at.names.set(name, count);
  return `slide ${at.slide} / ${name}${count > 1 ? ` #${count}` : ''}`;
}

function placeholder(shape: XmlElement): string | undefined {
  const place = shape.first('nvSpPr')?.first('nvPr')?.first('ph');
  return place && (place.attr('type', '') ?? 'obj');
}
