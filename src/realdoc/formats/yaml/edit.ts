import { isAlias, isCollection, isMap, isScalar, isSeq, visit } from 'yaml';
import { fail } from '../../../common/index.ts';
import {
  type Ask,
  type Doc,
  invalid,
  type Landing,
  lineOf,
  type Patch,
  sharedAddress,
  textOf,
  unknownAddress,
  wholeOf,
} from '../ask.ts';
import { parsePointer, printPointer } from '../pointer.ts';
import { refuseOtherMeaning } from './meaning.ts';
import { dedent, printValue } from './print.ts';
import { type Entry, keyOf, readYaml, type Spot, walkTo, type YamlText } from './read.ts';

/** It is read twice for an edit. */
const MAX_BYTES = 4 * 1024 * 1024;
const ADDRESS = /^(?:doc([1-9]\d{0,6}))?(\/.*)$/s;
const MAX_STEPS = 200;

/**
 * Lands a pointer in YAML: `/a/b/0`, or `doc2/a/b` where a file has several documents. Style, comments and order stay.
 * `before` and `after` take entries (`key: value`) or list items at the indentation of their neighbours. What is only
 * pointed to by an alias is refused as DOC_ALIAS. Throws DOC_ADDRESS_UNKNOWN, DOC_AMBIGUOUS (doubled keys, or several
 * documents with the pointer), DOC_SYNTAX, DOC_PARSE_REFUSED and DOC_VERB_INVALID.
 */
export function landInYaml(doc: Doc, ask: Ask): Landing {
  const bytes = wholeOf(doc, MAX_BYTES);
  const yaml = readYaml(doc, bytes);
  const spot = findSpot(doc, ask, yaml);
  const landing = { address: ask.address, ...landAt(doc, yaml, ask, spot) };
  if (landing.patches.length > 0) refuseOtherMeaning(yaml, ask, landing);
  return shifted(landing, yaml.bom);
}

function findSpot(doc: Doc, ask: Ask, yaml: YamlText): Spot {
  const m = ADDRESS.exec(ask.address);
  const steps = m ? parsePointer(m[2]!) : undefined;
  if (!m || !steps || steps.length > MAX_STEPS)
    throw invalid(ask, `"${ask.address.slice(0, 80)}" is no pointer like /server/port`);
  const numbers = m[1] === undefined ? yaml.docs.map((_, i) => i) : [Number(m[1]) - 1];
  const found: Spot[] = [];
  const known: string[] = [];
  for (const number of numbers) {
    if (!yaml.docs[number]) continue;
    const prefix = yaml.docs.length > 1 ? `doc${number + 1}` : '';
    const walk = walkTo(yaml, number, steps);
    if ('spot' in walk) found.push(walk.spot);
    else if ('known' in walk) {
      const parent = m[2]!.slice(0, m[2]!.lastIndexOf('/'));
      known.push(...walk.known.map((step) => prefix + parent + printPointer([step])));
    } else if ('doubled' in walk)
      throw sharedAddress(
        doc,
        ask,
        walk.doubled.map((at) => ({ line: line(yaml, at) })),
      );
    else throw aliasError(doc, ask, yaml, number, walk.alias, walk.rest);
  }
  if (found.length > 1) {
    throw sharedAddress(
      doc,
      ask,
      found.map((spot) => ({
        line: line(yaml, spot.entries[spot.index]?.from ?? 0),
        address: `doc${spot.doc + 1}${m[2]}`,
      })),
    );
  }
  const [spot] = found;
  const isEnd = spot !== undefined && spot.index >= spot.entries.length && spot.parent !== undefined;
  if (!spot || (isEnd && ask.act !== 'before' && ask.act !== 'after')) throw unknownAddress(doc, ask, known);
  return spot;
}

function aliasError(
  doc: Doc,
  ask: Ask,
  yaml: YamlText,
  number: number,
  anchor: string,
  rest: readonly string[],
): Error {
  const home = anchorPath(yaml, number, anchor);
  const prefix = yaml.docs.length > 1 ? `doc${number + 1}` : '';
  const anchorAddress = home ? prefix + printPointer([...home, ...rest]) : `&${anchor}`;
  return fail('DOC_ALIAS', {
    path: doc.path,
    version: doc.version,
    verb: ask.verb,
    address: ask.address,
    anchor,
    anchorAddress,
  });
}

/** The pointer of the node with an anchor, if it can be said. */
function anchorPath(yaml: YamlText, number: number, anchor: string): string[] | undefined {
  let found: string[] | undefined;
  visit(yaml.docs[number]!, (key, node, path) => {
    if ((!isScalar(node) && !isCollection(node)) || node.anchor !== anchor || key === 'key') return undefined;
    const steps: string[] = [];
    for (const [i, parent] of path.entries()) {
      const below = path[i + 1] ?? node;
      if (isSeq(parent)) steps.push(String(parent.items.indexOf(below)));
      else if (typeof parent === 'object' && parent !== null && 'key' in parent) steps.push(keyOf(parent) ?? '?');
    }
    found = steps;
    return visit.BREAK;
  });
  return found;
}

function landAt(doc: Doc, yaml: YamlText, ask: Ask, spot: Spot): Pick<Landing, 'region' | 'patches'> {
  const { text } = yaml;
  const { node, parent, entries, index } = spot;
  const entry = entries[index];
  if (ask.act === 'show' || ask.act === 'set') {
    const region = { from: node?.range?.[0] ?? entry?.lead ?? 0, to: node?.range?.[1] ?? entry?.lead ?? 0 };
    if (ask.act === 'show') return { region, patches: [] };
    if (isAlias(node)) throw aliasError(doc, ask, yaml, spot.doc, node.source, []);
    const old = text.slice(region.from, region.to);
    const isInFlow = parent?.flow === true;
    const eol = eolOf(text, region.from);
    const at = { isInFlow, indent: entry ? columnOf(text, entry.from) : 0, column: columnOf(text, region.from), eol };
    const ins = printValue(node, old, textOf(ask), at);
    const gap = old === '' && region.from > 0 && /[:-]/.test(text[region.from - 1]!) ? ' ' : '';
    return { region, patches: [{ at: region.from, del: region.to - region.from, ins: gap + ins }] };
  }
  if (!parent) throw invalid(ask, 'a whole document cannot be taken out or have neighbours');
  if (ask.act === 'cut') return cutEntry(text, spot);
  return putEntry(text, ask, spot);
}

function cutEntry(text: string, { parent, entries, index }: Spot): Pick<Landing, 'region' | 'patches'> {
  const entry = entries[index]!;
  const [before, next] = [entries[index - 1], entries[index + 1]];
  if (parent!.flow) {
    const from = next ? entry.from : before ? before.to : entry.from;
    const to = next ? next.from : entry.to;
    return cutRange(from, to);
  }
  const to = lineAfter(text, entry.to);
  if (!before && !next) {
    // The last one goes: an empty list or map stays one.
    const empty = isMap(parent) ? '{}' : '[]';
    const tail = text.slice(entry.to, to).replace(/^[^\r\n]*/, '');
    return {
      region: { from: entry.from, to },
      patches: [{ at: entry.from, del: to - entry.from, ins: empty + (tail || endOf(text, entry)) }],
    };
  }
  const start = text.lastIndexOf('\n', entry.from - 1) + 1;
  if (/^[ ]*$/.test(text.slice(start, entry.from))) return cutRange(start, to);
  return cutRange(entry.from, next?.from ?? to);
}

/** The line end that an entry has within itself: block values end behind theirs. */
function endOf(text: string, entry: Entry): string {
  return text[entry.to - 1] === '\n' ? eolOf(text, Math.max(0, entry.to - 2)) : '';
}

function cutRange(from: number, to: number): Pick<Landing, 'region' | 'patches'> {
  return { region: { from, to }, patches: [{ at: from, del: to - from, ins: '' }] };
}

function putEntry(text: string, ask: Ask, { parent, entries, index }: Spot): Pick<Landing, 'region' | 'patches'> {
  const isEnd = index >= entries.length;
  const beside = isEnd ? entries.at(-1) : entries[index];
  const isAfter = isEnd || ask.act === 'after';
  const lines = textOf(ask);
  if (!beside) {
    const [from, to] = parent!.range!;
    const open = text.slice(from, to);
    if (!/^[[{]\s*[\]}]$/.test(open)) throw invalid(ask, 'there is no neighbour to put it beside');
    return { region: { from, to }, patches: [{ at: from + 1, del: 0, ins: lines.join(' ') }] };
  }
  const region = { from: beside.from, to: beside.to };
  if (parent!.flow) {
    const ins = lines.map((line) => line.trim().replace(/,$/, '')).join(', ');
    return {
      region,
      patches: [isAfter ? { at: beside.to, del: 0, ins: `, ${ins}` } : { at: beside.from, del: 0, ins: `${ins}, ` }],
    };
  }
  const eol = eolOf(text, beside.from);
  const column = columnOf(text, beside.from);
  const own = isSeq(parent) ? itemsOf(lines) : dedent(lines);
  const indented = own.map((line) => (line === '' ? '' : ' '.repeat(column) + line));
  if (!isAfter) {
    const start = text.lastIndexOf('\n', beside.from - 1) + 1;
    if (/^ *$/.test(text.slice(start, beside.from))) {
      return { region, patches: [{ at: aboveComments(text, start, column), del: 0, ins: indented.join(eol) + eol }] };
    }
    // It stands behind a dash: the new one takes its place there.
    return {
      region,
      patches: [{ at: beside.from, del: 0, ins: indented.join(eol).trimStart() + eol + ' '.repeat(column) }],
    };
  }
  const at = lineAfter(text, beside.to);
  const isOpen = at === text.length && at > 0 && text[at - 1] !== '\n';
  return { region, patches: [{ at, del: 0, ins: isOpen ? eol + indented.join(eol) : indented.join(eol) + eol }] };
}

/** Lines as items of a block list: the dash may be left out. */
function itemsOf(lines: readonly string[]): string[] {
  const own = dedent(lines);
  if (/^-(?: |$)/.test(own[0]!)) return own;
  return own.map((line, i) => (i === 0 ? `- ${line}` : line === '' ? '' : `  ${line}`));
}

/** The beginning of the line behind the one that holds the end of something. */
function lineAfter(text: string, end: number): number {
  if (end > 0 && text[end - 1] === '\n') return end;
  const newline = text.indexOf('\n', end);
  return newline < 0 ? text.length : newline + 1;
}

function aboveComments(text: string, line: number, column: number): number {
  let start = line;
  while (start > 0) {
    const above = text.lastIndexOf('\n', start - 2) + 1;
    const row = text.slice(above, start);
    if (!row.startsWith(`${' '.repeat(column)}#`)) return start;
    start = above;
  }
  return start;
}

function columnOf(text: string, at: number): number {
  return at - (text.lastIndexOf('\n', at - 1) + 1);
}

function eolOf(text: string, at: number): string {
  const newline = text.indexOf('\n', at) >= 0 ? text.indexOf('\n', at) : text.indexOf('\n');
  return newline > 0 && text[newline - 1] === '\r' ? '\r\n' : '\n';
}

function line({ text }: YamlText, at: number): number {
  return lineOf(Buffer.from(text, 'latin1'), at);
}

function shifted(landing: Landing, by: number): Landing {
  const patches: Patch[] = landing.patches.map((patch) => ({ ...patch, at: patch.at + by }));
  return { ...landing, region: { from: landing.region.from + by, to: landing.region.to + by }, patches };
}
