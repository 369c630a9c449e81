import { type LlamaGrammar, LlamaGrammarEvaluationState, type LlamaModel } from 'node-llama-cpp';
import type { GrammarState } from '../stepper.ts';

/** Two functions of node-llama-cpp 3.22 that its types keep to themselves; its own speculative decoding uses them. */
interface NativeSampler {
  canBeNextTokenForGrammarEvaluationState(state: object, token: number): boolean;
  acceptGrammarEvaluationStateToken(state: object, token: number): void;
}

export class LlamaGrammarState implements GrammarState {
  readonly native: LlamaGrammarEvaluationState;
  readonly #sampler: NativeSampler | undefined;

  constructor(model: LlamaModel, grammar: LlamaGrammar) {
    this.native = new LlamaGrammarEvaluationState({ model, grammar });
    // Looked up, not assumed: without it nothing is forced and everything is sampled.
    this.#sampler = (
      model.llama as unknown as { _bindings?: { AddonSampler?: NativeSampler } }
    )._bindings?.AddonSampler;
  }

  accept(tokens: readonly number[]): boolean {
    const sampler = this.#sampler;
    if (typeof sampler?.acceptGrammarEvaluationStateToken !== 'function') return false;
    // Tried on a copy: llama.cpp ends the process when a token is accepted that the grammar does not allow.
    const copy = stateOf(this.native.clone());
    for (const token of tokens) {
      if (!sampler.canBeNextTokenForGrammarEvaluationState(copy, token)) return false;
      sampler.acceptGrammarEvaluationStateToken(copy, token);
    }
    const state = stateOf(this.native);
    for (const token of tokens) sampler.acceptGrammarEvaluationStateToken(state, token);
    return true;
  }
}

function stateOf(state: LlamaGrammarEvaluationState): object {
  return (state as unknown as { _state: object })._state;
}
