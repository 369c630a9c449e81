import { fail } from '../../common/index.ts';
import type { Static } from '../../protocol/index.ts';
import type { TextTree } from '../text/tree.ts';
import { differenceOf, nearestLines } from './nearest.ts';
import { locate, type Place, type Places } from './place.ts';
import { findAll } from './search.ts';
import { type Aim, type Base, checkGuards, regionOf } from './target.ts';
import type { SubVerb as SubSchema } from './verbs.ts';

type SubVerb = Static<typeof SubSchema>;

const CANDIDATES = 5;
const MAX_MATCHES = 100_000;

/** `sub`: exact bytes, once, or all, or the candidate the caller names. Never the nearest, never the first. */
export function resolveSub(base: Base, verb: SubVerb, number: number, places: Places): Aim[] {
  const { find, replace, line, range, all, nth } = verb.sub;
  for (const text of [find, replace]) {
    if (/[\r\n]/.test(text) || !text.isWellFormed()) {
      throw fail('DOC_VERB_INVALID', {
        verb: number,
        reason: 'find and replace are parts of one line; use set for whole lines',
      });
    }
  }
  if ([line, range].filter((v) => v !== undefined).length > 1 || (all && nth !== undefined)) {
    throw fail('DOC_VERB_INVALID', { verb: number, reason: 'give line or range, and all or nth, not both' });
  }
  const { tree } = base;
  const whole = range ?? (line === undefined ? `1-${Math.max(1, tree.lines)}` : `${line}`);
  const { lines: scope, place } = locate(base, whole, number, places);
  if (place?.text !== undefined) return subInText(base, verb, number, place, place.text);
  const { from, to } = place?.region ?? regionOf(tree, scope);
  const needle = Buffer.from(find);
  const found = findAll(tree, needle, from, to, MAX_MATCHES + 1);
  if (found.length > MAX_MATCHES) throw fail('DOC_TOO_BROAD', { lines: tree.lines, limit: MAX_MATCHES });
  if (found.length === 0) {
    throw fail('DOC_TEXT_NOT_FOUND', {
      path: base.path,
      version: base.version,
      verb: number,
      ...nearestLines(tree, find, scope),
    });
  }
  if (verb.count !== undefined && verb.count !== found.length) {
    const detail = { guard: 'count', verb: number, expected: verb.count, actual: found.length };
    throw fail('DOC_GUARD_FAILED', { ...detail, path: base.path, version: base.version });
  }
  if (nth !== undefined && nth > found.length) {
    throw fail('DOC_VERB_INVALID', {
      verb: number,
      reason: `there are ${found.length} matches, not ${nth}`,
      count: found.length,
    });
  }
  if (found.length > 1 && !all && nth === undefined) throw ambiguous(base, number, found, needle.length);
  const picked = nth === undefined ? found : [found[nth - 1]!];
  const ins = Buffer.from(replace);
  return picked.map((at) => {
    const n = tree.lineAt(at);
    const lines = { from: n, to: n };
    const { count, ...guards } = verb;
    const region = place ? { from, to } : regionOf(tree, lines);
    checkGuards(base, guards, { lines, region }, number);
    // Who replaces a text wherever it stands has named the text, but not the lines.
    const isBlind = all && count === undefined && guards.was === undefined && guards.hash === undefined;
    return {
      verb: number,
      lines,
      ...(isBlind ? { unproven: lines } : {}),
      region,
      splices: [{ at, del: tree.slice(at, at + needle.length), ins }],
    };
  });
}

/** A part whose bytes are a spelling of its text (a quoted cell): it is replaced as a whole, spelled again. */
function subInText(base: Base, verb: SubVerb, number: number, place: Place, text: string): Aim[] {
  const { find, replace, all, nth } = verb.sub;
  const parts = text.split(find);
  const found = parts.length - 1;
  const where = { verb: number, path: base.path, version: base.version };
  const line = place.lines.from;
  if (found === 0) {
    throw fail('DOC_TEXT_NOT_FOUND', { ...where, difference: differenceOf(find, text), nearest: [{ line, text }] });
  }
  if (verb.count !== undefined && verb.count !== found) {
    throw fail('DOC_GUARD_FAILED', { guard: 'count', expected: verb.count, actual: found, ...where });
  }
  if (nth !== undefined && nth > found) {
    throw fail('DOC_VERB_INVALID', { verb: number, reason: `there are ${found} matches, not ${nth}`, count: found });
  }
  if (found > 1 && !all && nth === undefined) {
    const columns = parts.slice(0, -1).map((_, i) => [...parts.slice(0, i + 1).join(find)].length + 1);
    const candidates = columns.slice(0, CANDIDATES).map((column, i) => ({ nth: i + 1, line, column, text }));
    throw fail('DOC_AMBIGUOUS', { count: found, ...where, candidates });
  }
  const { count: _, ...guards } = verb;
  checkGuards(base, guards, { ...place, text }, number);
  const now = all
    ? parts.join(replace)
    : `${parts.slice(0, nth ?? 1).join(find)}${replace}${parts.slice(nth ?? 1).join(find)}`;
  const { lines, region } = place;
  const splice = { at: region.from, del: base.tree.slice(region.from, region.to), ins: place.print(now.split('\n')) };
  return [{ verb: number, lines, region, splices: [splice] }];
}

function ambiguous(base: Base, verb: number, found: number[], length: number): Error {
  const candidates = found.slice(0, CANDIDATES).map((at, i) => ({ nth: i + 1, ...lineAround(base.tree, at, length) }));
  return fail('DOC_AMBIGUOUS', { count: found.length, verb, path: base.path, version: base.version, candidates });
}

/** The line of a match, cut to what a person needs to tell it from the others. */
function lineAround(tree: TextTree, at: number, length: number): { line: number; column: number; text: string } {
  const line = tree.lineAt(at);
  const start = tree.offsetOfLine(line);
  const end = tree.offsetOfLine(line + 1);
  const from = Math.max(start, at - 200);
  const text = tree
    .slice(from, Math.min(end, at + length + 200))
    .toString('utf8')
    .replace(/\r?\n$/, '');
  const column = [...tree.slice(start, at).toString('utf8')].length + 1;
  return { line, column, text };
}
