import { CLASS_WEIGHT, DeficitRound, type Sharer } from './fair-queue.ts';
import { chooseSequence } from './sequence-choice.ts';
import type { Stepper, StepSampling, TickPlan, TickResult } from './stepper.ts';
import { TickBudget } from './tick-budget.ts';

/** One answer to be written. Callbacks run at tick edges, must be quick and must not throw. */
export interface Job extends Sharer {
  prompt: readonly number[];
  sampling: StepSampling;
  prefixKey?: string | undefined;
  onStart(cachedTokens: number): void;
  onPrefill(done: number, total: number): void;
  /** Takes the sampled token and answers with what to evaluate next (at least one token), or `undefined` to end. */
  onToken(token: number, end: boolean): readonly number[] | undefined;
  /** Called exactly once, whatever happened. */
  onEnd(outcome: JobOutcome): void;
}

export type JobOutcome = { kind: 'done' } | { kind: 'cancelled' } | { kind: 'error'; error: unknown };

interface Running {
  job: Job;
  sequence: number;
  /** Not evaluated yet: the rest of the prompt, then mostly the one token sampled last. */
  pending: readonly number[];
  promptLeft: number;
}

interface Slot {
  held: number[];
  lastUsed: number;
  named: boolean;
  running: Running | undefined;
}

export interface SchedulerOptions {
  stepper: Stepper;
  /** Monotonic milliseconds. */
  now(): number;
  /** Resolves in a later turn of the event loop: the edge between two ticks, where the context lock is free. */
  turn(): Promise<void>;
  budget?: TickBudget;
  /** A request that waits longer than this goes first, whatever its class. */
  agedMs?: number;
}

/**
 * Runs all answers of one model in ticks of bounded time. Cancels and newcomers wait for at most one tick. Each tick
 * gives every answer in progress its next token and shares one prefill budget between the prompts.
 * // Invariant: the width of a tick is the number of sequences that can go on.
 */
export class Scheduler {
  readonly budget: TickBudget;
  readonly #stepper: Stepper;
  readonly #options: SchedulerOptions;
  readonly #round = new DeficitRound(16);
  readonly #slots: Slot[];
  #queue: { job: Job; since: number }[] = [];
  readonly #cancelled = new Set<Job>();
  #admissions = 0;
  readonly #lastServed = new Map<string, number>();
  #loop: Promise<void> | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#stepper = options.stepper;
    this.budget = options.budget ?? new TickBudget();
    this.#slots = Array.from({ length: options.stepper.sequences }, () => ({
      held: [],
      lastUsed: 0,
      named: false,
      running: undefined,
    }));
  }

  get queued(): number {
    return this.#queue.length;
  }

  get slots(): { tokens: number; busy: boolean }[] {
    return this.#slots.map((slot) => ({ tokens: slot.held.length, busy: slot.running !== undefined }));
  }

  submit(job: Job): void {
    if (job.prompt.length === 0) throw new RangeError('a prompt needs at least one token');
    this.#queue.push({ job, since: this.#options.now() });
    this.#loop ??= Promise.resolve().then(() => this.#run());
  }

  /** Takes effect at the next tick edge; `onEnd` says when. Unknown and finished jobs are ignored. */
  cancel(job: Job): void {
    const waiting = this.#queue.findIndex((entry) => entry.job === job);
    if (waiting >= 0) {
      this.#queue.splice(waiting, 1);
      job.onEnd({ kind: 'cancelled' });
    } else if (this.#slots.some((slot) => slot.running?.job === job)) this.#cancelled.add(job);
  }

  /** Resolves when nothing runs and nothing waits. */
  async idle(): Promise<void> {
    while (this.#loop !== undefined) await this.#loop;
  }

  async #run(): Promise<void> {
    try {
      // The first tick starts in a turn of its own, so that requests that came together are batched together.
      await this.#options.turn();
      while (this.#queue.length > 0 || this.#slots.some((slot) => slot.running)) {
        await this.#edge();
        const plan = this.#plan();
        const width = plan.prefill.length + plan.sample.length;
        if (width > 0) {
          const started = this.#options.now();
          const result = await this.#stepper.tick(plan);
          this.#observe(plan, this.#options.now() - started);
          await this.#apply(plan, result);
        }
        await this.#options.turn();
      }
    } finally {
      this.#loop = undefined;
    }
    // A job submitted by the last callback found the loop still set.
    if (this.#queue.length > 0) this.#loop ??= this.#run();
  }

  async #edge(): Promise<void> {
    for (const job of [...this.#cancelled]) {
      const slot = this.#slots.find((s) => s.running?.job === job);
      if (slot) await this.#finish(slot, { kind: 'cancelled' });
      this.#cancelled.delete(job);
    }
    for (;;) {
      const entry = this.#nextToAdmit();
      if (!entry) return;
      this.#queue.splice(this.#queue.indexOf(entry), 1);
      await this.#admit(entry.job);
    }
  }

  /** Aged requests first; then the key that holds least for its weight, then the one served longest ago. */
  #nextToAdmit(): { job: Job; since: number } | undefined {
    const free = this.#slots.filter((slot) => !slot.running).length;
    if (free === 0) return undefined;
    const held = new Map<string, number>();
    for (const { running } of this.#slots) {
      if (running) held.set(running.job.shareKey, (held.get(running.job.shareKey) ?? 0) + 1);
    }
    const agedMs = this.#options.agedMs ?? 30_000;
    const now = this.#options.now();
    // One sequence is kept free of a key that already runs: the next person does not wait for a whole answer.
    const mayTake = this.#queue.filter(({ job }) => free > 1 || !held.has(job.shareKey) || this.#slots.length === 1);
    const rank = ({ job, since }: { job: Job; since: number }) =>
      now - since > agedMs
        ? [0, since]
        : [
            1,
            (held.get(job.shareKey) ?? 0) / CLASS_WEIGHT[job.class],
            -CLASS_WEIGHT[job.class],
            this.#lastServed.get(job.shareKey) ?? 0,
            since,
          ];
    return mayTake.reduce<(typeof mayTake)[number] | undefined>(
      (best, entry) => (best && compare(rank(best), rank(entry)) <= 0 ? best : entry),
      undefined,
    );
  }

  async #admit(job: Job): Promise<void> {
    this.#admissions++;
    const free = this.#slots.flatMap((slot, index) =>
      slot.running
        ? []
        : [{ index, sequence: { held: slot.held, age: this.#admissions - slot.lastUsed, named: slot.named } }],
    );
    const choice = chooseSequence(free, job.prompt)!;
    const slot = this.#slots[choice.index]!;
    if (!this.#lastServed.has(job.shareKey) && this.#lastServed.size >= 1024) this.#lastServed.clear();
    this.#lastServed.set(job.shareKey, this.#admissions);
    slot.lastUsed = this.#admissions;
    slot.named = job.prefixKey !== undefined;
    let kept: number;
    try {
      kept = await this.#stepper.begin(choice.index, choice.keep);
    } catch (error) {
      slot.held = [];
      job.onEnd({ kind: 'error', error });
      return;
    }
    slot.held.length = kept;
    const pending = job.prompt.slice(kept);
    slot.running = { job, sequence: choice.index, pending, promptLeft: pending.length };
    job.onStart(kept);
  }

  #plan(): TickPlan {
    const running = this.#slots.flatMap((slot) => (slot.running ? [slot.running] : []));
    const decoding = running.filter((r) => r.pending.length === 1);
    const reading = running.filter((r) => r.pending.length > 1);
    const given = this.#round.share(
      reading.map((r) => ({ shareKey: r.job.shareKey, class: r.job.class, want: r.pending.length })),
      this.budget.chunk(decoding.length),
    );
    const plan: TickPlan = { prefill: [], sample: [] };
    for (const r of decoding) plan.sample.push({ sequence: r.sequence, tokens: r.pending, sampling: r.job.sampling });
    reading.forEach((r, i) => {
      const tokens = r.pending.slice(0, given[i]);
      if (tokens.length === r.pending.length) {
        plan.sample.push({ sequence: r.sequence, tokens, sampling: r.job.sampling });
      } else if (tokens.length > 0) plan.prefill.push({ sequence: r.sequence, tokens });
    });
    return plan;
  }

  #observe(plan: TickPlan, ms: number): void {
    let prefill = 0;
    for (const part of plan.prefill) prefill += part.tokens.length;
    for (const part of plan.sample) prefill += part.tokens.length - 1;
    this.budget.observe(prefill, plan.sample.filter((part) => part.tokens.length === 1).length, ms);
  }

  async #apply(plan: TickPlan, result: TickResult): Promise<void> {
    for (const part of plan.prefill) {
      const slot = this.#slots[part.sequence]!;
      const error = result.prefillErrors.get(part.sequence);
      if (error !== undefined) {
        await this.#fault(slot, error);
        continue;
      }
      this.#fed(slot, part.tokens);
      slot.running!.pending = slot.running!.pending.slice(part.tokens.length);
    }
    for (const part of plan.sample) {
      const slot = this.#slots[part.sequence]!;
      const outcome = result.samples.get(part.sequence) ?? { error: new Error('the tick lost a sequence') };
      if ('error' in outcome) {
        await this.#fault(slot, outcome.error);
        continue;
      }
      this.#fed(slot, part.tokens);
      const running = slot.running!;
      if (this.#cancelled.has(running.job)) continue;
      const next = running.job.onToken(outcome.token, outcome.end);
      if (next) running.pending = next;
      else await this.#finish(slot, { kind: 'done' });
    }
  }

  #fed(slot: Slot, tokens: readonly number[]): void {
    for (const token of tokens) slot.held.push(token);
    const running = slot.running!;
    if (running.promptLeft > 0) {
      running.promptLeft -= tokens.length;
      running.job.onPrefill(running.job.prompt.length - running.promptLeft, running.job.prompt.length);
    }
  }

  async #fault(slot: Slot, error: unknown): Promise<void> {
    slot.held = [];
    await this.#finish(slot, { kind: 'error', error });
  }

  async #finish(slot: Slot, outcome: JobOutcome): Promise<void> {
    const running = slot.running!;
    slot.running = undefined;
    try {
      await this.#stepper.end(running.sequence);
    } catch {
      // What the model holds is unknown now; the next answer starts this sequence afresh.
      slot.held = [];
    }
    running.job.onEnd(outcome);
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}
