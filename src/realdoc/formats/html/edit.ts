import { fail, isJinguError } from '../../../common/index.ts';
import { canStandInXml } from '../../office/xml-text.ts';
import type { Range } from '../../text/map.ts';
import {
  type Ask,
  type Doc,
  eolAt,
  invalid,
  type Landing,
  LineCounter,
  lineOf,
  type OutlineEntry,
  textOf,
  unparsed,
  wholeOf,
} from '../ask.ts';
import { textFormatOf } from '../format-of.ts';
import { findTarget, headingsOf, idOf } from './address.ts';
import { allElements, type Element, parseHtml, parseXmlElements } from './elements.ts';

const MAX_BYTES = 8 * 1024 * 1024;
/** Between their tags nothing is escaped. */
const RAW = new Set(['script', 'style', 'xmp', 'iframe', 'noembed', 'noframes', 'plaintext']);
/** Between their tags `<` begins nothing but their own end tag. */
const TEXT_ONLY = new Set([...RAW, 'title', 'textarea']);
const MAX_OUTLINED = 5000;

/**
 * Lands an address of HTML or XML (see `findTarget`). `set` changes the words between the tags, or an attribute, and
 * touches no tag: what holds elements is refused. `cut` takes an element out, `before` and `after` take markup.
 * Throws DOC_ADDRESS_UNKNOWN, DOC_AMBIGUOUS, DOC_SYNTAX (XML only), DOC_PARSE_REFUSED, DOC_VERB_INVALID.
 */
export function landInMarkup(doc: Doc, ask: Ask): Landing {
  const bytes = wholeOf(doc, MAX_BYTES);
  const isXml = textFormatOf(doc.path) === 'xml';
  if (isXml && !(ask.text ?? []).every(canStandInXml))
    throw invalid(ask, 'a text holds a character that XML cannot hold');
  const root = rootOf(doc, bytes, isXml);
  const { element, attribute } = findTarget(doc, ask, root, bytes);
  const { address } = ask;
  if (attribute !== undefined) return { address, ...landInAttribute(bytes, ask, element, attribute) };
  if (element.from < 0) throw invalid(ask, `<${element.name}> is not in the text; the page is read as if it were`);
  if (ask.act === 'show') return { address, region: { from: element.from, to: element.to }, patches: [] };
  if (ask.act === 'set') return { address, ...setText(bytes, ask, element, isXml) };
  const landing = { address, ...(ask.act === 'cut' ? cutElement(bytes, element) : putMarkup(bytes, ask, element)) };
  refuseOtherTags(doc, ask, bytes, root, landing, isXml);
  return landing;
}

function rootOf(doc: Doc, bytes: Buffer, isXml: boolean): Element {
  if (!isXml) return parseHtml(bytes);
  try {
    return parseXmlElements(bytes);
  } catch (error) {
    if (!isJinguError(error) || error.code !== 'DOC_PARSE_REFUSED') throw error;
    const { at, reason } = error.details as { at?: number; reason: string };
    if (at === undefined) throw fail('DOC_PARSE_REFUSED', { ...error.details, path: doc.path });
    throw unparsed(doc, reason, lineOf(bytes, at));
  }
}

function landInAttribute(bytes: Buffer, ask: Ask, element: Element, name: string): Pick<Landing, 'region' | 'patches'> {
  const { from, to } = element.attributes.get(name)!;
  const region = { from, to };
  if (ask.act === 'show') return { region, patches: [] };
  if (ask.act !== 'set') throw invalid(ask, 'an attribute can be set; for more use the line');
  const quote = bytes.toString('latin1', from - 1, from);
  const value = textOf(ask).join(' ');
  if (quote === '"' || quote === "'") {
    const ins = value
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll(quote, quote === '"' ? '&quot;' : '&#39;');
    return { region, patches: [{ at: from, del: to - from, ins }] };
  }
  if (from === to || !/^[^\s"'=<>`&]+$/.test(value))
    throw invalid(ask, 'the attribute has no quotes; set it by its line');
  return { region, patches: [{ at: from, del: to - from, ins: value }] };
}

function setText(bytes: Buffer, ask: Ask, element: Element, isXml: boolean): Pick<Landing, 'region' | 'patches'> {
  const { innerFrom, innerTo, children, name } = element;
  if (children.length > 0) {
    const kids = [...new Set(children.slice(0, 5).map((kid) => kid.name))].join(', ');
    throw invalid(ask, `<${name}> holds elements (${kids}); address one of them, or use sub or lines`);
  }
  if (innerFrom === element.to) throw invalid(ask, `<${name}/> has no inside`);
  const inner = bytes.toString('latin1', innerFrom, innerTo);
  const section = isXml ? /^\s*<!\[CDATA\[([\s\S]*)\]\]>\s*$/.exec(inner) : null;
  const cdata = section && !section[1]!.includes(']]>') ? section : null;
  if (!cdata && (isXml || !TEXT_ONLY.has(name)) && /<(?!!\[CDATA\[)[!?/]/.test(inner)) {
    throw invalid(ask, `<${name}> holds a comment or an instruction that would be lost; use sub or lines`);
  }
  const [lead] = cdata ? [''] : /^[ \t\r\n]*/.exec(inner)!;
  const [tail] = cdata || lead!.length === inner.length ? [''] : /[ \t\r\n]*$/.exec(inner)!;
  const from = cdata ? innerFrom + inner.indexOf('[CDATA[') + 7 : innerFrom + lead!.length;
  const to = cdata ? from + cdata[1]!.length : innerTo - tail!.length;
  const text = textOf(ask).join(eolAt(bytes, innerFrom));
  if (!isXml && RAW.has(name) && /<\//.test(text)) throw invalid(ask, `"</" would end the <${name}>`);
  if (cdata && text.includes(']]>')) throw invalid(ask, '"]]>" would end the CDATA section');
  const isRaw = cdata !== null || (!isXml && RAW.has(name));
  const ins = isRaw ? text : text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return { region: { from, to }, patches: [{ at: from, del: to - from, ins }] };
}

function cutElement(bytes: Buffer, element: Element): Pick<Landing, 'region' | 'patches'> {
  const region = linesOf(bytes, element) ?? { from: element.from, to: element.to };
  return { region, patches: [{ at: region.from, del: region.to - region.from, ins: '' }] };
}

function putMarkup(bytes: Buffer, ask: Ask, element: Element): Pick<Landing, 'region' | 'patches'> {
  const region = { from: element.from, to: element.to };
  const lines = textOf(ask);
  const own = linesOf(bytes, element);
  if (!own) {
    const at = ask.act === 'before' ? element.from : element.to;
    return { region, patches: [{ at, del: 0, ins: lines.join('') }] };
  }
  const eol = eolAt(bytes, element.from);
  const indent = bytes.toString('latin1', own.from, element.from);
  const rows = /^[ \t]/.test(lines[0]!) ? lines : lines.map((line) => (line === '' ? '' : indent + line));
  const at = ask.act === 'before' ? own.from : own.to;
  const isOpen = ask.act === 'after' && bytes[own.to - 1] !== 10;
  return {
    region,
    patches: [{ at, del: 0, ins: isOpen ? eol + rows.join(eol) : rows.map((row) => row + eol).join('') }],
  };
}

/** The lines of an element that shares them with nothing. */
function linesOf(bytes: Buffer, { from, to }: Element): Range | undefined {
  const start = from === 0 ? 0 : bytes.lastIndexOf(10, from - 1) + 1;
  const newline = bytes.indexOf(10, to);
  const end = newline < 0 ? bytes.length : newline + 1;
  const isAlone =
    /^[ \t]*$/.test(bytes.toString('latin1', start, from)) && /^[ \t\r\n]*$/.test(bytes.toString('latin1', to, end));
  return isAlone ? { from: start, to: end } : undefined;
}

/** A tag too many or too few would move everything behind it: every other tag must stand as deep as before. */
function refuseOtherTags(doc: Doc, ask: Ask, bytes: Buffer, root: Element, landing: Landing, isXml: boolean): void {
  const [patch] = landing.patches;
  const { at, del } = patch!;
  const ins = Buffer.from(patch!.ins);
  const after = Buffer.concat([bytes.subarray(0, at), ins, bytes.subarray(at + del)]);
  let changed: Element;
  try {
    changed = rootOf(doc, after, isXml);
  } catch {
    throw invalid(ask, 'the markup does not fit there: a tag is not closed, or closed twice');
  }
  if (skeleton(root, at, at + del, 0) !== skeleton(changed, at, at + ins.length, ins.length - del)) {
    throw invalid(ask, 'the markup would change what stands around it');
  }
}

function skeleton(root: Element, from: number, to: number, grown: number): string {
  const out: string[] = [];
  const stack: [Element, number][] = root.children.map((kid): [Element, number] => [kid, 1]).reverse();
  for (let top = stack.pop(); top; top = stack.pop()) {
    const [element, depth] = top;
    const isOutside = element.from >= 0 && (element.from < from || element.from >= to);
    const end = element.to > from && element.from < from ? element.to - grown : 0;
    if (isOutside)
      out.push(`${element.from >= to ? element.from - grown : element.from}:${end}:${element.name}:${depth}`);
    for (let i = element.children.length - 1; i >= 0; i--) stack.push([element.children[i]!, depth + 1]);
  }
  return out.join(' ');
}

/** Headings of a page, and what has an id; for XML the elements of the first two levels. */
export function outlineOfMarkup(doc: Doc): OutlineEntry[] {
  const bytes = wholeOf(doc, MAX_BYTES);
  const isXml = textFormatOf(doc.path) === 'xml';
  const root = rootOf(doc, bytes, isXml);
  return isXml ? outlineOfXml(bytes, root) : outlineOfHtml(bytes, root);
}

function outlineOfHtml(bytes: Buffer, root: Element): OutlineEntry[] {
  const headings = headingsOf(root, bytes);
  const count = new Map<string, number>();
  for (const { address } of headings) count.set(address, (count.get(address) ?? 0) + 1);
  const lines = new LineCounter(bytes);
  const out: OutlineEntry[] = headings.map(({ element, level, title, address }) => ({
    line: lines.at(element.from),
    level,
    title,
    ...(count.get(address) === 1 ? { address } : {}),
  }));
  const byId = new LineCounter(bytes);
  for (const element of allElements(root)) {
    const id = idOf(element);
    if (id === undefined || element.from < 0 || /^h[1-6]$/.test(element.name) || out.length > MAX_OUTLINED) continue;
    const line = byId.at(element.from);
    const level = (headings.findLast((heading) => heading.element.from < element.from)?.level ?? 0) + 1;
    out.push({ line, level, title: `<${element.name}> ${id}`.slice(0, 200), address: `#${id}` });
  }
  return out.sort((a, b) => a.line - b.line);
}

function outlineOfXml(bytes: Buffer, root: Element): OutlineEntry[] {
  const out: OutlineEntry[] = [];
  const from = new LineCounter(bytes);
  const to = new LineCounter(bytes);
  const walk = (element: Element, path: string, level: number): void => {
    const totals = new Map<string, number>();
    for (const { name } of element.children) totals.set(name, (totals.get(name) ?? 0) + 1);
    const seen = new Map<string, number>();
    for (const kid of element.children) {
      const n = (seen.get(kid.name) ?? 0) + 1;
      seen.set(kid.name, n);
      const address = `${path}/${kid.name}${totals.get(kid.name)! > 1 ? `[${n}]` : ''}`;
      if (out.length >= MAX_OUTLINED) return;
      const id = idOf(kid);
      const title = id === undefined ? kid.name : `${kid.name} ${id}`;
      out.push({
        line: from.at(kid.from),
        level,
        title: title.slice(0, 200),
        to: to.at(Math.max(kid.from, kid.to - 1)),
        address,
      });
      if (level < 3) walk(kid, address, level + 1);
    }
  };
  walk(root, '', 1);
  return out;
}
