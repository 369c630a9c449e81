import type { PartSplice } from './kind.ts';
import type { XmlElement } from './xml.ts';

/** The smallest splice that turns bytes [from, to) into `text`; none where they are equal. Cuts between characters. */
export function replaceBytes(bytes: Buffer, from: number, to: number, text: string): PartSplice[] {
  const old = bytes.toString('utf8', from, to);
  if (old === text) return [];
  const most = Math.min(old.length, text.length);
  let start = 0;
  while (start < most && old[start] === text[start]) start++;
  if (isHigh(old.charCodeAt(start - 1))) start--;
  let end = 0;
  while (end < most - start && old[old.length - 1 - end] === text[text.length - 1 - end]) end++;
  if (isLow(old.charCodeAt(old.length - end))) end--;
  const at = from + Buffer.byteLength(old.slice(0, start));
  return [
    { at, del: Buffer.byteLength(old.slice(start, old.length - end)), ins: text.slice(start, text.length - end) },
  ];
}

function isHigh(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

function isLow(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}

/**
 * The start tag of an element without its bracket at the end, attributes as written, some of them left out, changed or
 * added. Values are written as given: escape them before.
 */
export function startTag(
  element: XmlElement,
  bytes: Buffer,
  change: Readonly<Record<string, string | undefined>>,
): string {
  let out = `<${element.name}`;
  const left = new Map(Object.entries(change));
  for (const a of element.attributes) {
    const raw = left.has(a.name) ? left.get(a.name) : bytes.toString('utf8', a.from, a.to);
    left.delete(a.name);
    const quote = String.fromCharCode(bytes[a.from - 1]!);
    if (raw !== undefined) out += ` ${a.name}=${quote}${raw}${quote}`;
  }
  for (const [name, value] of left) if (value !== undefined) out += ` ${name}="${value}"`;
  return out;
}

/** `prefix:` of the element as written, for another element of the same namespace. */
export function prefixOf(element: XmlElement): string {
  return element.name.slice(0, element.name.length - element.local.length);
}

/**
 * What no later version may have touched so that a change of the element means the same: all of it but the outermost
 * brackets, so that what is put in right before or behind it stays apart.
 */
export function insideOf(element: { from: number; to: number }): { from: number; to: number } {
  return { from: element.from + 1, to: element.to - 1 };
}
