/** Decoded character data, and where each character came from. */
export interface DecodedText {
  readonly text: string;
  /** Byte of the part where UTF-16 unit `index` of `text` begins; `text.length` gives the end of the data. */
  at(index: number): number;
}

const NAMED: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/**
 * Decodes the character data of a well-formed part: entities of XML, numbers, `\r\n` as one line break. A character
 * that stands as `&amp;` or as three bytes of UTF-8 knows the whole stretch it stands on.
 */
export function decodeXml(bytes: Buffer, range: { kind: 'text' | 'cdata'; from: number; to: number }): DecodedText {
  const isCdata = range.kind === 'cdata';
  const from = isCdata ? range.from + '<![CDATA['.length : range.from;
  const to = isCdata ? range.to - ']]>'.length : range.to;
  const raw = bytes.toString('utf8', from, to);
  const hasEntity = !isCdata && raw.includes('&');
  if (!hasEntity && !raw.includes('\r')) {
    if (raw.length === to - from) return { text: raw, at: (index) => (index >= raw.length ? range.to : from + index) };
    return new Mapped(raw, () => widths(raw), from, range.to);
  }
  return decodeSlowly(raw, isCdata, from, range.to);
}

class Mapped implements DecodedText {
  readonly text: string;
  readonly #widths: () => Uint32Array;
  readonly #from: number;
  readonly #end: number;
  #starts: Uint32Array | undefined;

  constructor(text: string, widths: () => Uint32Array, from: number, end: number) {
    this.text = text;
    this.#widths = widths;
    this.#from = from;
    this.#end = end;
  }

  at(index: number): number {
    if (index >= this.text.length) return this.#end;
    this.#starts ??= this.#widths();
    return this.#from + this.#starts[index]!;
  }
}

/** Byte offset of each UTF-16 unit of a plain text; the second half of a pair begins where the pair begins. */
function widths(raw: string): Uint32Array {
  const starts = new Uint32Array(raw.length);
  let at = 0;
  for (let i = 0; i < raw.length; i++) {
    starts[i] = at;
    const code = raw.charCodeAt(i);
    if (isHigh(code)) {
      starts[++i] = at;
      at += 4;
    } else at += code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
  }
  return starts;
}

function decodeSlowly(raw: string, isCdata: boolean, from: number, end: number): DecodedText {
  const starts: number[] = [];
  let text = '';
  let at = 0;
  for (let i = 0; i < raw.length; ) {
    const code = raw.charCodeAt(i);
    let piece = raw[i]!;
    let taken = 1;
    let width = code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
    if (code === 0x26 && !isCdata) {
      const semicolon = raw.indexOf(';', i);
      piece = entity(raw.slice(i + 1, semicolon));
      taken = semicolon + 1 - i;
      width = taken;
    } else if (code === 13) {
      piece = '\n';
      if (raw.charCodeAt(i + 1) === 10) taken = width = 2;
    } else if (isHigh(code)) {
      piece = raw.slice(i, i + 2);
      taken = 2;
      width = 4;
    }
    for (let unit = 0; unit < piece.length; unit++) starts.push(at);
    text += piece;
    at += width;
    i += taken;
  }
  return new Mapped(text, () => Uint32Array.from(starts), from, end);
}

function entity(name: string): string {
  if (name.startsWith('#x')) return String.fromCodePoint(Number.parseInt(name.slice(2), 16));
  if (name.startsWith('#')) return String.fromCodePoint(Number.parseInt(name.slice(1), 10));
  return NAMED[name]!;
}

function isHigh(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' };
/** Text as character data or inside double quotes. Line breaks and tabs stay: in an attribute they need `attribute`. */
export function escapeXml(text: string, place: 'text' | 'attribute' = 'text'): string {
  if (place === 'text') return text.replaceAll(/[&<>\r]/g, (c) => ESCAPES[c]!);
  return text.replaceAll(/[&<>"\r]/g, (c) => ESCAPES[c]!).replaceAll(/[\t\n]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** False: the text holds half a character, or one that XML 1.0 cannot say, not even by number. */
export function canStandInXml(text: string): boolean {
  if (!text.isWellFormed()) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code < 32 && code !== 9 && code !== 10 && code !== 13) || code >= 0xfffe) return false;
  }
  return true;
}
