import { fail } from '../../common/index.ts';
import { toGbnf } from '../grammar/index.ts';
import { Answer } from './answer.ts';
import { ForcedText } from './forced-text.ts';
import type {
  CountResult,
  EngineStats,
  GenerateParams,
  GeneratePart,
  GenerateResult,
  LoadResult,
  PromptParams,
} from './messages.ts';
import { type Job, Scheduler } from './scheduler.ts';
import type { GrammarState, Stepper } from './stepper.ts';
import { TextOut } from './text-out.ts';

/** What the engine needs of a loaded model beside its stepper. */
export interface EngineModel {
  readonly stepper: Stepper;
  readonly facts: LoadResult;
  tokenize(prompt: PromptParams): number[];
  /** Text the box itself puts into an answer; special tokens are read in it. */
  opening(text: string): number[];
  detokenize(tokens: readonly number[], before: readonly number[]): string;
}

/** Answers of one model: admission, text and usage around the scheduler. */
export class Engine {
  readonly #model: EngineModel;
  readonly #scheduler: Scheduler;
  readonly #totals = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, cancelled: 0 };
  #running = 0;

  constructor(model: EngineModel, turn: () => Promise<void> = nextTurn) {
    this.#model = model;
    this.#scheduler = new Scheduler({ stepper: model.stepper, now: () => performance.now(), turn });
  }

  count(prompt: PromptParams): CountResult {
    return { promptTokens: this.#model.tokenize(prompt).length, contextTokens: this.#model.stepper.contextTokens };
  }

  stats(): EngineStats {
    const { ticks, overruns, maxTickMs, lastTickMs } = this.#scheduler.budget;
    return {
      ...this.#totals,
      running: this.#running - this.#scheduler.queued,
      queued: this.#scheduler.queued,
      ticks,
      overruns,
      maxTickMs,
      lastTickMs,
      rssBytes: process.memoryUsage.rss(),
      sequences: this.#scheduler.slots,
    };
  }

  /** Resolves when everything that runs or waits has ended. */
  idle(): Promise<void> {
    return this.#scheduler.idle();
  }

  /**
   * Writes one answer. Parts come in order: one `start`, `prefill`s, `text`s; their texts joined are the result's text.
   * Throws PROMPT_TOO_LONG, GRAMMAR_INVALID, CANCELLED (within one tick of the abort).
   */
  async generate(
    params: GenerateParams,
    signal: AbortSignal,
    part: (part: GeneratePart) => void,
  ): Promise<GenerateResult> {
    const prompt = this.#model.tokenize(params.prompt);
    const room = this.#admit(prompt.length, params);
    const grammar = this.#grammar(params);
    const answer = new Answer({
      params,
      promptTokens: prompt.length,
      room,
      out: new TextOut(this.#model.detokenize, params.stop ?? []),
      grammar,
      forced: forcedOf(params),
      tokenize: (text) => this.#model.opening(text),
      part,
      now: () => performance.now(),
    });
    if (signal.aborted) throw fail('CANCELLED');
    const { tokens, done } = answer.begin();
    if (done) answer.started(0);
    else await this.#run(params, [...prompt, ...tokens], grammar, answer, signal, part);
    this.#count(answer);
    return answer.result();
  }

  /** Tokens the answer may have. */
  #admit(promptTokens: number, params: GenerateParams): number {
    const { contextTokens } = this.#model.stepper;
    const left = contextTokens - promptTokens;
    const reserveTokens = params.reserveAll ? params.maxTokens : Math.min(16, params.maxTokens);
    if (left < reserveTokens) throw fail('PROMPT_TOO_LONG', { promptTokens, contextTokens, reserveTokens });
    return Math.min(params.maxTokens, left);
  }

  #grammar({ grammar }: GenerateParams): GrammarState | undefined {
    if (!grammar) return undefined;
    const gbnf = 'gbnf' in grammar ? grammar.gbnf : toGbnf({ root: grammar.root, rules: new Map(grammar.rules) });
    return this.#model.stepper.grammar(gbnf);
  }

  #run(
    params: GenerateParams,
    prompt: number[],
    grammar: GrammarState | undefined,
    answer: Answer,
    signal: AbortSignal,
    part: (part: GeneratePart) => void,
  ): Promise<void> {
    const { temperature, topP, topK, minP, seed, presencePenalty, frequencyPenalty } = params;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const job: Job = {
      prompt,
      sampling: { temperature, topP, topK, minP, seed, presencePenalty, frequencyPenalty, grammar },
      shareKey: params.shareKey,
      class: params.class,
      prefixKey: params.prefixKey,
      onStart: (cachedTokens) => answer.started(cachedTokens),
      onPrefill: (done, total) => part({ type: 'prefill', done, total }),
      onToken: (token, end) => answer.sampled(token, end),
      onEnd: (outcome) => {
        signal.removeEventListener('abort', abort);
        this.#running--;
        if (outcome.kind === 'done') return resolve();
        this.#count(answer);
        if (outcome.kind === 'cancelled') this.#totals.cancelled++;
        reject(outcome.kind === 'cancelled' ? fail('CANCELLED') : outcome.error);
      },
    };
    const abort = () => this.#scheduler.cancel(job);
    this.#running++;
    signal.addEventListener('abort', abort, { once: true });
    this.#scheduler.submit(job);
    return promise;
  }

  #count({ usage }: Answer): void {
    this.#totals.promptTokens += usage.promptTokens;
    this.#totals.cachedTokens += usage.cachedTokens;
    this.#totals.completionTokens += usage.completionTokens;
  }
}

/** A stop text could end the answer in the middle of what is forced; then nothing is. */
function forcedOf({ grammar, stop }: GenerateParams): ForcedText | undefined {
  if (!grammar || 'gbnf' in grammar || (stop && stop.length > 0)) return undefined;
  return new ForcedText({ root: grammar.root, rules: new Map(grammar.rules) });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
