import { fail } from '../../common/index.ts';
import { NOTHING, type Splice } from '../text/splice.ts';
import type { TextTree } from '../text/tree.ts';
import { resolveSub } from './resolve-sub.ts';
import { type Aim, type Base, bare, checkGuards, lineEndOf, linesOf, regionOf } from './target.ts';
import { parsePlace, type Verb } from './verbs.ts';

/**
 * Turns verbs into byte splices of the base text. Checks every line number and guard; throws DOC_LINE_UNKNOWN,
 * DOC_GUARD_FAILED, DOC_VERB_INVALID, DOC_AMBIGUOUS or DOC_TEXT_NOT_FOUND. Splices come sorted and do not overlap.
 */
export function resolveVerbs(base: Base, verbs: readonly Verb[]): Aim[] {
  const aims = verbs.flatMap((verb, i) => resolveVerb(base, verb, i + 1));
  refuseOverlap(aims);
  return aims;
}

function resolveVerb(base: Base, verb: Verb, number: number): Aim[] {
  if ('sub' in verb) return resolveSub(base, verb, number);
  if ('set' in verb) {
    const lines = linesOf(base, verb.set);
    const region = regionOf(base.tree, lines);
    checkGuards(base, verb, lines, number);
    const text = cleanText(verb.text, number, lines.from);
    const del = base.tree.slice(region.from, region.to);
    return [
      {
        verb: number,
        lines,
        region,
        splices: [{ at: region.from, del, ins: withLineEnds(text, del, base.tree, lines.from) }],
      },
    ];
  }
  if ('cut' in verb) {
    const lines = linesOf(base, verb.cut);
    const region = regionOf(base.tree, lines);
    checkGuards(base, verb, lines, number);
    const del = base.tree.slice(region.from, region.to);
    return [{ verb: number, lines, region, splices: [{ at: region.from, del, ins: NOTHING }] }];
  }
  if ('put' in verb) {
    const place = placeOf(base, verb.put, number);
    checkGuards(base, verb, place.lines, number);
    return [{ ...place, verb: number, splices: [insertAt(base.tree, place.at, cleanText(verb.text, number))] }];
  }
  const lines = linesOf(base, verb.move);
  const region = regionOf(base.tree, lines);
  checkGuards(base, verb, lines, number);
  const place = placeOf(base, verb.to, number);
  if (place.at >= region.from && place.at <= region.to) {
    throw fail('DOC_VERB_INVALID', { verb: number, reason: 'lines cannot move into themselves' });
  }
  const del = base.tree.slice(region.from, region.to);
  return [
    { verb: number, lines, region, splices: [{ at: region.from, del, ins: NOTHING }] },
    { ...place, verb: number, splices: [{ at: place.at, del: NOTHING, ins: movedBlock(base.tree, place.at, del) }] },
  ];
}

function placeOf(base: Base, place: string, number: number): Pick<Aim, 'lines' | 'region'> & { at: number } {
  const { after, anchor } = parsePlace(place);
  const total = base.tree.lines;
  // The beginning: it has no line to hold on to, and in an empty text `<1` means it too.
  if (anchor === 0 || (after === 0 && total === 0)) {
    return { lines: { from: 1, to: 0 }, region: { from: 0, to: 0 }, at: 0 };
  }
  if (anchor > total)
    throw fail('DOC_LINE_UNKNOWN', { line: anchor, total, version: base.version, path: base.path, verb: number });
  const at = base.tree.offsetOfLine(after + 1);
  const lines = { from: anchor, to: anchor };
  return { lines, region: regionOf(base.tree, lines), at };
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
