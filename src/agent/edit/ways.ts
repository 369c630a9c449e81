import type { Labelled } from './label.ts';
import { yamlLead, yamlValue } from './label.ts';
import type { ModelPort } from './ports.ts';
import { CELL_PROMPT, documentPrompt, escaped, JSON_TEXT, LINE_PROMPT, ONE_LINE, WORDS_PROMPT } from './prompts.ts';
import { lineFromLabel, withBody, withCells, withYamlValue } from './rewrite.ts';
import { slotFill } from './slot-fill.ts';
import { spansOf } from './spans.ts';
import type { Structure } from './structure.ts';

/** What one way of asking came to: the whole new line, or nothing usable. */
export interface WayResult {
  way: 'whole' | 'words' | 'slot' | 'line';
  line: string | undefined;
}

export interface WaysInput {
  model: ModelPort;
  structure: Structure;
  chosen: Labelled;
  /** All labels in view, for the warm beginning. */
  shown: readonly string[];
  instruction: string;
  signal: AbortSignal;
}

/** Way one: with the document in view, the model writes the whole line anew. */
export async function wholeLine(input: WaysInput): Promise<WayResult> {
  const { structure, chosen, instruction, shown } = input;
  const lead = structure.format === 'yaml' ? yamlLead(chosen.candidate) : '';
  const { text } = await input.model.complete(
    {
      messages: [
        { role: 'system', content: documentPrompt(shown) },
        { role: 'user', content: instruction },
      ],
      opening: `{"old":"${escaped(chosen.label)}","new":"${escaped(lead)}`,
      grammar: { kind: 'gbnf', text: JSON_TEXT },
      maxTokens: Math.min(400, 60 + chosen.label.length),
      prefixKey: 'edit-document',
    },
    { signal: input.signal },
  );
  const written = readText(text);
  return { way: 'whole', line: written === undefined ? undefined : lineFromLabel(structure, chosen, lead + written) };
}

/** Way two: without the document, the model names the words to replace and the new ones. */
export async function wordsOfLine(input: WaysInput): Promise<WayResult> {
  const { structure, chosen } = input;
  if (chosen.candidate.cells) return cellOfRow(input);
  const yaml = structure.format === 'yaml' ? yamlValue(chosen.candidate) : undefined;
  const body = yaml ? yaml.text : chosen.candidate.body;
  const spans = spansOf(body);
  if (spans.length === 0) return { way: 'words', line: undefined };
  const shown = yaml ? yamlLead(chosen.candidate) + yaml.text : body;
  const answer = await replaceBy(input, WORDS_PROMPT, `Line: ${shown}\nInstruction: ${input.instruction}`, spans);
  if (!answer) return { way: 'words', line: undefined };
  const text = body.replace(answer.replace, () => answer.by);
  const line = yaml
    ? withYamlValue(structure, chosen.candidate, text)
    : withBody(structure, chosen.candidate, text.trim());
  return { way: 'words', line: text.trim() === '' ? undefined : line };
}

async function cellOfRow(input: WaysInput): Promise<WayResult> {
  const { cells } = input.chosen.candidate;
  const named = cells!.map((c) => (c.column === '' ? c.value : `${c.column}: ${c.value}`));
  const question = `Row: ${named.join(', ')}. Instruction: ${input.instruction}`;
  const answer = await replaceBy(input, CELL_PROMPT, question, [...new Set(named)]);
  if (!answer) return { way: 'words', line: undefined };
  const at = named.indexOf(answer.replace);
  const lead = cells![at]!.column === '' ? '' : `${cells![at]!.column}: `;
  const value = (answer.by.startsWith(lead) ? answer.by.slice(lead.length) : answer.by).trim();
  const values = cells!.map((c, i) => (i === at ? value : c.value));
  return { way: 'words', line: value === '' ? undefined : withCells(input.structure, input.chosen.candidate, values) };
}

async function replaceBy(input: WaysInput, system: string, question: string, spans: readonly string[]) {
  const { text } = await input.model.complete(
    {
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: question },
      ],
      grammar: {
        kind: 'json',
        schema: {
          type: 'object',
          properties: { replace: { type: 'string', enum: spans }, by: { type: 'string' } },
          required: ['replace', 'by'],
          additionalProperties: false,
        },
      },
      maxTokens: 160,
      prefixKey: system === CELL_PROMPT ? 'edit-cell' : 'edit-words',
    },
    { signal: input.signal },
  );
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    const { replace, by } = parsed as Record<string, unknown>;
    return typeof replace === 'string' && spans.includes(replace) && typeof by === 'string'
      ? { replace, by }
      : undefined;
  } catch {
    return undefined;
  }
}

/** A further voice where the first three differ: the whole line, seen alone. */
export async function lineAlone(input: WaysInput): Promise<WayResult> {
  const { chosen, instruction } = input;
  const { text } = await input.model.complete(
    {
      messages: [
        { role: 'system', content: LINE_PROMPT },
        { role: 'user', content: `Line: ${chosen.label}\nInstruction: ${instruction}` },
      ],
      opening: 'New: ',
      grammar: { kind: 'gbnf', text: ONE_LINE },
      maxTokens: Math.min(400, 60 + chosen.label.length),
      prefixKey: 'edit-line',
    },
    { signal: input.signal },
  );
  return { way: 'line', line: lineFromLabel(input.structure, chosen, text) };
}

/** Way three: no model. The one value of the instruction goes where the one value of its kind stands. */
export function valueInSlot(structure: Structure, chosen: Labelled, instruction: string): WayResult {
  return { way: 'slot', line: slotFill(structure, chosen.candidate, instruction) };
}

function readText(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(`"${text.replace(/\}$/, '')}`);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
