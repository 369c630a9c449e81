import { SaxesParser } from 'saxes';
import { refused } from './refused.ts';
import { type Prefixes, ROOT_PREFIXES } from './xml-attributes.ts';
import { BOM, oneCharacterPerByte, utf8Of } from './xml-bytes.ts';

/** Deeper than this is an attack or a broken writer: the deepest of real office files is below 60. */
const MAX_DEPTH = 256;
/** Elements and texts of one part. A part is at most some hundred megabytes, and every node costs about 200 bytes. */
const MAX_NODES = 2_000_000;

/** Character data or a CDATA section between two tags: `[from, to)` are bytes of the part, markup of a CDATA included. */
export interface XmlText {
  readonly kind: 'text' | 'cdata';
  readonly from: number;
  readonly to: number;
}

interface XmlEvents {
  /** `uri` and `local` are resolved. Offsets are bytes of the part. */
  open(tag: XmlTag): void;
  /** `innerTo` is the first byte of the end tag; for `<a/>` it is `to`. */
  close(innerTo: number, to: number): void;
  text(text: XmlText): void;
}

interface XmlTag {
  readonly name: string;
  readonly local: string;
  readonly uri: string;
  readonly from: number;
  readonly to: number;
  readonly prefixes: Prefixes;
}

export interface XmlLimits {
  /** The name that a refusal tells. */
  part?: string;
  maxDepth?: number;
  maxNodes?: number;
}

/**
 * Reads one part as a stream of tags with byte offsets. Refuses (DOC_PARSE_REFUSED with the name of the part) what is
 * not well-formed, has a DOCTYPE, is not UTF-8, is too deep or has too many nodes. No entity is ever expanded but the
 * five of XML and numbers.
 */
export function scanXml(bytes: Buffer, events: XmlEvents, o: XmlLimits = {}): void {
  const part = o.part ?? '';
  const maxDepth = o.maxDepth ?? MAX_DEPTH;
  const maxNodes = o.maxNodes ?? MAX_NODES;
  const source = oneCharacterPerByte(bytes, part);
  const start = source.startsWith(BOM) ? BOM.length : 0;
  const saxes = new SaxesParser({ xmlns: true, position: false });
  let depth = 0;
  const scopes: Prefixes[] = [ROOT_PREFIXES];
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
    if (depth === 0) return;
    count();
    events.text({ kind, from, to });
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
    if (depth >= maxDepth) throw refused('nested too deep', { part, limit: maxDepth });
    const outer = scopes.at(-1)!;
    const own = Object.entries(tag.ns as Record<string, string>);
    const bound = Object.fromEntries(own.map(([prefix, uri]) => [utf8Of(prefix), utf8Of(uri)]));
    const prefixes = own.length > 0 ? { bound, outer } : outer;
    scopes.push(prefixes);
    depth++;
    events.open({ name: utf8Of(tag.name), local: utf8Of(tag.local), uri: utf8Of(tag.uri), from, to, prefixes });
  });
  saxes.on('closetag', (tag) => {
    scopes.pop();
    // Character data before the end tag is still inside.
    const { from, to } = tag.isSelfClosing ? { from: last, to: last } : markup();
    depth--;
    events.close(from, to);
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
