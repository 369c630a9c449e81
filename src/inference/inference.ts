import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { type Clock, type Database, fail, type Logger } from '../common/index.ts';
import type { Caller } from '../protocol/index.ts';
import { type GrammarRequest, guideFor } from './answer-check.ts';
import type { GeneratePart, PromptParams, RequestClass, SamplingParams, Usage } from './engine/messages.ts';
import { Imports } from './imports.ts';
import { ModelFiles } from './model-files.ts';
import type { ModelRecord } from './model-record.ts';
import { Models } from './models.ts';
import type { EngineHost, EventSink, Outbound } from './ports.ts';
import { Pulls } from './pulls.ts';

export interface InferenceOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  host: EngineHost;
  events: EventSink;
  /** The only way out; left out, nothing can be pulled. */
  outbound?: Outbound;
  /** Where pulled and imported models are kept. */
  modelDirectory: string;
  /** Other places where model files may lie (`JINGU_MODELS`, the cache). Never written to. */
  otherDirectories?: readonly string[];
  /** Default: one less than the cores, at least one; with all of them llama.cpp's spin barriers collapse under load. */
  threads?: number;
  contextTokens?: number;
  sequences?: number;
  defaultModel?: string;
  /** Replaces the built-in catalogue (tests). */
  records?: readonly ModelRecord[];
}

export interface CompleteRequest extends SamplingParams {
  model?: string;
  prompt: PromptParams;
  grammar?: GrammarRequest;
  maxTokens: number;
  /** `false`: the answer may be shorter than `maxTokens` where the context ends. Default `true`. */
  reserveAll?: boolean;
  stop?: string[];
  opening?: string;
  prefixKey?: string;
}

export interface Completion {
  text: string;
  finish: 'stop' | 'length';
  /** `box/<id>`: where it ran is part of the name. */
  model: string;
  zone: 'box';
  usage: Usage;
}

/** Requests of one caller that may run or wait at one time. */
const MOST_OF_ONE = 8;
const MOST_OF_ALL = 64;

/** Models of this box: files, engines, answers. Opens no socket and holds no key. */
export class Inference {
  readonly models: Models;
  readonly files: ModelFiles;
  readonly pulls: Pulls;
  readonly imports: Imports;
  readonly #outstanding = new Map<string, number>();
  #total = 0;

  constructor(options: InferenceOptions) {
    const { db, clock, log, host, events, modelDirectory, otherDirectories = [] } = options;
    this.files = new ModelFiles({ db, clock, directories: [modelDirectory, ...otherDirectories] });
    this.models = new Models({
      db,
      clock,
      log,
      host,
      events,
      files: this.files,
      settings: {
        threads: options.threads ?? Math.max(1, availableParallelism() - 1),
        ...(options.contextTokens === undefined ? {} : { contextTokens: options.contextTokens }),
        ...(options.sequences === undefined ? {} : { sequences: options.sequences }),
      },
      ...(options.defaultModel === undefined ? {} : { defaultModel: options.defaultModel }),
      ...(options.records === undefined ? {} : { records: options.records }),
    });
    const { files, models } = this;
    const directory = modelDirectory;
    const recordOf = (id: string) => models.all().find((record) => record.id === id);
    this.pulls = new Pulls({ db, clock, log, events, files, directory, outbound: options.outbound, recordOf });
    this.imports = new Imports({ db, clock, files, directory, records: () => models.all() });
  }

  /** Goes on with unfinished pulls. Loads nothing: the first request does, or `model.load`. */
  start(): void {
    this.pulls.start();
  }

  /** Ends the engines and leaves pulls for the next start. Harmless when called twice. */
  async stop(): Promise<void> {
    await Promise.all([this.pulls.stop(), this.models.stop()]);
  }

  /**
   * Writes one answer; loads the model if need be. Parts: see `Engine.generate`. Cancelled within one tick of the abort.
   * Throws what resolving, loading and the engine throw, RATE_LIMITED, OUTPUT_INVALID.
   */
  async complete(
    caller: Caller,
    request: CompleteRequest,
    options: { signal: AbortSignal; onPart?: (part: GeneratePart) => void },
  ): Promise<Completion> {
    const record = this.models.resolve(request.model);
    const guide = request.grammar && guideFor(request.grammar);
    const shareKey = shareKeyOf(caller);
    this.#enter(shareKey);
    try {
      const { temperature, topP, topK, minP, seed, presencePenalty, frequencyPenalty } = request;
      const result = await this.models.slot(record).generate(
        {
          ...defined({ temperature, topP, topK, minP, seed, presencePenalty, frequencyPenalty }),
          ...defined({ opening: request.opening, stop: request.stop, prefixKey: request.prefixKey }),
          ...(guide ? { grammar: guide.grammar } : {}),
          prompt: request.prompt,
          maxTokens: request.maxTokens,
          reserveAll: request.reserveAll ?? true,
          shareKey,
          class: classOf(caller),
        },
        {
          signal: options.signal,
          ...(options.onPart ? { onPart: (part) => options.onPart!(part as GeneratePart) } : {}),
        },
      );
      guide?.check(result.text, result.finish);
      return { text: result.text, finish: result.finish, model: `box/${record.id}`, zone: 'box', usage: result.usage };
    } finally {
      this.#leave(shareKey);
    }
  }

  #enter(shareKey: string): void {
    const mine = this.#outstanding.get(shareKey) ?? 0;
    if (mine >= MOST_OF_ONE) throw fail('RATE_LIMITED', { limit: `${MOST_OF_ONE} at one time`, retryAfterMs: 2000 });
    if (this.#total >= MOST_OF_ALL) throw fail('RATE_LIMITED', { limit: 'the queue is full', retryAfterMs: 5000 });
    this.#outstanding.set(shareKey, mine + 1);
    this.#total++;
  }

  #leave(shareKey: string): void {
    const left = this.#outstanding.get(shareKey)! - 1;
    if (left === 0) this.#outstanding.delete(shareKey);
    else this.#outstanding.set(shareKey, left);
    this.#total--;
  }
}

/** What the engine sees of a caller: the same for the same person, and nothing else. */
function shareKeyOf(caller: Caller): string {
  const who = caller.personId ?? caller.deviceId ?? caller.kind;
  return createHash('sha256').update(`share:${who}`).digest('hex').slice(0, 16);
}

function classOf(caller: Caller): RequestClass {
  return caller.kind === 'agent' ? 'agent' : caller.kind === 'internal' ? 'batch' : 'interactive';
}

/** Leaves out what is not set, so that nothing undefined travels. */
function defined<T extends Record<string, unknown>>(members: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}
