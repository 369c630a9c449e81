import { createHash } from 'node:crypto';
import {
  type Clock,
  canonicalJson,
  type Database,
  ERROR_CATALOGUE,
  fail,
  isJinguError,
  type Tx,
} from '../common/index.ts';
import { type Caller, type InvokeRequest, type InvokeResult, joinLabels, type Label } from '../protocol/index.ts';
import type { Invoke } from './ports.ts';
import type { Step, Task } from './records.ts';
import { dropStepsFrom, putStep, steps, updateTask } from './repository.ts';

/** What one task may use before it ends with a reason. */
export const BUDGET = { steps: 400, tokens: 120_000, activeMs: 900_000 } as const;

const PATIENCE_MS = [500, 2000, 5000, 10_000];

export interface JournalOptions {
  db: Database;
  clock: Clock;
  invoke: Invoke;
  /** Today's caller of the task, carrying the label of its context. */
  caller: (label: Label) => Caller;
  signal: AbortSignal;
  /** Tells watchers about a finished step, in its transaction. */
  told: (tx: Tx, step: { n: number; operation: string; path?: string; tokens?: number }) => void;
}

/**
 * Durable execution of one task. Every call through the door is a numbered step, written down with its key before it is
 * made; a run that starts again after a crash gets the recorded results of finished steps and repeats the open one with
 * the same key, which the door answers from its stored outcome. The code between steps must be deterministic.
 */
export class Journal {
  readonly task: Task;
  readonly #o: JournalOptions;
  /** By number; a step that failed leaves a gap and is made again. */
  readonly #kept: (Step | undefined)[] = [];
  #n = 0;
  #since: number;

  constructor(task: Task, options: JournalOptions) {
    this.task = task;
    this.#o = options;
    for (const step of steps(options.db, task.id)) this.#kept[step.n] = step;
    this.#since = options.clock.monotonic();
  }

  /** The number of the next step. */
  get position(): number {
    return this.#n;
  }

  /** How many recorded steps a resumed run has still ahead of it. */
  get isReplaying(): boolean {
    return this.#n < this.#kept.length;
  }

  /**
   * One call through the door. `changes` marks an effect: it gets a key of its own. Throws what the door throws,
   * BUDGET_SPENT, LOOP_STOPPED for a third identical effect, CANCELLED.
   */
  async call(operation: string, input: object, options: { changes?: boolean } = {}): Promise<InvokeResult> {
    const { db, clock, invoke, signal } = this.#o;
    if (signal.aborted) throw fail('CANCELLED');
    const n = this.#n++;
    const request = digest({ operation, input });
    const kept = this.#kept[n];
    if (kept?.state === 'done' && kept.kind === operation && kept.request === request) {
      return kept.result as InvokeResult;
    }
    const isSame = kept?.kind === operation && kept.request === request;
    if (kept && !isSame) await this.#forget(n);
    if (options.changes) this.#assertNoLoop(operation, request);
    this.#spend();
    const key = options.changes
      ? isSame && kept.key
        ? kept.key
        : `${this.task.id}-${n}-${request.slice(0, 16)}`
      : null;
    const step: Step = { task: this.task.id, n, kind: operation, request, key, state: 'begun', result: null };
    // An effect's key is durable before the effect; a read that is lost with a crash is simply made again.
    if (options.changes && !isSame) await db.write((tx) => putStep(tx, step, clock.now()));
    const envelope: InvokeRequest = { operation, input, ...(key ? { idempotencyKey: key } : {}) };
    const result = await this.#patiently(() => invoke(this.#o.caller(this.task.label), envelope, { signal }));
    this.task.label = joinLabels(this.task.label, result.label);
    const usage = (
      result.output as { usage?: { promptTokens: number; cachedTokens: number; completionTokens: number } } | null
    )?.usage;
    this.task.tokens += usage ? usage.completionTokens + usage.promptTokens - usage.cachedTokens : 0;
    this.task.steps = n + 1;
    const done: Step = { ...step, state: 'done', result };
    this.#kept[n] = done;
    await db.write((tx) => {
      putStep(tx, done, clock.now());
      this.#tick();
      updateTask(tx, this.task);
      this.#o.told(tx, { n, operation, ...told(input, result) });
    });
    return result;
  }

  /** An engine that restarts or a queue that is full is waited for; everything else is the caller's to handle. */
  async #patiently<T>(run: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await run();
      } catch (error) {
        // A model that is asked the same again, at no temperature, answers the same again.
        const isHopeless = isJinguError(error) && error.code === 'OUTPUT_INVALID';
        const mayHelp = isJinguError(error) && ERROR_CATALOGUE[error.code].retryable === true && !isHopeless;
        if (!mayHelp || attempt >= PATIENCE_MS.length || this.#o.signal.aborted) throw error;
        await new Promise<void>((resolve) => this.#o.clock.after(PATIENCE_MS[attempt]!, resolve));
      }
    }
  }

  /** A value that must not change on a resumed run (an id, a question's number): computed once, then read. */
  async once<T>(kind: string, request: object, make: () => Promise<T>): Promise<T> {
    const { db, clock } = this.#o;
    const n = this.#n++;
    const hash = digest({ kind, request });
    const kept = this.#kept[n];
    if (kept?.state === 'done' && kept.kind === kind && kept.request === hash) return kept.result as T;
    if (kept) await this.#forget(n);
    const result = await make();
    const done: Step = { task: this.task.id, n, kind, request: hash, key: null, state: 'done', result };
    this.#kept[n] = done;
    await db.write((tx) => putStep(tx, done, clock.now()));
    return result;
  }

  /** Records a value together with the change that made it, in one transaction. */
  recordIn(tx: Tx, kind: string, request: object, result: unknown): void {
    const n = this.#n++;
    const done: Step = {
      task: this.task.id,
      n,
      kind,
      request: digest({ kind, request }),
      key: null,
      state: 'done',
      result,
    };
    this.#kept[n] = done;
    putStep(tx, done, this.#o.clock.now());
  }

  /** The recorded value at this place, if the run was here before with the same request. */
  recorded<T>(kind: string, request: object): T | undefined {
    const kept = this.#kept[this.#n];
    if (kept?.state !== 'done' || kept.kind !== kind || kept.request !== digest({ kind, request })) return undefined;
    this.#n++;
    return kept.result as T;
  }

  /** The same effect asked for a third time in one task means that nobody is getting anywhere. */
  #assertNoLoop(operation: string, request: string): void {
    const before = this.#kept.slice(0, this.#n - 1);
    const same = before.filter((s) => s?.kind === operation && s.request === request && s.key);
    if (same.length >= 2) throw fail('LOOP_STOPPED', { operation });
  }

  #spend(): void {
    this.#tick();
    const { steps: used, tokens, activeMs } = this.task;
    if (used >= BUDGET.steps) throw fail('BUDGET_SPENT', { what: 'steps', limit: BUDGET.steps });
    if (tokens >= BUDGET.tokens) throw fail('BUDGET_SPENT', { what: 'tokens', limit: BUDGET.tokens });
    if (activeMs >= BUDGET.activeMs) throw fail('BUDGET_SPENT', { what: 'milliseconds', limit: BUDGET.activeMs });
  }

  #tick(): void {
    const now = this.#o.clock.monotonic();
    this.task.activeMs += Math.round(now - this.#since);
    this.#since = now;
  }

  async #forget(n: number): Promise<void> {
    this.#kept.length = n;
    await this.#o.db.write((tx) => dropStepsFrom(tx, this.task.id, n));
  }
}

/** What watchers may know of a step: which document, how many tokens; never text. */
function told(input: object, result: InvokeResult): { path?: string; tokens?: number } {
  const { path } = input as { path?: string };
  const { usage } = (result.output ?? {}) as { usage?: { completionTokens: number } };
  return { ...(path === undefined ? {} : { path }), ...(usage ? { tokens: usage.completionTokens } : {}) };
}

function digest(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
