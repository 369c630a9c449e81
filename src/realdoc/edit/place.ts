import { fail } from '../../common/index.ts';
import type { Range } from '../text/map.ts';
import type { Splice } from '../text/splice.ts';
import type { TextTree } from '../text/tree.ts';
import { type Chars, type FormatTarget, parseTarget, type Target } from './address.ts';
import { type Base, bare, linesIn, regionOf } from './target.ts';
import { addressesOf, parsePlace, type Verb } from './verbs.ts';

/** Where an address points in the base text, and how new text is written there. */
export interface Place {
  /** The lines it lies in: guards and errors speak of these. */
  lines: { from: number; to: number };
  /** Bytes that `set` replaces, whose text the guards compare, and that no later version may have touched. */
  region: Range;
  /** Bytes that `cut` takes out where that is another stretch: a JSON member with its comma. */
  cut?: Range;
  /** What the region says, where its bytes are a spelling of it (a quoted cell): `was` and `sub` may name either. */
  text?: string;
  /** New text, one string a line, in the spelling of the format. May throw DOC_VERB_INVALID. */
  print(text: readonly string[]): Uint8Array;
  /** All that the verb means there, where a format says it itself: a member with its comma, a row, several cells. */
  splices?: Splice[];
}

/** What a verb is about to do at an address. `show` asks for the place only. */
export interface Meant {
  verb: number;
  act: 'show' | 'set' | 'cut' | 'before' | 'after';
  text?: readonly string[];
}

/** Finds an address of a text format in the base. Throws DOC_ADDRESS_UNKNOWN, DOC_AMBIGUOUS or DOC_VERB_INVALID. */
export type FormatResolver = (base: Base, target: FormatTarget, meant: Meant) => Promise<Place>;

/** A candidate that was shown to the caller, as it stands at the base. Throws DOC_ADDRESS_UNKNOWN. */
export type CandidateResolver = (base: Base, ref: number) => Promise<OfferedPlace>;

export interface OfferedPlace {
  line: number;
  chars?: { from: number; to: number };
}

export interface PlacePorts {
  format: FormatResolver;
  candidate: CandidateResolver;
}

/** What a document answers whose format has no addresses of its own. */
export const noAddresses = (base: Base, target: FormatTarget): Promise<never> =>
  Promise.reject(unknownAddress(base, target.address, 'documents of this kind have lines only'));

export function unknownAddress(base: Base, address: string, reason: string, near: readonly string[] = []): Error {
  return fail('DOC_ADDRESS_UNKNOWN', { address, path: base.path, version: base.version, reason, near });
}

/** Lines, and the place in them if less (or another spelling) than the whole lines is meant. */
export interface Located {
  lines: { from: number; to: number };
  place?: Place;
}

/** One target of a verb. */
export async function resolveTarget(base: Base, target: Target, meant: Meant, ports: PlacePorts): Promise<Located> {
  if ('lines' in target) return { lines: linesIn(base, target.lines) };
  if ('chars' in target) return located(placeOfChars(base, target.chars));
  if (!('candidate' in target)) return located(await ports.format(base, target, meant));
  const { line, chars } = await ports.candidate(base, target.candidate);
  if (chars) return located(placeOfChars(base, { line, ...chars }));
  return { lines: linesIn(base, { from: line, to: line }) };
}

function located(place: Place): Located {
  return { lines: place.lines, place };
}

/** What a call addressed other than by line numbers, by verb and address: one address means more in one verb than in another. */
export type Places = ReadonlyMap<string, Located>;

/** Where a range or address lies. Throws DOC_LINE_UNKNOWN; every address must have been resolved before. */
export function locate(base: Base, address: string, verb: number, places: Places): Located {
  const known = placeOf(address, verb, places);
  if (known) return known;
  const target = parseTarget(address, verb);
  if (!('lines' in target)) throw new Error(`the address ${address} was not resolved`);
  return { lines: linesIn(base, target.lines, verb) };
}

/** The place of an address, if it is none of plain lines. */
export function placeOf(address: string, verb: number, places: Places): Located | undefined {
  return places.get(keyOf(verb, address));
}

/** Resolves what a call addresses other than by line numbers; the verbs themselves are resolved without waiting. */
export async function resolvePlaces(base: Base, verbs: readonly Verb[], ports: PlacePorts): Promise<Places> {
  const places = new Map<string, Located>();
  for (const [i, verb] of verbs.entries()) {
    for (const address of addressesOf(verb)) {
      const target = parseTarget(address, i + 1);
      if ('lines' in target) continue;
      places.set(keyOf(i + 1, address), await resolveTarget(base, target, meantBy(verb, i + 1), ports));
    }
  }
  return places;
}

function keyOf(verb: number, address: string): string {
  return `${verb} ${address}`;
}

function meantBy(verb: Verb, number: number): Meant {
  if ('set' in verb) return { verb: number, act: 'set', text: verb.text };
  if ('cut' in verb) return { verb: number, act: 'cut' };
  if ('put' in verb) return { verb: number, act: parsePlace(verb.put).isAfter ? 'after' : 'before', text: verb.text };
  return { verb: number, act: 'show' };
}

/** Characters of a line, counted as they are shown: bytes that are no UTF-8 count as the marks that stand for them. */
function placeOfChars(base: Base, { line, from, to }: Chars): Place {
  const lines = linesIn(base, { from: line, to: line });
  const region = regionOf(base.tree, lines);
  const bytes = bare(base.tree.slice(region.from, region.to));
  const ends = charEnds(bytes);
  if (from > to || to > ends.length) {
    throw unknownAddress(base, `${line}:${from}-${to}`, `line ${line} has ${ends.length} characters`);
  }
  const span = { from: region.from + (ends[from - 2] ?? 0), to: region.from + ends[to - 1]! };
  return within(base, line, span);
}

function within(base: Base, line: number, region: Range): Place {
  const print = (text: readonly string[]): Uint8Array => Buffer.from(text.join(lineEndIn(base.tree, line)));
  return { lines: { from: line, to: line }, region, print };
}

function lineEndIn(tree: TextTree, line: number): string {
  return tree.line(line).at(-2) === 13 ? '\r\n' : '\n';
}

/**
 * Where each character ends. What is no UTF-8 is split as decoders show it, one U+FFFD for each maximal part of a
 * sequence (Unicode 16, 3.9, "U+FFFD Substitution of Maximal Subparts").
 */
function charEnds(bytes: Uint8Array): number[] {
  const ends: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    at += sizeOfChar(bytes, at);
    ends.push(at);
  }
  return ends;
}

function sizeOfChar(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  const size = lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
  for (let i = 1; i < size; i++) {
    const byte = bytes[at + i];
    const low = i === 1 ? (lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80) : 0x80;
    const high = i === 1 ? (lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf) : 0xbf;
    if (byte === undefined || byte < low || byte > high) return i;
  }
  return size;
}
