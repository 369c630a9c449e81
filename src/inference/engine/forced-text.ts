import { Automaton, type Grammar } from '../grammar/index.ts';

export interface Forced {
  text: string;
  /** The answer is over with it. */
  completes: boolean;
}

const NOTHING: Forced = { text: '', completes: false };

/**
 * What the grammar leaves no choice about need not be sampled: it is read in like a prompt, many tokens at once, and
 * the last part of an answer that can only end one way is not evaluated at all.
 */
export class ForcedText {
  readonly #automaton: Automaton;
  #alive = true;

  constructor(grammar: Grammar) {
    this.#automaton = new Automaton(grammar);
  }

  /** Follows text that the model chose. */
  read(text: string): void {
    if (this.#alive) this.#alive = this.#automaton.read(text);
  }

  /** What comes next without a choice. It is read only when `read` is told. */
  next(): Forced {
    if (!this.#alive) return NOTHING;
    const { text, completes } = this.#automaton.forced();
    return { text: completes ? text : atBoundary(text), completes };
  }
}

/**
 * Cut where a tokenizer would cut anyway. "Coffee ma" with "chine" or "ker" to come would make the model choose among
 * pieces of words it never saw; up to "Coffee" it chooses among words.
 */
function atBoundary(text: string): string {
  return text.replace(/[\p{L}\p{M}\p{N}_]+$/u, '').replace(/\s+$/u, '');
}
