import { isUtf8 } from 'node:buffer';
import { SaxesParser } from 'saxes';
import { refused } from './refused.ts';
import { decodeXml } from './xml-text.ts';

/** Deeper than this is an attack or a broken writer: the deepest of real office files is below 60. */
export const MAX_DEPTH = 256;
/** Elements and texts of one part. A part is at most some hundred megabytes, and every node costs about 200 bytes. */
export const MAX_NODES = 2_000_000;

/** Character data or a CDATA section between two tags: `[from, to)` are bytes of the part, markup of a CDATA included. */
export interface XmlText {
  readonly kind: 'text' | 'cdata';
  readonly from: number;
  readonly to: number;
}

export type XmlNode = XmlElement | XmlText;

/** One element with the bytes it stands on. Attributes are read when somebody asks for them. */
export class XmlElement {
  readonly kind = 'element';
  /** As written, with its prefix. */
  readonly name: string;
  readonly local: string;
  /** The namespace, never the prefix, says what an element is: writers choose prefixes freely. */
  readonly uri: string;
  readonly parent: XmlElement | undefined;
  /** First byte of the start tag. */
  readonly from: number;
  /** Between the tags. For `<a/>` both are the end of the element. */
  readonly innerFrom: number;
  innerTo: number;
  /** After the end tag. */
  to: number;
  readonly children: XmlNode[] = [];
  readonly #bytes: Buffer;
  readonly #prefixes: Prefixes;
  #attributes: XmlAttribute[] | undefined;

  constructor(o: {
    bytes: Buffer;
    name: string;
    local: string;
    uri: string;
    parent: XmlElement | undefined;
    from: number;
    innerFrom: number;
    prefixes: Prefixes;
  }) {
    this.#bytes = o.bytes;
    this.#prefixes = o.prefixes;
    this.name = o.name;
    this.local = o.local;
    this.uri = o.uri;
    this.parent = o.parent;
    this.from = o.from;
    this.innerFrom = o.innerFrom;
    this.innerTo = o.innerFrom;
    this.to = o.innerFrom;
  }

  /** `<a/>`: there is no place inside it until it is opened. */
  get isSelfClosing(): boolean {
    return this.innerFrom === this.to;
  }

  get attributes(): readonly XmlAttribute[] {
    this.#attributes ??= attributesOf(this.#bytes, this.from, this.innerFrom, this.#prefixes);
    return this.#attributes;
  }

  /** By local name; `uri` of its namespace, left out: any. `''` is no namespace, which is what a bare name has. */
  attribute(local: string, uri?: string): XmlAttribute | undefined {
    return this.attributes.find((a) => a.local === local && (uri === undefined || a.uri === uri));
  }

  attr(local: string, uri?: string): string | undefined {
    return this.attribute(local, uri)?.value;
  }

  *elements(local?: string): Generator<XmlElement> {
    for (const child of this.children) {
      if (child.kind === 'element' && (local === undefined || child.local === local)) yield child;
    }
  }

  first(local: string): XmlElement | undefined {
    for (const child of this.children) if (child.kind === 'element' && child.local === local) return child;
    return undefined;
  }

  /** This element's descendants in document order. */
  *descendants(local?: string): Generator<XmlElement> {
    const stack: XmlNode[] = [...this.children].reverse();
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (node.kind !== 'element') continue;
      if (local === undefined || node.local === local) yield node;
      for (let i = node.children.length - 1; i >= 0; i--) stack.push(node.children[i]!);
    }
  }

  /** All character data below, decoded. */
  get text(): string {
    let out = '';
    const stack: XmlNode[] = [...this.children].reverse();
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (node.kind !== 'element') out += decodeXml(this.#bytes, node).text;
      else for (let i = node.children.length - 1; i >= 0; i--) stack.push(node.children[i]!);
    }
    return out;
  }
}

export interface XmlAttribute {
  readonly name: string;
  readonly local: string;
  /** Namespace of its prefix; `''` without one. */
  readonly uri: string;
  readonly value: string;
  /** Bytes between the quotes. */
  readonly from: number;
  readonly to: number;
}

interface Prefixes {
  readonly bound: Readonly<Record<string, string>>;
  readonly outer: Prefixes | undefined;
}

export interface XmlEvents {
  /** `uri` and `local` are resolved; attributes are asked of `tag`. Offsets are bytes of the part. */
  open(tag: XmlTag): void;
  /** `innerTo` is the first byte of the end tag; for `<a/>` it is `to`. */
  close(local: string, innerTo: number, to: number): void;
  text?(text: XmlText): void;
}

export interface XmlTag {
  readonly name: string;
  readonly local: string;
  readonly uri: string;
  readonly from: number;
  readonly to: number;
  readonly isSelfClosing: boolean;
  readonly prefixes: Prefixes;
  attributes(): XmlAttribute[];
}

/**
 * Reads one part as a stream of tags with byte offsets. Refuses (DOC_PARSE_REFUSED with the name of the part) what is
 * not well-formed, has a DOCTYPE, is not UTF-8, is too deep or has too many nodes. No entity is ever expanded but the
 * five of XML and numbers.
 */
export function scanXml(
  bytes: Buffer,
  events: XmlEvents,
  o: { part?: string; maxDepth?: number; maxNodes?: number } = {},
): void {
  const part = o.part ?? '';
  const maxDepth = o.maxDepth ?? MAX_DEPTH;
  const maxNodes = o.maxNodes ?? MAX_NODES;
  const source = oneCharacterPerByte(bytes, part);
  const start = source.charCodeAt(0) === BOM_0 && source.startsWith(BOM) ? 3 : 0;
  const saxes = new SaxesParser({ xmlns: true, position: false });
  const open: { local: string }[] = [];
  const scopes: Prefixes[] = [ROOT];
  let nodes = 0;
  /** End of the markup before: up to the next `<` all is character data, since no text holds a bare `<`. */
  let last = start;

  const count = (): void => {
    if (++nodes > maxNodes) throw refused('too many elements', { part, limit: maxNodes });
  };
  const markup = (): { from: number; to: number } => {
    const from = source.indexOf('<', last);
    if (from > last) text('text', last, from);
    last = saxes.position + start;
    return { from, to: last };
  };
  const text = (kind: XmlText['kind'], from: number, to: number): void => {
    if (open.length === 0) return;
    count();
    events.text?.({ kind, from, to });
  };

  saxes.on('xmldecl', (declaration) => {
    const encoding = declaration.encoding?.toLowerCase();
    if (encoding !== undefined && !['utf-8', 'utf8', 'us-ascii', 'ascii'].includes(encoding)) {
      if (bytes.some((byte) => byte >= 128)) throw refused('not UTF-8', { part });
    }
    if (declaration.version !== '1.0') throw refused('not XML 1.0', { part });
    markup();
  });
  saxes.on('doctype', () => {
    throw refused('it declares a DOCTYPE', { part });
  });
  saxes.on('processinginstruction', markup);
  saxes.on('comment', markup);
  saxes.on('cdata', () => {
    const { from, to } = markup();
    text('cdata', from, to);
  });
  saxes.on('opentag', (tag) => {
    count();
    const { from, to } = markup();
    if (open.length >= maxDepth) throw refused('nested too deep', { part, limit: maxDepth });
    const outer = scopes.at(-1)!;
    const own = Object.entries(tag.ns as Record<string, string>);
    const bound = Object.fromEntries(own.map(([prefix, uri]) => [unshift(prefix), unshift(uri)]));
    const prefixes = own.length > 0 ? { bound, outer } : outer;
    scopes.push(prefixes);
    const local = unshift(tag.local);
    open.push({ local });
    events.open({
      name: unshift(tag.name),
      local,
      uri: unshift(tag.uri),
      from,
      to,
      isSelfClosing: tag.isSelfClosing,
      prefixes,
      attributes: () => attributesOf(bytes, from, to, prefixes),
    });
  });
  saxes.on('closetag', (tag) => {
    scopes.pop();
    const { local } = open.at(-1)!;
    if (tag.isSelfClosing) {
      open.pop();
      events.close(local, last, last);
      return;
    }
    const { from, to } = markup();
    open.pop();
    events.close(local, from, to);
  });
  try {
    saxes.write(start === 0 ? source : source.slice(start)).close();
  } catch (error) {
    // What saxes says may quote the document: only where it stood is told.
    if (error instanceof Error && !('code' in error)) {
      throw refused('not well-formed XML', { part, at: Math.min(bytes.length, saxes.position + start) });
    }
    throw error;
  }
}

/** The whole part as a tree. Same refusals as `scanXml`. */
export function parseXml(bytes: Buffer, o: { part?: string; maxDepth?: number; maxNodes?: number } = {}): XmlElement {
  let root: XmlElement | undefined;
  let at: XmlElement | undefined;
  scanXml(
    bytes,
    {
      open(tag) {
        const { name, local, uri, from, to, prefixes } = tag;
        const element = new XmlElement({ bytes, name, local, uri, parent: at, from, innerFrom: to, prefixes });
        if (at) at.children.push(element);
        else root = element;
        at = element;
      },
      close(_local, innerTo, to) {
        at!.innerTo = innerTo;
        at!.to = to;
        at = at!.parent;
      },
      text(text) {
        at!.children.push(text);
      },
    },
    o,
  );
  return root!;
}

const ROOT: Prefixes = { bound: { xml: 'http://www.w3.org/XML/1998/namespace' }, outer: undefined };

function uriOf(prefix: string, prefixes: Prefixes | undefined): string {
  for (let scope = prefixes; scope; scope = scope.outer) {
    if (Object.hasOwn(scope.bound, prefix)) return scope.bound[prefix]!;
  }
  return '';
}

const ATTRIBUTE = /([^\s=<>"'/]+)\s*=\s*("[^"]*"|'[^']*')/g;

/** The tag is known to be well-formed, so a pattern is enough; latin1 makes characters of it bytes. */
function attributesOf(bytes: Buffer, from: number, to: number, prefixes: Prefixes): XmlAttribute[] {
  const out: XmlAttribute[] = [];
  const tag = bytes.toString('latin1', from, to);
  for (const match of tag.matchAll(ATTRIBUTE)) {
    const raw = match[2]!;
    const valueFrom = from + match.index + match[0].length - raw.length + 1;
    const valueTo = valueFrom + raw.length - 2;
    const name = toUtf8(match[1]!);
    const colon = name.indexOf(':');
    out.push({
      name,
      local: name.slice(colon + 1),
      uri: colon < 0 ? '' : uriOf(name.slice(0, colon), prefixes),
      value: decodeXml(bytes, { kind: 'text', from: valueFrom, to: valueTo }).text,
      from: valueFrom,
      to: valueTo,
    });
  }
  return out;
}

const BOM = '\u01ef\u01bb\u01bf';
const BOM_0 = 0x1ef;

/**
 * A string whose characters are the bytes of the part, so that every position of saxes is a byte offset. Bytes over 127
 * become letters (U+0180 to U+01FF), which stand wherever a character of UTF-8 may stand in XML.
 */
function oneCharacterPerByte(bytes: Buffer, part: string): string {
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

function unshift(name: string): string {
  if (!/[^\0-\x7f]/.test(name)) return name;
  return toUtf8(name.replaceAll(/[\u0180-\u01ff]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0x100)));
}

function toUtf8(latin1: string): string {
  return /[^\0-\x7f]/.test(latin1) ? Buffer.from(latin1, 'latin1').toString('utf8') : latin1;
}
