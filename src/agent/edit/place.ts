import { type Profile, profileOf, rank, type Scored } from './evidence.ts';
import { CELL_BREAK, type Labelled, labelled } from './label.ts';
import type { DocumentText } from './ports.ts';
import { csvDelimiter } from './rewrite.ts';
import { type Candidate, csvCells, type Structure, structureOf } from './structure.ts';

/** One line that an instruction could be about, with the document it stands in. */
export interface Place {
  document: DocumentText;
  structure: Structure;
  candidate: Candidate;
  profile: Profile;
}

export interface Field {
  places: Place[];
  structures: Map<string, Structure>;
}

/** Everything that may be changed in these documents. Headings only when the instruction speaks of them. */
export function fieldOf(documents: readonly DocumentText[], instruction: string): Field {
  const structures = new Map<string, Structure>();
  const places: Place[] = [];
  for (const document of documents) {
    const structure = structureOf(document.path, document.lines);
    structures.set(document.path, structure);
    for (const candidate of structure.candidates) {
      if (candidate.kind === 'heading' && !SPEAKS_OF_HEADINGS.test(instruction)) continue;
      places.push({ document, structure, candidate, profile: profileOf(candidate, nameOf(document.path)) });
    }
  }
  return { places, structures };
}

const SPEAKS_OF_HEADINGS = /\b(?:heading|title|headline|caption)\b|标题|题目|小节名|章名/i;

/** `team/handbook.md` is known by its words: `handbook`. */
function nameOf(path: string): string {
  return path
    .slice(path.indexOf('/') + 1)
    .replace(/\.[a-z]+$/i, '')
    .replaceAll(/[-_./]/g, ' ');
}

export interface View {
  places: Place[];
  labels: Labelled[];
}

const MOST_IN_VIEW = 40;
/** Where shared words tell lines apart, a few more than the best are enough to choose from; each costs prompt. */
const FEW_IN_VIEW = 12;
const NEAR_BEST = 0.35;
const MOST_CHARACTERS = 4_000;

/**
 * What the model gets to see: the candidates that share most with the instruction, fewer where the words are clear, in
 * the order of the documents.
 */
export function viewOf(places: readonly Place[], ranking: readonly Scored[]): View {
  const best = ranking[0]?.score ?? 0;
  const inView: number[] = [];
  let characters = 0;
  for (const { index, score } of ranking) {
    const length = places[index]!.candidate.body.length;
    const isFar = best > 0 && inView.length >= FEW_IN_VIEW && score < best * NEAR_BEST;
    if (isFar || inView.length >= MOST_IN_VIEW || (characters + length > MOST_CHARACTERS && inView.length > 0)) break;
    inView.push(index);
    characters += length;
  }
  const chosen = inView.sort((a, b) => a - b).map((i) => places[i]!);
  const documents = [...new Set(chosen.map((p) => p.document.path))];
  const labels = documents.flatMap((path) => {
    const own = chosen.filter((p) => p.document.path === path);
    return labelled(
      own[0]!.structure,
      own.map((p) => p.candidate),
    );
  });
  return { places: chosen, labels };
}

export function rankPlaces(places: readonly Place[], instruction: string, ignore = ''): Scored[] {
  return rank(
    instruction,
    places.map((p) => p.profile),
    ignore,
  );
}

export function lineOf(place: Place): string {
  return place.document.lines[place.candidate.line - 1]!;
}

/** A line as a reader compares it: without its marker, a CSV record as separate cells. */
export function readable(place: Place, line: string): string {
  if (place.structure.format !== 'csv') return line.slice(place.candidate.prefix.length);
  const cells = csvCells(line, csvDelimiter(place.structure), []);
  return cells ? cells.map((c) => c.value).join(CELL_BREAK) : line;
}
