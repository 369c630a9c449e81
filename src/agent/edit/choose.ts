import type { Labelled } from './label.ts';
import type { ModelPort } from './ports.ts';
import { documentPrompt, escaped } from './prompts.ts';

/** The model copies one of the lines in view, under a grammar that allows nothing else. `instruction` is shown as typed. */
export async function chooseLine(
  model: ModelPort,
  shown: readonly Labelled[],
  instruction: string,
  signal: AbortSignal,
): Promise<number> {
  if (shown.length === 1) return 0;
  // The closing quote keeps a label that begins another one apart from it.
  const choices = shown.map((s) => `{"old":"${escaped(s.label)}"`);
  const { text } = await model.complete(
    {
      messages: [
        { role: 'system', content: documentPrompt(shown.map((s) => s.label)) },
        { role: 'user', content: instruction },
      ],
      grammar: { kind: 'choices', choices },
      maxTokens: 400,
      prefixKey: 'edit-document',
    },
    { signal },
  );
  return choices.indexOf(text);
}
