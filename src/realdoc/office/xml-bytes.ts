import { isUtf8 } from 'node:buffer';
import { refused } from './refused.ts';

/** The byte order mark, as the string below shows it. */
export const BOM = '\u01ef\u01bb\u01bf';

/**
 * A string whose characters are the bytes of the part, so that every position of saxes is a byte offset. Bytes over 127
 * become letters (U+0180 to U+01FF), which stand wherever a character of UTF-8 may stand in XML.
 */
export function oneCharacterPerByte(bytes: Buffer, part: string): string {
  const [a, b, c, d] = bytes;
  const isUtf16 =
    (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) || (a === 0 && b === 60) || (a === 60 && b === 0);
  if (isUtf16 || (a === 0 && b === 0 && (c === 0xfe || d === 60))) throw refused('UTF-16', { part });
  if (!isUtf8(bytes)) throw refused('not UTF-8', { part });
  // U+FFFE and U+FFFF are no characters of XML.
  for (let at = bytes.indexOf(0xef); at >= 0; at = bytes.indexOf(0xef, at + 1)) {
    if (bytes[at + 1] === 0xbf && bytes[at + 2]! >= 0xbe) throw refused('not well-formed XML', { part, at });
  }
  return bytes.toString('latin1').replaceAll(/[\u0080-\u00ff]+/g, shift);
}

function shift(run: string): string {
  const codes = Buffer.allocUnsafe(run.length * 2);
  for (let i = 0; i < run.length; i++) codes.writeUInt16LE(run.charCodeAt(i) + 0x100, i * 2);
  return codes.toString('utf16le');
}

/** A piece of that string as what it says. */
export function utf8Of(name: string): string {
  if (!/[^\0-\x7f]/.test(name)) return name;
  return utf8OfLatin1(name.replaceAll(/[\u0180-\u01ff]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0x100)));
}

export function utf8OfLatin1(latin1: string): string {
  return /[^\0-\x7f]/.test(latin1) ? Buffer.from(latin1, 'latin1').toString('utf8') : latin1;
}
