import type { SamplingParams } from './messages.ts';

/** Where one answer is in its grammar. */
export interface GrammarState {
  /** Moves over tokens that were not sampled. `false`: it cannot, and stays where it is. */
  accept(tokens: readonly number[]): boolean;
}

export interface StepSampling extends SamplingParams {
  grammar?: GrammarState | undefined;
}

/** One tick: everything in it is submitted in one turn of the event loop, so that it becomes one batch. */
export interface TickPlan {
  prefill: { sequence: number; tokens: readonly number[] }[];
  /** Feeds `tokens` (at least one) and samples the token that follows them. */
  sample: { sequence: number; tokens: readonly number[]; sampling: StepSampling }[];
}

export type SampleOutcome = { token: number; end: boolean } | { error: unknown };

export interface TickResult {
  /** One error per failed prefill, by sequence. */
  prefillErrors: Map<number, unknown>;
  samples: Map<number, SampleOutcome>;
}

/**
 * The model under the scheduler: sequences that hold tokens, and ticks. Calls are never concurrent. A sequence whose
 * tick failed is in an unknown state until `begin(sequence, 0)`.
 */
export interface Stepper {
  readonly sequences: number;
  /** Tokens one sequence can hold. */
  readonly contextTokens: number;
  /**
   * Keeps the first `keep` tokens of a sequence, drops the rest, and starts a new answer on it. Returns how many were
   * in fact kept: a model that cannot rewind keeps fewer.
   */
  begin(sequence: number, keep: number): Promise<number>;
  /** Resolves when every part has resolved; never rejects. */
  tick(plan: TickPlan): Promise<TickResult>;
  /** A new answer's state in a GBNF grammar. Throws GRAMMAR_INVALID. */
  grammar(gbnf: string): GrammarState;
  /** The answer on this sequence is over; its tokens stay. */
  end(sequence: number): Promise<void>;
}
