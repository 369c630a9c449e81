import type { Outcome } from './edit/outcome.ts';
import type { DocumentText, ModelPort } from './edit/ports.ts';

/** What a task wants to know about its instruction. Pure but for the model: the same answers give the same outcome. */
export interface BrainInput {
  instruction: string;
  documents: readonly DocumentText[];
  model: ModelPort;
  signal: AbortSignal;
}

export type Thought = Outcome | { kind: 'answer'; text: string; lines: readonly { path: string; line: number }[] };

/** Decides what an instruction means for the documents in view; it changes nothing itself. */
export type Think = (input: BrainInput) => Promise<Thought>;
