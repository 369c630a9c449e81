import { prefixOf, startTag } from '../edit-element.ts';
import type { XmlElement } from '../xml.ts';
import { escapeXml } from '../xml-text.ts';
import { type Look, parseDate } from './dates.ts';
import type { Cell } from './sheet.ts';
import { encodeControls, inlineString, type TextRun } from './strings.ts';

/** What a cell is to hold. */
export type Content =
  | { kind: 'empty' }
  | { kind: 'number'; value: string }
  | { kind: 'boolean'; value: boolean }
  | { kind: 'error'; value: string }
  | { kind: 'formula'; formula: string }
  | { kind: 'text'; runs: TextRun[]; looks?: Buffer };

const NUMBER = /^-?(?:0|[1-9]\d{0,14}|(?:0|[1-9]\d*)?\.\d+|[1-9]\d*\.)(?:[eE][+-]?\d{1,3})?$/;
const ERROR = /^#(?:N\/A|REF!|VALUE!|DIV\/0!|NAME\?|NUM!|NULL!)$/;

/**
 * What typed text means in a cell. A cell that holds text keeps text; numbers, days and truth values stay what they
 * are, and an empty cell takes what it is given. `=` begins a formula, `'=` a text that begins so.
 */
export function contentOfText(text: string, cell: Cell | undefined, look: Look, is1904: boolean): Content {
  if (text === '') return { kind: 'empty' };
  if (text.startsWith('=') && text.length > 1) return { kind: 'formula', formula: text.slice(1) };
  if (text.startsWith("'=")) return plain(text.slice(1));
  const holdsText = !cell?.formula && ['s', 'inlineStr', 'str'].includes(cell?.type ?? 'n') && hasValue(cell!);
  if (holdsText || look === 'text') return plain(text);
  if ((text === 'TRUE' || text === 'FALSE') && (cell?.type === 'b' || !cell || !hasValue(cell))) {
    return { kind: 'boolean', value: text === 'TRUE' };
  }
  if (cell?.type === 'e' && ERROR.test(text)) return { kind: 'error', value: text };
  const day = parseDate(text, look, is1904);
  if (day !== undefined && cell?.type !== 'd' && look !== 'number' && look !== 'percent') {
    return { kind: 'number', value: String(Number(day.toFixed(10))) };
  }
  if (NUMBER.test(text) && Number.isFinite(Number(text))) return { kind: 'number', value: text };
  if (look === 'percent' && text.endsWith('%') && NUMBER.test(text.slice(0, -1))) {
    return { kind: 'number', value: String(Number((Number(text.slice(0, -1)) / 100).toPrecision(15))) };
  }
  return plain(text);
}

function plain(text: string): Content {
  return { kind: 'text', runs: [{ text }] };
}

function hasValue(cell: Cell): boolean {
  return cell.element.first('v') !== undefined || cell.element.first('is') !== undefined;
}

/** The `<c>` that stands here, holding something else; its style and its place stay. */
export function writtenCell(cell: Cell, bytes: Buffer, content: Content): string {
  const { element } = cell;
  // Metadata (cm, vm) says what the old value was: a dynamic array, a picture in the cell.
  // An array formula of one cell stays one, with what makes it dynamic; larger ones are not changed (`bound-cells.ts`).
  const array = content.kind === 'formula' && cell.formula?.attr('t', '') === 'array' ? cell.formula : undefined;
  const gone = array ? { vm: undefined } : { cm: undefined, vm: undefined };
  const head = startTag(element, bytes, { t: typeOf(content), ...gone });
  const kept = [...element.elements()].filter((child) => !['f', 'v', 'is'].includes(child.local));
  const rest = kept.map((child) => bytes.toString('utf8', child.from, child.to)).join('');
  const prefix = prefixOf(element);
  const tag = array ? startTag(array, bytes, { 'xml:space': undefined }) : `<${prefix}f`;
  const inner = innerOf(content, prefix, tag) + rest;
  return inner === '' ? `${head}/>` : `${head}>${inner}</${element.name}>`;
}

/** A new `<c>`; `like` is any element of the sheet and gives the prefix. */
export function newCell(name: string, style: string | undefined, content: Content, like: XmlElement): string {
  const prefix = prefixOf(like);
  const type = typeOf(content);
  const head = `<${prefix}c r="${name}"${style ? ` s="${style}"` : ''}${type ? ` t="${type}"` : ''}`;
  const inner = innerOf(content, prefix);
  return inner === '' ? `${head}/>` : `${head}>${inner}</${prefix}c>`;
}

function typeOf(content: Content): string | undefined {
  if (content.kind === 'boolean') return 'b';
  if (content.kind === 'error') return 'e';
  return content.kind === 'text' ? 'inlineStr' : undefined;
}

function innerOf(content: Content, prefix: string, tag = `<${prefix}f`): string {
  const value = (text: string): string => `<${prefix}v>${escapeXml(text)}</${prefix}v>`;
  if (content.kind === 'empty') return '';
  if (content.kind === 'text') return inlineString(content.runs, content.looks, prefix);
  if (content.kind === 'formula') {
    const space = /^\s|\s$|\n/.test(content.formula) ? ' xml:space="preserve"' : '';
    return `${tag}${space}>${escapeXml(encodeControls(content.formula))}</${prefix}f>`;
  }
  return value(content.kind === 'boolean' ? (content.value ? '1' : '0') : content.value);
}
