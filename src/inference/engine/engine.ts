import { fail } from '../../common/index.ts';
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
import type { Stepper } from './stepper.ts';
import { TextOut } from './text-out.ts';

/** What the engine needs of a loaded model beside its stepper. */
export interface EngineModel {
  readonly stepper: Stepper & { grammar?(text: string): unknown };
  readonly facts: LoadResult;
  tokenize(prompt: PromptParams): number[];
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
  generate(params: GenerateParams, signal: AbortSignal, part: (part: GeneratePart) => void): Promise<GenerateResult> {
    const prompt = this.#model.tokenize(params.prompt);
    if (params.opening) prompt.push(...this.#model.opening(params.opening));
    const room = this.#admit(prompt.length, params);
    if (params.grammar !== undefined) this.#model.stepper.grammar?.(params.grammar);
    if (signal.aborted) throw fail('CANCELLED');
    return new Promise((resolve, reject) => this.#submit(params, prompt, room, signal, part, resolve, reject));
  }

  /** Tokens the answer may have. */
  #admit(promptTokens: number, params: GenerateParams): number {
    const { contextTokens } = this.#model.stepper;
    const left = contextTokens - promptTokens;
    const reserveTokens = params.reserveAll ? params.maxTokens : Math.min(16, params.maxTokens);
    if (left < reserveTokens) throw fail('PROMPT_TOO_LONG', { promptTokens, contextTokens, reserveTokens });
    return Math.min(params.maxTokens, left);
  }

  #submit(
    params: GenerateParams,
    prompt: number[],
    room: number,
    signal: AbortSignal,
    part: (part: GeneratePart) => void,
    resolve: (result: GenerateResult) => void,
    reject: (error: unknown) => void,
  ): void {
    const opening = params.opening ?? '';
    const out = new TextOut(this.#model.detokenize, params.stop ?? []);
    const usage = { promptTokens: prompt.length, cachedTokens: 0, completionTokens: 0 };
    const queuedAt = performance.now();
    let startedAt = queuedAt;
    let firstAt = 0;
    let finish: 'stop' | 'length' = 'length';
    const say = (text: string) => {
      if (text !== '') part({ type: 'text', text });
    };
    const job: Job = {
      prompt,
      sampling: { ...params },
      shareKey: params.shareKey,
      class: params.class,
      prefixKey: params.prefixKey,
      onStart: (cachedTokens) => {
        startedAt = performance.now();
        usage.cachedTokens = cachedTokens;
        part({ type: 'start', promptTokens: prompt.length, cachedTokens });
        say(opening);
      },
      onPrefill: (done, total) => part({ type: 'prefill', done, total }),
      onToken: (token, end) => {
        if (firstAt === 0) firstAt = performance.now();
        usage.completionTokens++;
        if (end) {
          finish = 'stop';
          return undefined;
        }
        say(out.push(token));
        if (out.stopped) finish = 'stop';
        return out.stopped || usage.completionTokens >= room ? undefined : [token];
      },
      onEnd: (outcome) => {
        signal.removeEventListener('abort', abort);
        this.#running--;
        this.#totals.promptTokens += usage.promptTokens;
        this.#totals.cachedTokens += usage.cachedTokens;
        this.#totals.completionTokens += usage.completionTokens;
        if (outcome.kind === 'error') return reject(outcome.error);
        if (outcome.kind === 'cancelled') {
          this.#totals.cancelled++;
          return reject(fail('CANCELLED'));
        }
        say(out.flush());
        const endedAt = performance.now();
        resolve({
          text: opening + out.text,
          finish,
          usage,
          timing: {
            queueMs: startedAt - queuedAt,
            promptMs: (firstAt || endedAt) - startedAt,
            firstTokenMs: (firstAt || endedAt) - queuedAt,
            totalMs: endedAt - queuedAt,
          },
        });
      },
    };
    const abort = () => this.#scheduler.cancel(job);
    this.#running++;
    signal.addEventListener('abort', abort, { once: true });
    this.#scheduler.submit(job);
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
