import type { SamplingParams } from './messages.ts';

export interface StepSampling extends SamplingParams {
  grammar?: string;
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
  /** The answer on this sequence is over; its tokens stay. */
  end(sequence: number): Promise<void>;
}
