import { chooseLine } from './choose.ts';
import { type Scored, telling } from './evidence.ts';
import { fieldOf, lineOf, type Place, rankPlaces, viewOf } from './place.ts';
import type { DocumentText, ModelPort } from './ports.ts';
import { ANSWER_PROMPT } from './prompts.ts';

export interface AnswerInput {
  model: ModelPort;
  instruction: string;
  documents: readonly DocumentText[];
  signal: AbortSignal;
}

export interface Answer {
  text: string;
  lines: { path: string; line: number }[];
}

const MOST_LINES = 6;

/**
 * Answers from the documents alone. The lines are found by the model and by shared words; the model then writes from
 * those lines and sees nothing else. `undefined` when the documents hold nothing to answer from.
 */
export async function answerQuestion(input: AnswerInput): Promise<Answer | undefined> {
  const { model, instruction, signal } = input;
  const { places } = fieldOf(input.documents, instruction);
  if (places.length === 0) return undefined;
  const ranking = rankPlaces(places, instruction);
  const view = viewOf(places, ranking);
  const picked = view.places[await chooseLine(model, view.labels, instruction, signal)];
  const near = ranking.filter((s: Scored) => telling(s)).map((s) => places[s.index]!);
  const lines = [...new Set<Place>([...near.slice(0, 1), ...(picked ? [picked] : []), ...near])].slice(0, MOST_LINES);
  if (lines.length === 0) return undefined;
  const shown = lines.map((p) => [...p.candidate.context, ...columnsOf(p), lineOf(p).trim()].join('\n'));
  const { text } = await model.complete(
    {
      messages: [
        { role: 'system', content: ANSWER_PROMPT },
        { role: 'user', content: `Lines:\n${shown.join('\n\n')}\n\nQuestion: ${instruction}` },
      ],
      maxTokens: 200,
      prefixKey: 'edit-answer',
    },
    { signal },
  );
  return { text: text.trim(), lines: lines.map((p) => ({ path: p.document.path, line: p.candidate.line })) };
}

function columnsOf({ candidate }: Place): string[] {
  return candidate.cells ? [candidate.cells.map((c) => c.column).join(' | ')] : [];
}
