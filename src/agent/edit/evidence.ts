import type { Candidate } from './structure.ts';
import { abbreviations, terms } from './terms.ts';
import { type Value, valuesOf, withoutValues } from './values.ts';
import { isNeutralHan, isNeutralStem } from './vocabulary.ts';

export interface Scored {
  index: number;
  /** Everything that speaks for this place. */
  score: number;
  /** The telling words among it. */
  words: Set<string>;
}

/** What a candidate says, and where it stands, as sets of words. Built once a document version. */
export interface Profile {
  own: Set<string>;
  above: Set<string>;
  text: string;
  around: string;
  keys: Set<string>;
  /** Words cut short in it; each stands for any longer word that begins so. */
  short: string[];
}

const CONTEXT_SHARE = 0.5;
const KIND_SHARE = 0.6;

export function profileOf(candidate: Candidate, documentName: string): Profile {
  const around = [...candidate.context, ...(candidate.cells ?? []).map((c) => c.column), documentName].join(' \n ');
  const text = candidate.cells ? candidate.cells.map((c) => c.value).join(' \n ') : candidate.body;
  const keys = new Set(valuesOf(text).map((v) => v.key));
  if (/(?:^|[:\s])(?:true|false|yes|no|on|off)\s*$/i.test(candidate.body)) keys.add('switch');
  return { own: new Set(terms(text)), above: new Set(terms(around)), text, around, keys, short: abbreviations(text) };
}

/**
 * Ranks candidates by rare words shared with the instruction, by values of the instruction that stand in them, and by
 * holding a value of the kind that the instruction brings. Knows nothing of meaning; always gives the same answer.
 * `ignore` is text of the instruction that is known to be the new value, which says nothing about the place.
 */
export function rank(instruction: string, profiles: readonly Profile[], ignore = ''): Scored[] {
  const place = withoutValues(instruction);
  const wanted = new Set(terms(ignore === '' ? place : place.replaceAll(ignore, ' ')));
  const values = valuesOf(instruction);
  const scored: Scored[] = profiles.map((_, index) => ({ index, score: 0, words: new Set() }));
  const add = (weight: (p: Profile) => number, share: number, word?: string) => {
    const hits = profiles.map(weight);
    const count = hits.filter((h) => h > 0).length;
    if (count === 0) return;
    const rarity = Math.log(1 + profiles.length / count) * share;
    hits.forEach((hit, i) => {
      scored[i]!.score += hit * rarity;
      if (word !== undefined && hit > 0) scored[i]!.words.add(word);
    });
  };
  for (const term of wanted) add((p) => (says(p, term) ? 1 : p.above.has(term) ? CONTEXT_SHARE : 0), 1, term);
  for (const value of literal(values, ignore)) add((p) => (p.text.includes(value) ? 1 : 0), 1, value);
  const kinds = new Set(values.map((v) => v.key).filter((k) => TELLING_KINDS.has(k)));
  if (SWITCH.test(instruction)) kinds.add('switch');
  for (const kind of kinds) add((p) => (p.keys.has(kind) ? 1 : 0), KIND_SHARE);
  return scored.sort((a, b) => b.score - a.score || a.index - b.index);
}

/**
 * Could an instruction that fits `a` as well mean `b`? Not when `b` shares nothing, clearly less, or only a part of what
 * `a` shares: then the instruction said something that tells `a` from it.
 */
export function isRival(a: Scored, b: Scored): boolean {
  if (a.index === b.index || b.words.size === 0 || b.score < a.score * 0.6) return false;
  if (b.score >= a.score * 0.95) return true;
  const dominated = b.words.size < a.words.size && [...b.words].every((w) => a.words.has(w));
  return !dominated;
}

function says(profile: Profile, term: string): boolean {
  return profile.own.has(term) || profile.short.some((s) => term.length > s.length && term.startsWith(s));
}

const SWITCH =
  /\b(?:turn|switch)(?:ed)?\s+(?:\w+\s+){0,4}(?:on|off)\b|\b(?:enable|disable|activate|deactivate)|打开|关闭|开启|启用|停用|禁用|关掉/i;

/** Kinds so particular that holding one speaks for a place. Numbers are everywhere and speak for none. */
const TELLING_KINDS = new Set(['time', 'date', 'weekday', 'month', 'email', 'url', 'address', 'phone', 'percent']);

function literal(values: readonly Value[], ignore: string): string[] {
  return values.filter((v) => v.text.length > 1 && (ignore === '' || !ignore.includes(v.text))).map((v) => v.text);
}

export interface Grounding {
  /** Telling words of the instruction that stand in the place or above it. */
  found: string[];
  /** Telling words that neither place, nor new text, nor the general vocabulary of editing accounts for. */
  missing: string[];
}

/** A place that says nothing. */
export const NOWHERE: Profile = { own: new Set(), above: new Set(), text: '', around: '', keys: new Set(), short: [] };

/** Any missing word is a sign that the instruction speaks of something that is not there. */
export function grounding(instruction: string, profile: Profile, newText: string): Grounding {
  const there = parts(`${profile.text}\n${profile.around}`);
  const fresh = parts(newText);
  const out: Grounding = { found: [], missing: [] };
  for (const word of parts(withoutValues(instruction))) {
    if (/^\p{Script=Han}$/u.test(word) ? isNeutralHan(word) : isNeutralStem(word)) continue;
    if (there.has(word) || says(profile, word)) out.found.push(word);
    else if (!fresh.has(word)) out.missing.push(word);
  }
  return out;
}

/** Stems of Latin words and single Han characters: Chinese words have no edges to cut at. */
function parts(text: string): Set<string> {
  const plain = text.normalize('NFKC');
  const latin = terms(plain.replace(/\p{Script=Han}+/gu, ' ')).filter((t) => t.length > 1 && !/^\d/.test(t));
  return new Set([...latin, ...(plain.match(/\p{Script=Han}/gu) ?? [])]);
}

/** Do the two share a script at all? An English instruction about a Chinese line cannot share words with it. */
export function sameScript(a: string, b: string): boolean {
  const han = (text: string) => (text.match(/\p{Script=Han}/gu) ?? []).length;
  const latin = (text: string) => (text.match(/[A-Za-z]{2,}/g) ?? []).length;
  return (han(a) > 0 && han(b) > 0) || (han(a) === 0 && latin(b) > han(b) / 2);
}

/** Shares at least one word with the instruction that could point at a place. */
export function telling(scored: Scored): boolean {
  return scored.words.size > 0;
}
