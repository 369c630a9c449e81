import { attributesOf, type Prefixes, type XmlAttribute } from './xml-attributes.ts';
import { scanXml, type XmlLimits, type XmlText } from './xml-scan.ts';
import { decodeXml } from './xml-text.ts';

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

/** The whole part as a tree. Same refusals as `scanXml`. */
export function parseXml(bytes: Buffer, o: XmlLimits = {}): XmlElement {
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
      close(innerTo, to) {
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
