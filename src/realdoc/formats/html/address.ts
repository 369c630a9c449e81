import { type Ask, type Doc, invalid, lineOf, sharedAddress, unknownAddress, utf8 } from '../ask.ts';
import { allElements, type Element } from './elements.ts';

/** What an address of a page means: an element, or the value of one of its attributes. */
export interface Target {
  element: Element;
  attribute: string | undefined;
}

const MAX_STEPS = 200;
const MAX_KNOWN = 2000;

/**
 * `#id`, `## Heading`, or names from the top with XPath's numbers (`/html/body/p[2]`); `#id/p[2]` goes on from an id,
 * and `/@href` at the end is an attribute. Elements that the parser had to add may be named or left out.
 */
export function findTarget(doc: Doc, ask: Ask, root: Element, bytes: Buffer): Target {
  const { address } = ask;
  const heading = /^(#{1,6})[ \t]+(.*)$/s.exec(address);
  const starts = heading ? byHeading(root, bytes, heading[1]!.length, heading[2]!.trim()) : undefined;
  if (starts) {
    if (starts.length > 1)
      throw sharedAddress(
        doc,
        ask,
        starts.map(({ from }) => ({ line: lineOf(bytes, from) })),
      );
    if (starts.length === 0)
      throw unknownAddress(
        doc,
        ask,
        headingsOf(root, bytes).map(({ address: known }) => known),
      );
    return { element: starts[0]!, attribute: undefined };
  }
  const m = /^(?:#([^\s/]+))?((?:\/[^/]+)*)$/s.exec(address);
  if (!m || (m[1] === undefined && m[2] === '')) {
    throw invalid(ask, 'an address here is #id, "## Heading" or /html/body/p[2], with /@name for an attribute');
  }
  const steps = m[2]!.split('/').slice(1);
  if (steps.length > MAX_STEPS) throw invalid(ask, 'the address is too long');
  const attribute = steps.at(-1)?.startsWith('@') ? steps.pop()!.slice(1) : undefined;
  let found: Element[] = [root];
  if (m[1] !== undefined) {
    const ids: string[] = [];
    found = [];
    for (const element of allElements(root)) {
      const id = idOf(element);
      if (id === m[1]) found.push(element);
      else if (id !== undefined && ids.length < MAX_KNOWN) ids.push(`#${id}`);
    }
    if (found.length === 0) throw unknownAddress(doc, ask, ids);
  }
  let prefix = m[1] === undefined ? '' : `#${m[1]}`;
  for (const step of steps) {
    const [, name, number] = /^(.*?)(?:\[([1-9]\d{0,6})\])?$/s.exec(step)!;
    const kids = found.flatMap((element) => reachable(element));
    const same = kids.filter((kid) => kid.name === name);
    const next = number === undefined ? same : same.slice(Number(number) - 1, Number(number));
    if (next.length === 0)
      throw unknownAddress(
        doc,
        ask,
        numbered(kids).map((one) => `${prefix}/${one}`),
      );
    found = next;
    prefix += `/${step}`;
  }
  if (found.length > 1)
    throw sharedAddress(
      doc,
      ask,
      found.map(({ from }) => ({ line: lineOf(bytes, Math.max(0, from)) })),
    );
  const [element] = found;
  if (attribute !== undefined && !element!.attributes.has(attribute)) {
    throw unknownAddress(
      doc,
      ask,
      [...element!.attributes.keys()].map((name) => `${prefix}/@${name}`),
    );
  }
  return { element: element!, attribute };
}

/** Children, and those of children that are not in the text. */
function reachable(element: Element): Element[] {
  return element.children.flatMap((kid) => (kid.from < 0 ? [kid, ...reachable(kid)] : [kid]));
}

function numbered(kids: readonly Element[]): string[] {
  const seen = new Map<string, number>();
  return kids.slice(0, MAX_KNOWN).map(({ name }) => {
    const n = (seen.get(name) ?? 0) + 1;
    seen.set(name, n);
    return n === 1 ? name : `${name}[${n}]`;
  });
}

export function idOf({ attributes }: Element): string | undefined {
  return (attributes.get('id') ?? attributes.get('xml:id'))?.value;
}

export interface HtmlHeading {
  element: Element;
  level: number;
  title: string;
  address: string;
}

export function headingsOf(root: Element, bytes: Buffer): HtmlHeading[] {
  const out: HtmlHeading[] = [];
  for (const element of allElements(root)) {
    if (!/^h[1-6]$/.test(element.name) || element.from < 0) continue;
    const level = Number(element.name[1]);
    const title = textOf(bytes, element);
    out.push({ element, level, title, address: `${'#'.repeat(level)} ${title}` });
  }
  return out;
}

function byHeading(root: Element, bytes: Buffer, level: number, title: string): Element[] {
  const same = headingsOf(root, bytes).filter((heading) => heading.title === title);
  const exact = same.filter((heading) => heading.level === level);
  return (exact.length > 0 ? exact : same).map(({ element }) => element);
}

/** The words between the tags, roughly: entities of everyday use are read. */
function textOf(bytes: Buffer, { innerFrom, innerTo }: Element): string {
  const inner = utf8(bytes.toString('latin1', innerFrom, Math.min(innerTo, innerFrom + 2000)));
  return inner
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&(amp|lt|gt|quot|nbsp|#39);/g, (_, name: string) => ENTITIES[name]!)
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 200);
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: ' ', '#39': "'" };
