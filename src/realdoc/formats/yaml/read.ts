import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseAllDocuments,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { fail } from '../../../common/index.ts';
import type { Doc } from '../ask.ts';
import { unparsed, utf8 } from '../ask.ts';
import { isIndex } from '../pointer.ts';

/** A YAML text with one character a byte, so that positions are byte offsets; `bom` bytes in front are left out. */
export interface YamlText {
  text: string;
  bom: number;
  docs: Document.Parsed[];
}

/** An entry of a map or an item of a list. Offsets are bytes of the text without BOM. */
export interface Entry {
  /** Where it begins: its key, a `?`, an anchor, or the `-` of an item. */
  from: number;
  /** Behind the `:` or `-`, where a value would begin; for items of flow lists where the item begins. */
  lead: number;
  /** End of its last character. */
  to: number;
  node: Node | null;
}

export interface Spot {
  doc: number;
  parent: YAMLMap | YAMLSeq | undefined;
  entries: Entry[];
  index: number;
  node: Node | null;
}

const MAX_KNOWN = 20_000;

/** Throws DOC_SYNTAX where the text is no YAML and DOC_PARSE_REFUSED where it is nested too deep. */
export function readYaml(doc: Doc, bytes: Buffer): YamlText {
  const yaml = parseYaml(bytes);
  if (!yaml) throw fail('DOC_PARSE_REFUSED', { path: doc.path, reason: 'it is nested too deep' });
  const fault = faultOf(yaml);
  if (fault) throw unparsed(doc, fault.reason, fault.line);
  return yaml;
}

/** Nothing for what is nested too deep. Equal keys are no error here: comparing all with all would take for ever. */
export function parseYaml(bytes: Buffer): YamlText | undefined {
  const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const text = bytes.toString('latin1', bom);
  try {
    const docs = parseAllDocuments(text, {
      keepSourceTokens: true,
      uniqueKeys: false,
      logLevel: 'silent',
      prettyErrors: false,
    });
    return { text, bom, docs: 'empty' in docs ? [] : docs };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

export function faultOf({ text, docs }: YamlText): { line: number; reason: string } | undefined {
  for (const doc of docs) {
    const [error] = doc.errors;
    if (!error) continue;
    let line = 1;
    for (let at = text.indexOf('\n'); at >= 0 && at < error.pos[0]; at = text.indexOf('\n', at + 1)) line++;
    return { line, reason: error.message.split('\n')[0]!.slice(0, 200) };
  }
  return undefined;
}

export type Walk = { spot: Spot } | { known: string[] } | { doubled: number[] } | { alias: string; rest: string[] };

/** Follows the steps of a pointer in one document. Never follows an alias. */
export function walkTo(yaml: YamlText, doc: number, steps: readonly string[]): Walk {
  let node: Node | null = yaml.docs[doc]!.contents;
  let spot: Spot = { doc, parent: undefined, entries: [], index: -1, node };
  for (const [i, step] of steps.entries()) {
    if (isAlias(node)) return { alias: node.source, rest: steps.slice(i) };
    if (!isCollection(node)) return { known: [] };
    const parent = node as YAMLMap | YAMLSeq;
    const entries = entriesOf(parent);
    const isEnd = step === '-' && i === steps.length - 1;
    let index = -1;
    if (isMap(parent)) {
      const keys = parent.items.map((pair) => keyOf(pair));
      const same = keys.flatMap((key, k) => (key === step ? [k] : []));
      if (same.length > 1) return { doubled: same.map((k) => entries[k]!.from) };
      index = same[0] ?? -1;
      if (index < 0 && !isEnd) {
        const merged = mergedFrom(yaml.docs[doc]!, parent, step);
        if (merged !== undefined) return { alias: merged, rest: steps.slice(i) };
        return { known: keys.filter((key) => key !== undefined).slice(0, MAX_KNOWN) };
      }
    } else if (isIndex(step) && Number(step) < entries.length) index = Number(step);
    if (index < 0 && !isEnd) return { known: entries.slice(0, MAX_KNOWN).map((_, k) => String(k)) };
    node = index < 0 ? null : entries[index]!.node;
    spot = { doc, parent, entries, index: index < 0 ? entries.length : index, node };
  }
  return { spot };
}

export function entriesOf(parent: YAMLMap | YAMLSeq): Entry[] {
  if (isMap(parent)) return parent.items.map((pair) => entryOf(pair as Pair<Node, Node | null>));
  const token = parent.srcToken;
  const tokens = token?.type === 'block-seq' || token?.type === 'flow-collection' ? token.items : [];
  return (parent.items as (Node | Pair<Node, Node | null>)[]).map((node, i) => {
    // A list may hold pairs (`[a: 1]`), which are no nodes.
    if (isPair(node)) return { ...entryOf(node), node: null };
    const [from, to] = node.range ?? [0, 0, 0];
    const start = tokens[i]?.start ?? [];
    const mark = start.find(({ type }) => type === 'seq-item-ind')?.offset;
    if (mark !== undefined) return { from: mark, lead: mark + 1, to: Math.max(to, mark + 1), node };
    // An anchor or tag is part of the item, though not of its value.
    const own = start.find(({ type }) => type === 'anchor' || type === 'tag')?.offset ?? from;
    return { from: own, lead: own, to, node };
  });
}

function entryOf(pair: Pair<Node, Node | null>): Entry {
  const start = pair.srcToken?.start.find(
    ({ type }) => !['space', 'newline', 'comment', 'comma', 'seq-item-ind'].includes(type),
  );
  const from = Math.min(start?.offset ?? Number.POSITIVE_INFINITY, pair.key.range?.[0] ?? Number.POSITIVE_INFINITY);
  const colon = pair.srcToken?.sep?.find(({ type }) => type === 'map-value-ind');
  const keyEnd = pair.key.range?.[1] ?? from;
  const lead = colon ? colon.offset + 1 : keyEnd;
  return { from, lead, to: Math.max(lead, keyEnd, pair.value?.range?.[1] ?? 0), node: pair.value };
}

export function keyOf(pair: Pair): string | undefined {
  const { key } = pair;
  if (!isScalar(key)) return undefined;
  return utf8(key.source ?? String(key.value));
}

/** The anchor that brings a key in by `<<: *anchor`. */
function mergedFrom(doc: Document.Parsed, map: YAMLMap, step: string): string | undefined {
  for (const pair of map.items) {
    if (keyOf(pair) !== '<<') continue;
    const sources = isSeq(pair.value) ? pair.value.items : [pair.value];
    for (const alias of sources) {
      if (!isAlias(alias)) continue;
      const target = alias.resolve(doc);
      if (isMap(target) && target.items.some((own) => keyOf(own) === step)) return alias.source;
    }
  }
  return undefined;
}
