import { fail } from '../../common/index.ts';
import { NOTHING, type Splice } from '../text/splice.ts';
import type { TextTree } from '../text/tree.ts';
import { locate, type Place, type Places, placeOf } from './place.ts';
import { resolveSub } from './resolve-sub.ts';
import { type Aim, type Base, bare, checkGuards, type LineSpan, lineEndOf, regionOf } from './target.ts';
import { type Guards, isBeginning, parsePlace, type Verb } from './verbs.ts';

/**
 * Turns verbs into byte splices of the base text. Checks every line number and guard; throws DOC_LINE_UNKNOWN,
 * DOC_GUARD_FAILED, DOC_VERB_INVALID, DOC_AMBIGUOUS or DOC_TEXT_NOT_FOUND. Splices come sorted and do not overlap.
 */
export function resolveVerbs(base: Base, verbs: readonly Verb[], places: Places = new Map()): Aim[] {
  const aims = verbs.flatMap((verb, i) => resolveVerb(base, verb, i + 1, places));
  refuseOverlap(aims);
  return aims;
}

function resolveVerb(base: Base, verb: Verb, number: number, places: Places): Aim[] {
  if ('sub' in verb) return resolveSub(base, verb, number, places);
  if ('set' in verb) return [resolveSet(base, verb, number, places)];
  if ('put' in verb) {
    const put = placeOf(parsePlace(verb.put).anchor, number, places);
    if (put?.place?.splices) return [resolveInFormat(base, verb, number, put.lines, put.place, put.place.splices)];
    const side = sideOf(base, verb.put, number, places);
    checkGuards(base, verb, side, number);
    const splice = insertAt(base.tree, side.at, cleanText(verb.text, number));
    // The beginning and the end are places by themselves; any other one is held by the line that was named.
    const isEdge = side.at === 0 || side.at === base.tree.bytes;
    return [{ ...aimAt(side, number, isEdge || isProven(verb)), region: side.region, splices: [splice] }];
  }
  const from = locate(base, 'cut' in verb ? verb.cut : verb.move, number, places);
  const region = from.place?.region ?? regionOf(base.tree, from.lines);
  checkGuards(base, verb, { lines: from.lines, region, text: from.place?.text }, number);
  const known = isProven(verb);
  if ('cut' in verb) {
    if (from.place?.splices) return [resolveInFormat(base, verb, number, from.lines, from.place, from.place.splices)];
    const gone = from.place?.cut ?? region;
    const hull = { from: Math.min(gone.from, region.from), to: Math.max(gone.to, region.to) };
    const splice = { at: gone.from, del: base.tree.slice(gone.from, gone.to), ins: NOTHING };
    return [{ ...aimAt(from, number, known), region: hull, splices: [splice] }];
  }
  const whole = regionOf(base.tree, from.lines);
  if (region.from !== whole.from || region.to !== whole.to) {
    throw fail('DOC_VERB_INVALID', {
      verb: number,
      reason: 'only whole lines move; use set or sub for parts of a line',
    });
  }
  const side = sideOf(base, verb.to, number, places);
  if (side.at >= region.from && side.at <= region.to) {
    throw fail('DOC_VERB_INVALID', { verb: number, reason: 'lines cannot move into themselves' });
  }
  const del = base.tree.slice(region.from, region.to);
  const isEdge = side.at === 0 || side.at === base.tree.bytes;
  const block = { at: side.at, del: NOTHING, ins: movedBlock(base.tree, side.at, del) };
  return [
    { ...aimAt(from, number, known), region, splices: [{ at: region.from, del, ins: NOTHING }] },
    { ...aimAt(side, number, isEdge), region: side.region, splices: [block] },
  ];
}

function resolveSet(base: Base, verb: Extract<Verb, { set: unknown }>, number: number, places: Places): Aim {
  const { lines, place } = locate(base, verb.set, number, places);
  if (place?.splices) return resolveInFormat(base, verb, number, lines, place, place.splices);
  const region = place?.region ?? regionOf(base.tree, lines);
  checkGuards(base, verb, { lines, region, text: place?.text }, number);
  const text = cleanText(verb.text, number, place ? undefined : lines.from);
  const del = base.tree.slice(region.from, region.to);
  const ins = place ? place.print(text) : withLineEnds(text, del, base.tree, lines.from);
  return { ...aimAt({ lines }, number, isProven(verb)), region, splices: [{ at: region.from, del, ins }] };
}

/** What the format of the document made of a verb. Its bytes lie around the place that was addressed. */
function resolveInFormat(
  base: Base,
  guards: Guards,
  number: number,
  lines: LineSpan,
  place: Place,
  splices: Splice[],
): Aim {
  checkGuards(base, guards, { lines, region: place.region, text: place.text }, number);
  const from = Math.min(place.region.from, ...splices.map((s) => s.at));
  const to = Math.max(place.region.to, ...splices.map((s) => s.at + s.del.length));
  return { ...aimAt({ lines }, number, isProven(guards)), region: { from, to }, splices };
}

/** A guard that names some of the text, and holds, shows that the caller knows what stands there. */
function isProven(guards: Guards): boolean {
  return guards.was !== undefined || guards.hash !== undefined;
}

function aimAt({ lines }: { lines: LineSpan }, verb: number, known: boolean): Pick<Aim, 'verb' | 'lines' | 'unproven'> {
  return { verb, lines, ...(known ? {} : { unproven: lines }) };
}

function sideOf(
  base: Base,
  place: string,
  number: number,
  places: Places,
): Pick<Aim, 'lines' | 'region'> & { at: number } {
  const total = base.tree.lines;
  // The beginning: it has no line to hold on to, and in an empty text `<1` means it too.
  if (isBeginning(place) || (place === '<1' && total === 0)) {
    return { lines: { from: 1, to: 0 }, region: { from: 0, to: 0 }, at: 0 };
  }
  const { isAfter, anchor } = parsePlace(place);
  const { lines } = locate(base, anchor, number, places);
  const line = isAfter ? lines.to : lines.from;
  const held = { from: line, to: line };
  return { lines: held, region: regionOf(base.tree, held), at: base.tree.offsetOfLine(isAfter ? line + 1 : line) };
}

/** Echoed `12|` prefixes are taken off when every line has one and they count up from the addressed line. */
function cleanText(text: readonly string[], verb: number, from?: number): string[] {
  for (const line of text) {
    if (/[\r\n]/.test(line)) {
      throw fail('DOC_VERB_INVALID', { verb, reason: 'each text is one line without line breaks; give several texts' });
    }
    if (!line.isWellFormed()) throw fail('DOC_VERB_INVALID', { verb, reason: 'a text holds half a character' });
  }
  if (from !== undefined && text.every((line, i) => line.startsWith(`${from + i}|`))) {
    return text.map((line) => line.slice(line.indexOf('|') + 1));
  }
  return [...text];
}

/** The line end that new text takes: that of the line it stands beside, else the first one of the document. */
function lineEndNear(tree: TextTree, line: number): string {
  for (const n of [line, line - 1, 1]) {
    const end = n >= 1 && n <= tree.lines ? lineEndOf(tree.line(n)) : '';
    if (end) return end;
  }
  return '\n';
}

/** New lines get the line ends of the lines they replace, one by one; the last one keeps what the last one had. */
function withLineEnds(text: readonly string[], old: Buffer, tree: TextTree, first: number): Buffer {
  const ends: string[] = [];
  for (let at = 0; at < old.length; ) {
    const newline = old.indexOf(10, at);
    const end = newline < 0 ? old.length : newline + 1;
    ends.push(lineEndOf(old.subarray(at, end)));
    at = end;
  }
  const near = ends.find((end) => end !== '') ?? lineEndNear(tree, first);
  const last = text.length - 1;
  return Buffer.from(
    text.map((line, i) => line + (i === last ? (ends.at(-1) ?? '') : (ends[i] ?? near) || near)).join(''),
  );
}

function insertAt(tree: TextTree, at: number, text: readonly string[]): Splice {
  const end = lineEndNear(tree, tree.lineAt(Math.max(0, at - 1)));
  const isOpen = at === tree.bytes && at > 0 && !tree.isLineStart(at);
  const ins = isOpen ? end + text.join(end) : text.map((line) => line + end).join('');
  return { at, del: NOTHING, ins: Buffer.from(ins) };
}

function movedBlock(tree: TextTree, at: number, block: Buffer): Buffer {
  const end = lineEndOf(block) || lineEndNear(tree, 1);
  const isOpen = at === tree.bytes && !tree.isLineStart(at);
  return isOpen ? Buffer.concat([Buffer.from(end), bare(block)]) : Buffer.concat([bare(block), Buffer.from(end)]);
}

/** Verbs of one call all mean the base, so no two may touch the same bytes. */
function refuseOverlap(aims: readonly Aim[]): void {
  const all = aims.flatMap((aim) => aim.splices.map((splice) => ({ splice, verb: aim.verb })));
  const sorted = all.sort((a, b) => bySplice(a.splice, b.splice));
  for (let i = 1; i < sorted.length; i++) {
    const [before, next] = [sorted[i - 1]!, sorted[i]!];
    if (next.splice.at < before.splice.at + before.splice.del.length) {
      throw fail('DOC_VERB_INVALID', { verb: next.verb, reason: `it touches the same lines as verb ${before.verb}` });
    }
  }
}

/** By place; what is put in at a place comes before what is replaced there. The sort must be stable. */
export function bySplice(a: Splice, b: Splice): number {
  return a.at - b.at || Math.sign(a.del.length) - Math.sign(b.del.length);
}
