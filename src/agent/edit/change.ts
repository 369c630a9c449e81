import { chooseLine } from './choose.ts';
import { grounding, isRival, NOWHERE, sameScript } from './evidence.ts';
import { type Doubt, doubtsAbout, isManySlotted } from './guards.ts';
import { distinct, type Outcome, type Proposal } from './outcome.ts';
import { lineOf, type Place, rankPlaces, readable, type View, viewOf } from './place.ts';
import type { ModelPort } from './ports.ts';
import { insertedText, wordChange } from './spans.ts';
import { lineAlone, valueInSlot, wholeLine, wordsOfLine } from './ways.ts';

export interface BrainInput {
  model: ModelPort;
  instruction: string;
  places: readonly Place[];
  signal: AbortSignal;
}

const MOST_OPTIONS = 4;
/** Places in one question, where each has its own line and not its own wordings. */
const MOST_PLACES = 6;

/**
 * One value or wording of one line becomes another. The place is picked by the model and by shared words, the text by
 * the model in several ways and by the form of the values; a change goes in unasked only where all of that agrees.
 */
export async function proposeChange(input: BrainInput): Promise<Outcome> {
  const { model, instruction, places, signal } = input;
  const view = viewOf(places, rankPlaces(places, instruction));
  const picked = view.places[await chooseLine(model, view.labels, instruction, signal)];
  if (!picked) return { kind: 'refuse', reason: 'no-result', words: [] };
  const texts = await writeAt(input, view, picked);
  const best = texts[0];
  const newText = best ? insertedText(readable(picked, lineOf(picked)), readable(picked, best.line)) : '';
  const ranking = rankPlaces(places, instruction, newText);
  const own = ranking.find((s) => places[s.index] === picked)!;
  const ground = grounding(instruction, picked.profile, best?.line ?? '');

  const others: Proposal[] = [];
  const rivals = ranking.filter((s) => isRival(own, s)).map((s) => places[s.index]!);
  // An instruction that names a thing in words this document does not have makes every place a guess.
  if (foreign(instruction, places))
    return { kind: 'refuse', reason: 'nothing-like-it', words: tellingWords(instruction) };
  for (const rival of rivals.slice(0, MOST_PLACES - 1)) {
    const found = (await writeAt(input, view, rival, 'any'))[0];
    if (found && (found.doubts.length === 0 || !texts.some((t) => t.doubts.length === 0))) {
      others.push(proposalOf(rival, found.line));
    }
  }
  const mine = texts.map((t) => proposalOf(picked, t.line));
  const equal = ranking.some((s) => s.index !== own.index && s.words.size > 0 && s.score >= own.score * 0.95);
  const alone = others.length === 0 && !equal && rivals.length < MOST_PLACES;
  const needed = isManySlotted(readable(picked, lineOf(picked)), instruction) ? 3 : 2;
  if (best && best.votes >= needed && best.doubts.length === 0 && alone) {
    if (own.score > 0 && ground.missing.length === 0) return { kind: 'apply', proposal: mine[0]! };
  }
  const topIsOther = rivals.length > 0 && ranking[0]!.score > own.score;
  const first = mine.slice(0, others.length > 0 ? (topIsOther ? 1 : 2) : MOST_OPTIONS);
  const options = distinct(topIsOther ? [...others, ...first] : [...first, ...others]).slice(
    0,
    others.length > 0 ? MOST_PLACES : MOST_OPTIONS,
  );
  if (options.length === 0) return { kind: 'refuse', reason: 'no-result', words: ground.missing };
  const unsure = ground.missing.length > 0 || own.score === 0;
  return { kind: 'ask', reason: others.length > 0 ? 'two-places' : unsure ? 'unsure-place' : 'two-results', options };
}

interface Written {
  line: string;
  votes: number;
  doubts: Doubt[];
}

/** All usable new lines for one place: most votes first, then fewest doubts, then the smallest change. */
async function writeAt(
  input: BrainInput,
  view: View,
  place: Place,
  enough: 'sure' | 'any' = 'sure',
): Promise<Written[]> {
  const seen = view.places.includes(place) ? view : viewOf([place], [{ index: 0, score: 1, words: new Set() }]);
  const chosen = seen.labels[seen.places.indexOf(place)]!;
  const ways = { ...input, structure: place.structure, chosen, shown: seen.labels.map((l) => l.label) };
  const before = readable(place, lineOf(place));
  const lines = new Map<string, Written>();
  const hear = (line: string | undefined) => {
    if (line === undefined) return;
    const known = lines.get(line);
    if (known) known.votes++;
    else lines.set(line, { line, votes: 1, doubts: doubtsAbout(before, readable(place, line), input.instruction) });
  };
  const needed = isManySlotted(before, input.instruction) ? 3 : 2;
  const agreed = () => [...lines.values()].some((w) => w.votes >= needed && w.doubts.length === 0);
  hear(valueInSlot(place.structure, chosen, input.instruction));
  const isEnough = () => agreed() || (enough === 'any' && [...lines.values()].some((w) => w.doubts.length === 0));
  for (const way of [wordsOfLine, wholeLine, lineAlone]) if (!isEnough()) hear(await way(ways));
  const usable = [...lines.values()].filter((w) => !w.doubts.includes('nothing-changed'));
  const clean = usable.filter((w) => w.doubts.length === 0);
  const size = (w: Written) => {
    const change = wordChange(before, readable(place, w.line));
    return change.removed.length + change.inserted.length;
  };
  return (clean.length > 0 ? clean : usable).sort(
    (a, b) => b.votes - a.votes || a.doubts.length - b.doubts.length || size(a) - size(b),
  );
}

/** The instruction has telling words and none of them stands anywhere, though the documents speak its language. */
export function foreign(instruction: string, places: readonly Place[]): boolean {
  if (grounding(instruction, NOWHERE, '').missing.length === 0) return false;
  const alike = places.filter((p) => sameScript(instruction, `${p.profile.text} ${p.profile.around}`));
  return (
    alike.length * 2 > places.length && alike.every((p) => grounding(instruction, p.profile, '').found.length === 0)
  );
}

export function proposalOf(place: Place, line: string): Proposal {
  const { path, version } = place.document;
  return { path, version, edits: [{ kind: 'set', line: place.candidate.line, was: lineOf(place), text: line }] };
}

/** The words by which the instruction names its thing. */
export function tellingWords(instruction: string): string[] {
  return grounding(instruction, NOWHERE, '').missing;
}
