import { prefixOf } from '../edit-element.ts';
import { BREAK } from '../kind.ts';
import { type Paragraph, withBreaks } from '../paragraphs.ts';
import { charsOf, type Piece } from '../runs.ts';
import type { XmlElement } from '../xml.ts';
import { escapeXml } from '../xml-text.ts';

/** A paragraph of DrawingML: runs of text, breaks, fields. Everything else in it stays as it is. */
export function paragraphOf(element: XmlElement, body: XmlElement, part: number, bytes: Buffer): Paragraph {
  const p = prefixOf(element);
  const raw = (each: XmlElement | undefined): string => (each ? bytes.toString('utf8', each.from, each.to) : '');
  const pieces: Piece[] = [];
  for (const child of element.elements()) pieces.push(...piecesOf(child, bytes, raw, p));
  const properties = element.first('pPr');
  const end = element.first('endParaRPr');
  const look = raw(element.first('r')?.first('rPr')) || asRunLook(raw(end), p);
  const run = (text: string): string =>
    withBreaks(text, (line) => runMarkup(line, look, p), `<${p}br>${look}</${p}br>`);
  return {
    part,
    pieces,
    outer: { from: element.from, to: element.to },
    container: { from: body.from, to: body.to },
    sibling: (text) => `<${p}p>${raw(properties)}${text === '' ? '' : run(text)}${raw(end)}</${p}p>`,
    lone: (text, behind) => {
      if (element.isSelfClosing) {
        return { at: element.from, del: element.to - element.from, ins: `<${p}p>${run(text)}</${p}p>` };
      }
      return { at: behind ?? properties?.to ?? element.innerFrom, del: 0, ins: run(text) };
    },
  };
}

function runMarkup(text: string, look: string, p: string): string {
  return text === '' ? '' : `<${p}r>${look}<${p}t>${escapeXml(text)}</${p}t></${p}r>`;
}

/** How text typed at the end of the paragraph would look. */
function asRunLook(end: string, p: string): string {
  return end.replace(`<${p}endParaRPr`, `<${p}rPr`).replace(`</${p}endParaRPr>`, `</${p}rPr>`);
}

function piecesOf(child: XmlElement, bytes: Buffer, raw: (each: XmlElement | undefined) => string, p: string): Piece[] {
  if (child.local === 'br') return [{ kind: 'mark', text: BREAK, from: child.from, to: child.to, end: child.to }];
  if (child.local === 'fld')
    return [{ kind: 'fixed', text: child.first('t')?.text ?? '', what: 'a field', end: child.to }];
  if (child.local !== 'r') return [];
  const run = { from: child.from, to: child.to };
  const look = raw(child.first('rPr'));
  const mark = `</${p}t></${p}r><${p}br>${look}</${p}br><${p}r>${look}<${p}t>`;
  const encode = (text: string): string => withBreaks(text, (line) => escapeXml(line), mark);
  const pieces: Piece[] = [];
  for (const node of child.first('t')?.children ?? []) {
    if (node.kind !== 'element') pieces.push(charsOf(bytes, node, { encode, end: child.to, run }));
  }
  return pieces;
}
