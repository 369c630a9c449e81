import {
  type LlamaContext,
  type LlamaContextSequence,
  LlamaGrammar,
  type LlamaModel,
  type SequenceEvaluateOptions,
  type Token,
} from 'node-llama-cpp';
import { fail } from '../../../common/index.ts';
import type { SampleOutcome, Stepper, StepSampling, TickPlan, TickResult } from '../stepper.ts';
import { LlamaGrammarState } from './grammar-state.ts';

interface Answer {
  steps: AsyncGenerator<Token, void, undefined | Token | Token[]>;
  /** What was sampled so far, for the repetition penalties. */
  written: Token[];
}

/**
 * Sequences of one llama.cpp context, stepped from outside. All calls of a tick are made in one turn and awaited
 * together: node-llama-cpp then puts them into one batch, and its context lock is free at every tick edge
 * (left to itself it runs batches of N-1 sequences and holds the lock until nobody generates).
 */
export class LlamaStepper implements Stepper {
  readonly sequences: number;
  readonly contextTokens: number;
  readonly #context: LlamaContext;
  readonly #model: LlamaModel;
  readonly #sequences: LlamaContextSequence[];
  readonly #answers: (Answer | undefined)[];
  readonly #grammars = new Map<string, LlamaGrammar>();

  constructor(context: LlamaContext) {
    this.#context = context;
    this.#model = context.model;
    this.sequences = context.totalSequences;
    // The binding keeps one cell free for the token that is being sampled.
    this.contextTokens = context.contextSize - 1;
    this.#sequences = Array.from({ length: this.sequences }, () => context.getSequence());
    this.#answers = this.#sequences.map(() => undefined);
  }

  async begin(index: number, keep: number): Promise<number> {
    const sequence = this.#sequences[index]!;
    if (keep === 0) {
      if (sequence.nextTokenIndex > 0) await sequence.clearHistory();
      return 0;
    }
    // Unlike eraseContextTokenRanges this never evaluates anything by itself when the model cannot rewind.
    if (keep < sequence.nextTokenIndex) await sequence.adaptStateToTokens(sequence.contextTokens.slice(0, keep), false);
    return Math.min(keep, sequence.nextTokenIndex);
  }

  async tick(plan: TickPlan): Promise<TickResult> {
    const prefillErrors = new Map<number, unknown>();
    const samples = new Map<number, SampleOutcome>();
    // No await between these calls: one turn, one batch.
    const parts: Promise<void>[] = [
      ...plan.prefill.map(async ({ sequence, tokens }) => {
        try {
          await this.#sequences[sequence]!.evaluateWithoutGeneratingNewTokens(tokens as Token[]);
        } catch (error) {
          prefillErrors.set(sequence, error);
        }
      }),
      ...plan.sample.map(async ({ sequence, tokens, sampling }) => {
        try {
          samples.set(sequence, await this.#sample(sequence, tokens as Token[], sampling));
        } catch (error) {
          samples.set(sequence, { error });
        }
      }),
    ];
    await Promise.all(parts);
    return { prefillErrors, samples };
  }

  async end(index: number): Promise<void> {
    const answer = this.#answers[index];
    this.#answers[index] = undefined;
    await answer?.steps.return();
  }

  async dispose(): Promise<void> {
    for (const index of this.#sequences.keys()) await this.end(index);
    await this.#context.dispose();
  }

  async #sample(index: number, tokens: Token[], sampling: StepSampling): Promise<SampleOutcome> {
    let answer = this.#answers[index];
    let step: IteratorResult<Token, void>;
    if (answer) step = await answer.steps.next(tokens);
    else {
      const written: Token[] = [];
      answer = { written, steps: this.#sequences[index]!.evaluate(tokens, this.#options(sampling, written)) };
      this.#answers[index] = answer;
      step = await answer.steps.next();
    }
    if (step.done) throw new Error('the model gave no token');
    answer.written.push(step.value);
    return { token: step.value, end: this.#model.isEogToken(step.value) };
  }

  #options(sampling: StepSampling, written: Token[]): SequenceEvaluateOptions {
    const { temperature = 0, topP, topK, minP, seed, grammar, presencePenalty, frequencyPenalty } = sampling;
    return {
      temperature,
      yieldEogToken: true,
      ...(topP === undefined ? {} : { topP }),
      ...(topK === undefined ? {} : { topK }),
      ...(minP === undefined ? {} : { minP }),
      ...(seed === undefined ? {} : { seed }),
      ...(presencePenalty || frequencyPenalty
        ? {
            repeatPenalty: {
              punishTokens: () => written,
              penalty: 1,
              presencePenalty: presencePenalty ?? 0,
              frequencyPenalty: frequencyPenalty ?? 0,
            },
          }
        : {}),
      ...(grammar instanceof LlamaGrammarState ? { grammarEvaluationState: grammar.native } : {}),
    };
  }

  grammar(gbnf: string): LlamaGrammarState {
    return new LlamaGrammarState(this.#model, this.#compiled(gbnf));
  }

  /** Each text is compiled once; the last 32 are kept. */
  #compiled(text: string): LlamaGrammar {
    let grammar = this.#grammars.get(text);
    if (grammar) this.#grammars.delete(text);
    else {
      try {
        grammar = new LlamaGrammar(this.#model.llama, { grammar: text });
      } catch (cause) {
        throw fail('GRAMMAR_INVALID', { reason: cause instanceof Error ? cause.message : String(cause) }, cause);
      }
    }
    this.#grammars.set(text, grammar);
    if (this.#grammars.size > 32) this.#grammars.delete(this.#grammars.keys().next().value!);
    return grammar;
  }
}
