import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import { parseXml, type XmlElement } from '../../office/xml.ts';
import type { Range } from '../../text/map.ts';
import { utf8 } from '../ask.ts';

/** An element of HTML or XML with the bytes it stands on. What the parser added has no bytes: `from` is -1. */
export interface Element {
  name: string;
  from: number;
  innerFrom: number;
  innerTo: number;
  to: number;
  children: Element[];
  attributes: Map<string, Range & { value: string }>;
}

/** The root of a page. Positions are bytes. Never fails: every text is HTML. */
export function parseHtml(bytes: Buffer): Element {
  const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const text = bytes.toString('latin1', bom);
  const document = parse(text, { sourceCodeLocationInfo: true });
  const root = rootElement(bytes.length);
  // With a stack: pages nest as deep as an attacker likes.
  const stack: [DefaultTreeAdapterTypes.ParentNode, Element][] = [[document, root]];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const [node, element] = top;
    for (const kid of node.childNodes) {
      if (!('tagName' in kid)) continue;
      const own = elementOf(kid, text, bom);
      element.children.push(own);
      stack.push(['content' in kid ? kid.content : kid, own]);
    }
  }
  return root;
}

function rootElement(to: number): Element {
  return { name: '', from: -1, innerFrom: 0, innerTo: to, to, children: [], attributes: new Map() };
}

function elementOf(node: DefaultTreeAdapterTypes.Element, text: string, bom: number): Element {
  const at = node.sourceCodeLocation;
  const attributes = new Map<string, Range & { value: string }>();
  for (const { name, value } of node.attrs) {
    const range = at?.attrs?.[name];
    if (range)
      attributes.set(name, { ...valueRange(text, range.startOffset, range.endOffset, bom), value: utf8(value) });
  }
  const innerFrom = at?.startTag ? at.startTag.endOffset : (at?.endOffset ?? 0);
  return {
    name: node.tagName,
    from: at?.startTag || (at && !at.endTag) ? at.startOffset + bom : -1,
    innerFrom: innerFrom + bom,
    innerTo: (at?.endTag?.startOffset ?? Math.max(innerFrom, at?.endOffset ?? 0)) + bom,
    to: (at?.endOffset ?? 0) + bom,
    children: [],

    attributes,
  };
}

/** The bytes of an attribute's value without quotes. */
function valueRange(text: string, from: number, to: number, bom: number): Range {
  const equals = text.slice(from, to).indexOf('=');
  if (equals < 0) return { from: to + bom, to: to + bom };
  let start = from + equals + 1;
  while (/\s/.test(text[start] ?? '') && start < to) start++;
  const isQuoted = text[start] === '"' || text[start] === "'";
  return { from: start + (isQuoted ? 1 : 0) + bom, to: to - (isQuoted ? 1 : 0) + bom };
}

/** Throws DOC_PARSE_REFUSED for what is no XML, declares a DOCTYPE, or nests too deep. */
export function parseXmlElements(bytes: Buffer): Element {
  const root = rootElement(bytes.length);
  const stack: [XmlElement, Element][] = [];
  const take = (node: XmlElement, parent: Element): void => {
    const own: Element = {
      name: node.name,
      from: node.from,
      innerFrom: node.innerFrom,
      innerTo: node.innerTo,
      to: node.to,
      children: [],

      attributes: new Map(node.attributes.map(({ name, from, to, value }) => [name, { from, to, value }])),
    };
    parent.children.push(own);
    stack.push([node, own]);
  };
  take(parseXml(bytes), root);
  for (let top = stack.pop(); top; top = stack.pop()) {
    const [node, element] = top;
    for (const kid of node.children) {
      if (kid.kind === 'element') take(kid, element);
    }
  }
  return root;
}

/** Elements in document order. */
export function* allElements(root: Element): Generator<Element> {
  const stack = [...root.children].reverse();
  for (let element = stack.pop(); element; element = stack.pop()) {
    yield element;
    for (let i = element.children.length - 1; i >= 0; i--) stack.push(element.children[i]!);
  }
}
