import type { BrainInput } from './change.ts';
import { foreign, tellingWords } from './change.ts';
import { chooseLine } from './choose.ts';
import { grounding, isRival } from './evidence.ts';
import { distinct, type Outcome, type Proposal } from './outcome.ts';
import { lineOf, type Place, rankPlaces, viewOf } from './place.ts';

const MOST_OPTIONS = 4;
/** Words of an instruction that means more than one line. */
const SEVERAL = /\b(?:all|both|every|each|lines|rows|entries|items)\b|所有|全部|都|每个|两[行条个项]|各/i;

/**
 * One line goes. Unasked only where the model and the shared words point at the same line, no other line shares as
 * much, and every telling word of the instruction is accounted for by it.
 */
export async function proposeRemoval(input: BrainInput): Promise<Outcome> {
  const { model, instruction, places, signal } = input;
  const ranking = rankPlaces(places, instruction);
  const view = viewOf(places, ranking);
  const picked = view.places[await chooseLine(model, view.labels, instruction, signal)];
  const top = ranking[0] && places[ranking[0].index];
  if (!picked || !top) return { kind: 'refuse', reason: 'no-result', words: [] };
  const ground = grounding(instruction, picked.profile, '');
  if (foreign(instruction, places)) {
    return { kind: 'refuse', reason: 'nothing-like-it', words: tellingWords(instruction) };
  }
  const own = ranking.find((s) => places[s.index] === picked)!;
  const rivals = ranking.filter((s) => isRival(own, s)).map((s) => places[s.index]!);
  const several = SEVERAL.test(instruction);
  if (picked === top && rivals.length === 0 && !several && ground.missing.length === 0 && own.words.size > 0) {
    return { kind: 'apply', proposal: cutOf([picked]) };
  }
  const alike = [picked, ...rivals].filter((p) => p.document.path === picked.document.path);
  const options: Proposal[] = several && alike.length > 1 ? [cutOf(alike)] : [];
  const better = ranking[0]!.score > own.score;
  for (const place of better ? [top, ...rivals, picked] : [picked, ...rivals]) options.push(cutOf([place]));
  const reason = several ? 'many-lines' : rivals.length > 0 ? 'two-places' : 'unsure-place';
  return { kind: 'ask', reason, options: distinct(options).slice(0, MOST_OPTIONS) };
}

function cutOf(places: readonly Place[]): Proposal {
  const { path, version } = places[0]!.document;
  const edits = [...places]
    .sort((a, b) => a.candidate.line - b.candidate.line)
    .map((p) => ({ kind: 'cut' as const, line: p.candidate.line, was: lineOf(p) }));
  return { path, version, edits };
}
