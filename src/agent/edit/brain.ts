import { proposeAddition } from './add.ts';
import { proposeChange } from './change.ts';
import { type Intent, intentOf } from './intent.ts';
import { distinct, type Outcome, type Proposal } from './outcome.ts';
import { fieldOf } from './place.ts';
import type { DocumentText, ModelPort } from './ports.ts';
import { proposeRemoval } from './remove.ts';

export interface ProposeInput {
  model: ModelPort;
  instruction: string;
  documents: readonly DocumentText[];
  signal: AbortSignal;
  /** Told as soon as it is known, for the task's log. */
  onIntent?: (intent: Intent) => void;
}

/**
 * One instruction, one edit: decided, asked about, or refused. Reads only what it is given and changes nothing. The
 * model's words never become an edit by themselves: place and bytes come out of methods that must agree.
 */
export async function proposeEdit(input: ProposeInput): Promise<Outcome & { intent: Exclude<Intent, 'question'> }> {
  const { model, instruction, signal } = input;
  const guess = await intentOf(model, instruction, signal);
  const intent = guess.intent === 'question' ? 'change' : guess.intent;
  input.onIntent?.(intent);
  const { places } = fieldOf(input.documents, instruction);
  if (places.length === 0) return { kind: 'refuse', reason: 'no-documents', words: [], intent };
  const propose = { change: proposeChange, add: proposeAddition, delete: proposeRemoval }[intent];
  const outcome = await propose({ model, instruction, places, signal });
  if (guess.certain || outcome.kind === 'refuse') return { ...outcome, intent };
  // Only the model takes it for this; a person decides, with the plain change beside it if there is one.
  const plain = intent === 'change' ? outcome : await proposeChange({ model, instruction, places, signal });
  const options = distinct([...optionsOf(plain), ...optionsOf(outcome)]);
  return { kind: 'ask', reason: 'two-results', options: options.slice(0, MOST_OPTIONS), intent };
}

const MOST_OPTIONS = 4;

function optionsOf(outcome: Outcome): Proposal[] {
  if (outcome.kind === 'refuse') return [];
  return outcome.kind === 'apply' ? [outcome.proposal] : outcome.options;
}
