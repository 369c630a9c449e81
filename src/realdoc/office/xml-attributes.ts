import { utf8OfLatin1 } from './xml-bytes.ts';
import { decodeXml } from './xml-text.ts';

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

/** What prefixes stand for at a place: those that one element binds, and all around it. */
export interface Prefixes {
  readonly bound: Readonly<Record<string, string>>;
  readonly outer: Prefixes | undefined;
}

export const ROOT_PREFIXES: Prefixes = { bound: { xml: 'http://www.w3.org/XML/1998/namespace' }, outer: undefined };

function uriOf(prefix: string, prefixes: Prefixes | undefined): string {
  for (let scope = prefixes; scope; scope = scope.outer) {
    if (Object.hasOwn(scope.bound, prefix)) return scope.bound[prefix]!;
  }
  return '';
}

const ATTRIBUTE = /([^\s=<>"'/]+)\s*=\s*("[^"]*"|'[^']*')/g;

/** The tag is known to be well-formed, so a pattern is enough; latin1 makes characters of it bytes. */
export function attributesOf(bytes: Buffer, from: number, to: number, prefixes: Prefixes): XmlAttribute[] {
  const out: XmlAttribute[] = [];
  const tag = bytes.toString('latin1', from, to);
  for (const match of tag.matchAll(ATTRIBUTE)) {
    const raw = match[2]!;
    const valueFrom = from + match.index + match[0].length - raw.length + 1;
    const valueTo = valueFrom + raw.length - 2;
    const name = utf8OfLatin1(match[1]!);
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
