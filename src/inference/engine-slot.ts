import { createHash } from 'node:crypto';
import { type Clock, canonicalJson, type Database, fail, isJinguError, type Logger } from '../common/index.ts';
import type { GuestHandle, GuestRequestOptions } from '../guest/index.ts';
import type {
  CountResult,
  EngineStats,
  GenerateParams,
  GenerateResult,
  LoadParams,
  LoadResult,
} from './engine/messages.ts';
import type { ModelFiles } from './model-files.ts';
import type { ModelRecord } from './model-record.ts';
import type { EngineHost } from './ports.ts';
import { crashes } from './repository.ts';

export interface EngineSettings {
  threads: number;
  /** Replaces the record's own when set. */
  contextTokens?: number;
  sequences?: number;
}

export interface EngineSlotOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  host: EngineHost;
  files: ModelFiles;
  record: ModelRecord;
  settings: EngineSettings;
  /** After each change of `state`. */
  onState(state: SlotState, reason?: string): void;
}

export type SlotState = 'cold' | 'loading' | 'warm';

/** Two ends of the engine within this time on the same parameters set a model aside. */
const CRASH_WINDOW_MS = 600_000;
const CRASHES_ALLOWED = 1;
const LOAD_MS = 900_000;
const ANSWER_MS = 1_800_000;
/** Ends that nobody asked for. */
const CRASHED = new Set(['exited', 'killed', 'memory', 'unresponsive', 'stuck', 'protocol']);

/** The engine of one model over all its restarts: loads once for all who ask, counts crashes, ends to free memory. */
export class EngineSlot {
  readonly #o: EngineSlotOptions;
  #guest: GuestHandle | undefined;
  #load: Promise<LoadResult> | undefined;
  #state: SlotState = 'cold';
  #facts: LoadResult | undefined;
  #stopping = false;
  /** The crash that is being written down. */
  #recording: Promise<void> = Promise.resolve();

  constructor(options: EngineSlotOptions) {
    this.#o = options;
  }

  get state(): SlotState {
    return this.#state;
  }

  get facts(): LoadResult | undefined {
    return this.#facts;
  }

  /** The process, for those who account for memory. */
  get pid(): number | null {
    return this.#guest?.status.pid ?? null;
  }

  /** Why this model is set aside, if it is. */
  quarantine(): { crashes: number; reason: string } | undefined {
    const row = crashes.find(this.#o.db, this.#o.record.id, this.#parametersKey());
    return row && row.crashes > CRASHES_ALLOWED ? { crashes: row.crashes, reason: row.reason } : undefined;
  }

  /**
   * Single flight: all who ask while it loads get the same outcome. The file is verified before the engine sees it and
   * compared again afterwards. Throws MODEL_QUARANTINED, MODEL_NOT_READY, MODEL_ALTERED, MODEL_LOAD_FAILED.
   */
  load(): Promise<LoadResult> {
    if (this.#facts && this.#state === 'warm') return Promise.resolve(this.#facts);
    this.#load ??= this.#doLoad().finally(() => {
      this.#load = undefined;
    });
    return this.#load;
  }

  async generate(params: GenerateParams, options: GuestRequestOptions): Promise<GenerateResult> {
    return (await this.#ask('generate', params, { timeoutMs: ANSWER_MS, ...options })) as GenerateResult;
  }

  async count(prompt: GenerateParams['prompt']): Promise<CountResult> {
    return (await this.#ask('count', { prompt }, { timeoutMs: 60_000 })) as CountResult;
  }

  /** An administrator wants to try it again. */
  async pardon(): Promise<void> {
    await this.#o.db.write((tx) => crashes.clear(tx, this.#o.record.id));
  }

  /** `undefined` while nothing is loaded. */
  async stats(): Promise<EngineStats | undefined> {
    return this.#state === 'warm' ? ((await this.#ask('stats', {}, {})) as EngineStats) : undefined;
  }

  /** Ends the process, the only sure way to give the memory back. Running answers end first. Harmless when cold. */
  async unload(): Promise<void> {
    const guest = this.#guest;
    this.#guest = undefined;
    this.#stopping = true;
    try {
      await guest?.stop();
    } finally {
      this.#stopping = false;
      this.#to('cold');
    }
  }

  async #doLoad(): Promise<LoadResult> {
    const { record, files } = this.#o;
    await this.#recording;
    const aside = this.quarantine();
    if (aside) throw fail('MODEL_QUARANTINED', { model: record.id, ...aside });
    this.#to('loading');
    try {
      const { path, stamp } = await this.#verifiedFile();
      const facts = await this.#loadInGuest(path);
      await files.unchanged(record.id, path, stamp);
      this.#facts = facts;
      this.#to('warm');
      this.#o.log.info({ model: record.id, ms: Math.round(facts.loadMs), threads: facts.threads }, 'model-loaded');
      return facts;
    } catch (error) {
      await this.unload();
      throw isJinguError(error) && error.code === 'MODEL_LOAD_FAILED'
        ? fail('MODEL_LOAD_FAILED', { ...error.details, model: record.id }, error)
        : this.#translated(error);
    }
  }

  async #verifiedFile(): Promise<{ path: string; stamp: string }> {
    const { record, files } = this.#o;
    let refused: unknown;
    for (const { path } of await files.find(record)) {
      try {
        return { path, stamp: await files.verify(record.id, path, record) };
      } catch (error) {
        refused ??= error;
      }
    }
    throw refused ?? fail('MODEL_NOT_READY', { model: record.id, state: 'absent' });
  }

  async #loadInGuest(path: string): Promise<LoadResult> {
    this.#guest ??= this.#start();
    return (await this.#guest.request('load', this.#loadParams(path), { timeoutMs: LOAD_MS })) as LoadResult;
  }

  #loadParams(path: string): LoadParams {
    const { record, settings } = this.#o;
    return {
      file: path,
      dialect: record.dialect,
      contextTokens: Math.min(settings.contextTokens ?? record.contextTokens, record.trainedTokens),
      sequences: settings.sequences ?? record.sequences,
      threads: settings.threads,
    };
  }

  #start(): GuestHandle {
    const { record, host, settings } = this.#o;
    const { contextTokens, sequences } = this.#loadParams('');
    const kvBytes = contextTokens * sequences * record.kvBytesPerToken;
    const guest = host.start({
      name: `engine:${record.id}`,
      program: new URL('./engine/guest-main.ts', import.meta.url),
      restart: 'on-demand',
      // Each decode and each sample takes a thread of libuv's pool; four are left for reading files.
      threadPool: 4 + settings.threads,
      oomScoreAdjust: 500,
      limits: {
        readyMs: 60_000,
        cancelMs: 120_000,
        maxRequests: 128,
        memoryMb: Math.ceil((record.bytes * 1.3 + kvBytes) / 2 ** 20) + 1024,
      },
      errors: ['MODEL_LOAD_FAILED', 'MODEL_NOT_READY', 'PROMPT_TOO_LONG', 'GRAMMAR_INVALID', 'CANCELLED'],
    });
    guest.on('state', ({ state, reason, detail }) => {
      if (state !== 'gone' || guest !== this.#guest || this.#stopping) return;
      this.#facts = undefined;
      if (reason !== null && CRASHED.has(reason))
        this.#recording = this.#crashed(detail ? `${reason}: ${detail}` : reason);
      this.#to('cold', reason ?? undefined);
    });
    return guest;
  }

  async #crashed(reason: string): Promise<void> {
    const { db, clock, log, record } = this.#o;
    const parameters = this.#parametersKey();
    log.warn({ model: record.id, reason }, 'engine-crashed');
    try {
      await db.write((tx) => {
        const before = crashes.find(tx, record.id, parameters);
        const recent = before && clock.now() - before.at < CRASH_WINDOW_MS ? before.crashes : 0;
        crashes.put(tx, { model: record.id, parameters, crashes: recent + 1, reason, at: clock.now() });
      });
    } catch (error) {
      log.error({ model: record.id, reason: String(error) }, 'crash-not-recorded');
    }
  }

  async #ask(method: string, params: unknown, options: GuestRequestOptions): Promise<unknown> {
    await this.load();
    const guest = this.#guest;
    // Unloaded between the load and now: somebody wanted the memory back.
    if (!guest) throw fail('ENGINE_RESTARTING', { model: this.#o.record.id });
    try {
      return await guest.request(method, params, options);
    } catch (error) {
      throw this.#translated(error);
    }
  }

  #translated(error: unknown): unknown {
    if (!isJinguError(error)) return error;
    const model = this.#o.record.id;
    if (error.code === 'GUEST_GONE')
      return fail('ENGINE_RESTARTING', { model, reason: error.details['reason'] }, error);
    // It ended and came back between our load and this request.
    if (error.code === 'MODEL_NOT_READY' && error.details['state'] === 'not loaded') {
      return fail('ENGINE_RESTARTING', { model }, error);
    }
    return error;
  }

  #parametersKey(): string {
    const { file: _, ...how } = this.#loadParams('');
    return createHash('sha256')
      .update(canonicalJson({ sha256: this.#o.record.sha256, ...how }))
      .digest('hex');
  }

  #to(state: SlotState, reason?: string): void {
    if (state !== 'warm') this.#facts = undefined;
    if (this.#state === state) return;
    this.#state = state;
    this.#o.onState(state, reason);
  }
}
