import { type Labelled, yamlLead, yamlValue } from './label.ts';
import type { ModelPort } from './ports.ts';
import { CELL_PROMPT, documentPrompt, LINE_PROMPT, readStrings, stringsSchema, WORDS_PROMPT } from './prompts.ts';
import { lineFromLabel, withBody, withCells, withYamlValue } from './rewrite.ts';
import { slotFill } from './slot-fill.ts';
import { spansOf } from './spans.ts';
import type { Structure } from './structure.ts';

export interface WaysInput {
  model: ModelPort;
  structure: Structure;
  chosen: Labelled;
  /** All labels in view, for the warm beginning. */
  shown: readonly string[];
  instruction: string;
  signal: AbortSignal;
}

/** A whole new line of the document, or nothing usable. */
export type WayResult = string | undefined;

/** With the document in view, the model writes the whole line anew. */
export async function wholeLine(input: WaysInput): Promise<WayResult> {
  const { structure, chosen } = input;
  const { text } = await input.model.complete(
    {
      messages: [
        { role: 'system', content: documentPrompt(input.shown) },
        { role: 'user', content: input.instruction },
      ],
      grammar: { kind: 'json', schema: stringsSchema({ old: { fixed: chosen.label }, new: 'text' }) },
      maxTokens: roomFor(chosen.label, 2),
      prefixKey: 'edit-document',
    },
    { signal: input.signal },
  );
  const answer = readStrings(text, ['old', 'new']);
  return answer && lineFromLabel(structure, chosen, answer.new);
}

/** Without the document, the model names the words to replace and the new ones. */
export async function wordsOfLine(input: WaysInput): Promise<WayResult> {
  const { structure, chosen } = input;
  if (chosen.candidate.cells) return cellOfRow(input);
  const yaml = structure.format === 'yaml' ? yamlValue(chosen.candidate) : undefined;
  const body = yaml ? yaml.text : chosen.candidate.body;
  const shown = yaml ? yamlLead(chosen.candidate) + yaml.text : body;
  const answer = await replaceBy(
    input,
    WORDS_PROMPT,
    `Line: ${shown}\nInstruction: ${input.instruction}`,
    spansOf(body),
  );
  const text = answer ? body.replace(answer.replace, () => answer.by).trim() : '';
  if (text === '') return undefined;
  return yaml ? withYamlValue(structure, chosen.candidate, text) : withBody(structure, chosen.candidate, text);
}

async function cellOfRow(input: WaysInput): Promise<WayResult> {
  const { candidate } = input.chosen;
  const cells = candidate.cells!;
  const named = cells.map((c) => (c.column === '' ? c.value : `${c.column}: ${c.value}`)).filter((c) => c !== '');
  const question = `Row: ${named.join(', ')}. Instruction: ${input.instruction}`;
  const answer = await replaceBy(input, CELL_PROMPT, question, [...new Set(named)]);
  if (!answer) return undefined;
  const at = named.indexOf(answer.replace);
  const lead = cells[at]!.column === '' ? '' : `${cells[at]!.column}: `;
  const value = (answer.by.startsWith(lead) ? answer.by.slice(lead.length) : answer.by).trim();
  if (value === '') return undefined;
  return withCells(
    input.structure,
    candidate,
    cells.map((c, i) => (i === at ? value : c.value)),
  );
}

async function replaceBy(input: WaysInput, system: string, question: string, spans: readonly string[]) {
  if (spans.length === 0) return undefined;
  const { text } = await input.model.complete(
    {
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: question },
      ],
      grammar: { kind: 'json', schema: stringsSchema({ replace: { oneOf: spans }, by: 'text' }) },
      maxTokens: roomFor(input.chosen.label, 2),
      prefixKey: system === CELL_PROMPT ? 'edit-cell' : 'edit-words',
    },
    { signal: input.signal },
  );
  const answer = readStrings(text, ['replace', 'by']);
  return answer && spans.includes(answer.replace) ? answer : undefined;
}

/** A further voice where the others differ: the whole line, seen alone. */
export async function lineAlone(input: WaysInput): Promise<WayResult> {
  const { chosen, instruction } = input;
  const { text } = await input.model.complete(
    {
      messages: [
        { role: 'system', content: LINE_PROMPT },
        { role: 'user', content: `Line: ${chosen.label}\nInstruction: ${instruction}` },
      ],
      grammar: { kind: 'json', schema: stringsSchema({ new: 'text' }) },
      maxTokens: roomFor(chosen.label, 1),
      prefixKey: 'edit-line',
    },
    { signal: input.signal },
  );
  const answer = readStrings(text, ['new']);
  return answer && lineFromLabel(input.structure, chosen, answer.new);
}

/** No model: the one value of the instruction goes where the one value of its kind stands. */
export function valueInSlot(structure: Structure, chosen: Labelled, instruction: string): WayResult {
  return slotFill(structure, chosen.candidate, instruction);
}

/** Tokens that this text can take some times over, and a little more; a Han character is about one token. */
function roomFor(text: string, times: number): number {
  return Math.min(1500, 60 + text.length * times);
}
