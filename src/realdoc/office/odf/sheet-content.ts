import { startTag } from '../edit-element.ts';
import { BREAK } from '../kind.ts';
import type { XmlElement } from '../xml.ts';
import { escapeXml } from '../xml-text.ts';
import { encodeInline, TEXT } from './inline.ts';
import { storedFormula } from './open-formula.ts';
import { OFFICE, paragraphsIn, TABLE, typeOf } from './spreadsheet.ts';

/** What a cell is to hold: attributes of the office namespace, its formula, and the text that is shown. */
export interface OdsContent {
  kind: 'empty' | 'value' | 'text' | 'formula';
  values: Record<string, string>;
  formula?: string;
  text: string;
}

const NUMBER = /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/** What typed text means in a cell: numbers, days and truth values stay what they are, and a text stays a text. */
export function contentOfText(text: string, cell: XmlElement | undefined): OdsContent {
  const value = (type: string, values: Record<string, string>): OdsContent => ({
    kind: 'value',
    values: { 'value-type': type, ...values },
    text,
  });
  if (text === '') return { kind: 'empty', values: {}, text };
  if (text.startsWith('=') && text.length > 1) {
    return { kind: 'formula', values: {}, formula: storedFormula(text), text: '' };
  }
  const plain = text.startsWith("'=") ? text.slice(1) : text;
  const type = cell && cell.attr('formula', TABLE) === undefined ? typeOf(cell) : undefined;
  if (type === 'string') return textContent(plain);
  if (type === 'date' && /^\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?$/.test(text) && isDay(text)) {
    const iso = text.replace(' ', 'T');
    return value('date', { 'date-value': /T\d\d:\d\d$/.test(iso) ? `${iso}:00` : iso });
  }
  const time = type === 'time' ? /^(\d{1,4}):(\d\d)(?::(\d\d))?$/.exec(text) : null;
  if (time) return value('time', { 'time-value': `PT${time[1]!.padStart(2, '0')}H${time[2]}M${time[3] ?? '00'}S` });
  if (type === 'percentage' && text.endsWith('%') && NUMBER.test(text.slice(0, -1))) {
    return value('percentage', { value: String(Number((Number(text.slice(0, -1)) / 100).toPrecision(15))) });
  }
  if (isNumber(text)) {
    const kept = type === 'percentage' || type === 'currency' ? type : 'float';
    const currency = type === 'currency' ? cell?.attr('currency', OFFICE) : undefined;
    return value(kept, { value: String(Number(text)), ...(currency ? { currency } : {}) });
  }
  if ((text === 'TRUE' || text === 'FALSE') && (type === undefined || type === 'boolean')) {
    return value('boolean', { 'boolean-value': text.toLowerCase() });
  }
  return textContent(plain);
}

export function textContent(text: string): OdsContent {
  return { kind: 'text', values: { 'value-type': 'string' }, text };
}

function isNumber(text: string): boolean {
  const digits = text.replaceAll(/[^\d]/g, '').replace(/^0+/, '');
  return NUMBER.test(text) && !/^-?0\d/.test(text) && digits.length <= 15 && Number.isFinite(Number(text));
}

function isDay(text: string): boolean {
  const at = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().slice(0, 10) === text.slice(0, 10);
}

const VALUES = new Set([
  'value-type',
  'value',
  'date-value',
  'time-value',
  'boolean-value',
  'string-value',
  'currency',
]);

/** Prefixes that the part has bound for the namespaces that a cell needs. */
export interface Prefixes {
  office: string;
  table: string;
  text: string;
}

export function prefixesOf(root: XmlElement): Prefixes {
  const of = (uri: string, usual: string): string => {
    const bound = root.attributes.find((a) => a.name.startsWith('xmlns:') && a.value === uri);
    return `${bound ? bound.name.slice(6) : usual}:`;
  };
  return { office: of(OFFICE, 'office'), table: of(TABLE, 'table'), text: of(TEXT, 'text') };
}

/** The cell with another content: style, validation, notes and drawings stay. One cell, however many it stood for. */
export function writtenCell(cell: XmlElement, bytes: Buffer, content: OdsContent, p: Prefixes): string {
  const change: Record<string, string | undefined> = {};
  for (const a of cell.attributes) {
    const isValue = VALUES.has(a.local) && (a.uri === OFFICE || a.local === 'value-type');
    const isPlace = a.uri === TABLE && /^(?:formula|number-columns-repeated)$/.test(a.local);
    // An array formula of one cell stays one; larger ones are not changed.
    const isMatrix =
      a.uri === TABLE && content.kind !== 'formula' && /^number-matrix-(?:columns|rows)-spanned$/.test(a.local);
    if (isValue || isPlace || isMatrix) change[a.name] = undefined;
  }
  const head = startTag(cell, bytes, change) + attributesOf(content, p);
  const paragraphs = new Set(paragraphsIn(cell));
  const kept = [...cell.elements()].filter((child) => !paragraphs.has(child));
  const inner = kept.map((child) => bytes.toString('utf8', child.from, child.to)).join('') + paragraphsOf(content, p);
  return inner === '' ? `${head}/>` : `${head}>${inner}</${cell.name}>`;
}

export function newCell(content: OdsContent, p: Prefixes): string {
  return `<${p.table}table-cell${attributesOf(content, p)}>${paragraphsOf(content, p)}</${p.table}table-cell>`;
}

/** The same cell, for another number of cells. */
export function repeatedCell(cell: XmlElement, bytes: Buffer, count: number, p: Prefixes): string {
  const name = cell.attribute('number-columns-repeated', TABLE)?.name ?? `${p.table}number-columns-repeated`;
  const head = startTag(cell, bytes, { [name]: count > 1 ? String(count) : undefined });
  const inner = bytes.toString('utf8', cell.innerFrom, cell.innerTo);
  return cell.isSelfClosing ? `${head}/>` : `${head}>${inner}</${cell.name}>`;
}

function attributesOf(content: OdsContent, p: Prefixes): string {
  const formula =
    content.formula === undefined ? '' : ` ${p.table}formula="${escapeXml(content.formula, 'attribute')}"`;
  const values = Object.entries(content.values).map(
    ([name, value]) => ` ${p.office}${name}="${escapeXml(value, 'attribute')}"`,
  );
  return formula + values.join('');
}

/** Lines of a cell are paragraphs of their own. */
function paragraphsOf(content: OdsContent, p: Prefixes): string {
  if (content.text === '') return '';
  const lines = content.text.split(BREAK).map((line) => `<${p.text}p>${encodeInline(line, p.text)}</${p.text}p>`);
  return lines.join('');
}
