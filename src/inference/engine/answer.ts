import type { ForcedText } from './forced-text.ts';
import type { GenerateParams, GeneratePart, GenerateResult, Usage } from './messages.ts';
import type { GrammarState } from './stepper.ts';
import type { TextOut } from './text-out.ts';

export interface AnswerOptions {
  params: GenerateParams;
  promptTokens: number;
  /** Tokens the answer may have. */
  room: number;
  out: TextOut;
  forced: ForcedText | undefined;
  grammar: GrammarState | undefined;
  tokenize(text: string): number[];
  part(part: GeneratePart): void;
  now(): number;
}

/** One answer while it grows: its text, its end, its numbers. The scheduler tells it what was sampled. */
export class Answer {
  readonly usage: Usage;
  #finish: 'stop' | 'length' = 'length';
  readonly #o: AnswerOptions;
  readonly #queuedAt: number;
  #startedAt: number;
  #firstAt = 0;

  constructor(options: AnswerOptions) {
    this.#o = options;
    this.usage = { promptTokens: options.promptTokens, cachedTokens: 0, completionTokens: 0 };
    this.#queuedAt = options.now();
    this.#startedAt = this.#queuedAt;
  }

  /**
   * The tokens the answer begins with whatever the model thinks: its opening and what the grammar forces.
   * `done`: that was the whole answer.
   */
  begin(): { tokens: number[]; done: boolean } {
    const { params, forced } = this.#o;
    const tokens = params.opening ? this.#o.tokenize(params.opening) : [];
    this.#o.out.append(params.opening ?? '');
    this.usage.completionTokens = tokens.length;
    const more = forced ? this.#force(forced) : undefined;
    if (more === 'done') return { tokens, done: true };
    return { tokens: more ? [...tokens, ...more] : tokens, done: false };
  }

  started(cachedTokens: number): void {
    this.#startedAt = this.#o.now();
    this.usage.cachedTokens = Math.min(cachedTokens, this.usage.promptTokens);
    this.#o.part({ type: 'start', promptTokens: this.usage.promptTokens, cachedTokens: this.usage.cachedTokens });
    this.#say(this.#o.out.text);
  }

  /** What to evaluate after this token, or `undefined` when the answer is over. */
  sampled(token: number, end: boolean): readonly number[] | undefined {
    const { out, forced, room } = this.#o;
    this.#firstAt ||= this.#o.now();
    this.usage.completionTokens++;
    if (end) {
      this.#finish = 'stop';
      return undefined;
    }
    const text = out.push(token);
    this.#say(text);
    if (out.stopped) {
      this.#finish = 'stop';
      return undefined;
    }
    if (this.usage.completionTokens >= room) return undefined;
    if (!forced) return [token];
    forced.read(text);
    // Half a character: what comes next is decided with its other half.
    if (!out.isWhole) return [token];
    const before = out.text.length;
    const more = this.#force(forced);
    this.#say(out.text.slice(before));
    if (more === 'done') return undefined;
    return more ? [token, ...more] : [token];
  }

  result(): GenerateResult {
    this.#say(this.#o.out.flush());
    const endedAt = this.#o.now();
    const firstAt = this.#firstAt || endedAt;
    return {
      text: this.#o.out.text,
      finish: this.#finish,
      usage: this.usage,
      timing: {
        queueMs: this.#startedAt - this.#queuedAt,
        promptMs: firstAt - this.#startedAt,
        firstTokenMs: firstAt - this.#queuedAt,
        totalMs: endedAt - this.#queuedAt,
      },
    };
  }

  #force(forced: ForcedText): number[] | 'done' | undefined {
    const { text, completes } = forced.next();
    if (text === '' && !completes) return undefined;
    const tokens = this.#o.tokenize(text);
    const left = this.#o.room - this.usage.completionTokens;
    // What does not fit is left to be cut off token by token; a single token is sampled just as fast.
    if (completes ? tokens.length > left : tokens.length < 2 || tokens.length >= left) return undefined;
    if (!completes && !this.#o.grammar?.accept(tokens)) return undefined;
    forced.read(text);
    this.usage.completionTokens += tokens.length;
    this.#o.out.append(text);
    if (!completes) return tokens;
    this.#finish = 'stop';
    return 'done';
  }

  #say(text: string): void {
    if (text !== '') this.#o.part({ type: 'text', text });
  }
}
