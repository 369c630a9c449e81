import { fail } from '../../common/index.ts';
import type { TextTree } from '../text/tree.ts';
import { nearestLines } from './nearest.ts';
import { findAll } from './search.ts';
import { type Aim, type Base, checkGuards, linesOf, regionOf } from './target.ts';
import type { Verb } from './verbs.ts';

const CANDIDATES = 5;
const MAX_MATCHES = 100_000;

/** `sub`: exact bytes, once, or all, or the candidate the caller names. Never the nearest, never the first. */
export function resolveSub(base: Base, verb: Extract<Verb, { sub: unknown }>, number: number): Aim[] {
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
  const scope = linesOf(base, range ?? (line === undefined ? `1-${Math.max(1, tree.lines)}` : `${line}`));
  const { from, to } = regionOf(tree, scope);
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
    const { count: _, ...guards } = verb;
    checkGuards(base, guards, lines, number);
    return {
      verb: number,
      lines,
      region: regionOf(tree, lines),
      splices: [{ at, del: tree.slice(at, at + needle.length), ins }],
    };
  });
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
