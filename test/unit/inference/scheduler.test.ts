import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RequestClass } from '../../../src/inference/engine/messages.ts';
import { type Job, type JobOutcome, Scheduler } from '../../../src/inference/engine/scheduler.ts';
import { TickBudget } from '../../../src/inference/engine/tick-budget.ts';
import { FakeStepper } from './fake-stepper.ts';

interface Ask {
  key: string;
  class: RequestClass;
  prompt: number[];
  tokens: number;
  /** Cancelled when so many ticks have run. */
  cancelAt?: number | undefined;
}

interface Ran {
  ask: Ask;
  job: Job;
  out: number[];
  outcomes: JobOutcome[];
  endedAtTick: number;
  firstTokenAt: number | undefined;
  prefilled: number;
}

/** Runs all requests, submitted at once, until nothing is left. */
async function run(stepper: FakeStepper, asks: readonly Ask[], onTick?: (all: Ran[], scheduler: Scheduler) => void) {
  const all: Ran[] = [];
  const scheduler = new Scheduler({
    stepper,
    now: () => stepper.now,
    turn: () => {
      for (const ran of all) if (ran.ask.cancelAt === stepper.ticks.length) scheduler.cancel(ran.job);
      onTick?.(all, scheduler);
      return Promise.resolve();
    },
    budget: new TickBudget(),
  });
  for (const ask of asks) {
    const ran: Omit<Ran, 'job'> = {
      ask,
      out: [],
      outcomes: [],
      endedAtTick: -1,
      firstTokenAt: undefined,
      prefilled: 0,
    };
    const job: Job = {
      shareKey: ask.key,
      class: ask.class,
      prompt: ask.prompt,
      sampling: {},
      onStart: () => {},
      onPrefill: (done) => {
        ran.prefilled = done;
      },
      onToken: (token, end) => {
        ran.firstTokenAt ??= stepper.now;
        ran.out.push(token);
        return end || ran.out.length >= ask.tokens ? undefined : [token];
      },
      onEnd: (outcome) => {
        ran.outcomes.push(outcome);
        ran.endedAtTick = stepper.ticks.length;
      },
    };
    all.push(Object.assign(ran, { job }));
  }
  for (const { job } of all) scheduler.submit(job);
  await scheduler.idle();
  return { all, scheduler };
}

const prompts = fc.array(fc.integer({ min: 1, max: 96 }), { minLength: 1, maxLength: 300 });
const asks = fc.array(
  fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    class: fc.constantFrom<RequestClass>('interactive', 'agent', 'batch'),
    prompt: prompts,
    tokens: fc.integer({ min: 1, max: 20 }),
    cancelAt: fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 10 },
);

describe('the tick scheduler', () => {
  it('ends every request exactly once, and cancelling one changes no token of another', async () => {
    await fc.assert(
      fc.asyncProperty(asks, fc.integer({ min: 1, max: 4 }), async (requests, sequences) => {
        const { all } = await run(new FakeStepper({ sequences }), requests);
        for (const { ask, out, outcomes } of all) {
          expect(outcomes).toHaveLength(1);
          const alone = FakeStepper.answer(ask.prompt, ask.tokens);
          if (outcomes[0]!.kind === 'done') expect(out).toEqual(alone);
          else {
            expect(outcomes[0]!.kind).toBe('cancelled');
            expect(alone.slice(0, out.length)).toEqual(out);
          }
        }
      }),
    );
  });

  it('lets a cancel take effect at the next tick edge', async () => {
    await fc.assert(
      fc.asyncProperty(asks, fc.integer({ min: 1, max: 4 }), async (requests, sequences) => {
        const { all } = await run(new FakeStepper({ sequences }), requests);
        for (const { ask, outcomes, endedAtTick } of all) {
          if (outcomes[0]!.kind === 'cancelled') expect(endedAtTick).toBe(ask.cancelAt);
        }
      }),
    );
  });

  it('runs every answer that can go on in every tick', async () => {
    await fc.assert(
      fc.asyncProperty(asks, fc.integer({ min: 1, max: 4 }), async (requests, sequences) => {
        const stepper = new FakeStepper({ sequences });
        let due = 0;
        let ticks = 0;
        await run(stepper, requests, (all) => {
          if (stepper.ticks.length > ticks) expect(stepper.ticks.at(-1)!.decoding).toBeGreaterThanOrEqual(due);
          ticks = stepper.ticks.length;
          due = all.filter(({ ask, out, outcomes }) => {
            return out.length > 0 && outcomes.length === 0 && !(ask.cancelAt !== undefined && ask.cancelAt <= ticks);
          }).length;
        });
        for (const { width } of stepper.ticks) expect(width).toBeGreaterThan(0);
      }),
    );
  });

  it('never reads more of prompts in one tick than the budget', async () => {
    await fc.assert(
      fc.asyncProperty(asks, async (requests) => {
        const stepper = new FakeStepper({ sequences: 3 });
        await run(stepper, requests);
        for (const { prefill } of stepper.ticks) expect(prefill).toBeLessThanOrEqual(64);
      }),
    );
  });

  it('gives keys with equal load equal shares while both wait', async () => {
    const stepper = new FakeStepper({ sequences: 2 });
    const prompt = (first: number) => Array.from({ length: 2000 }, (_, i) => ((i * 31 + first) % 96) + 1);
    const { all } = await run(stepper, [
      { key: 'a', class: 'interactive', prompt: prompt(1), tokens: 1 },
      { key: 'b', class: 'interactive', prompt: prompt(2), tokens: 1 },
    ]);
    const [a, b] = all.map((ran) => ran.firstTokenAt!);
    // Both long prompts end within one quantum (128 tokens at 10 ms) of each other and a tick.
    expect(Math.abs(a! - b!)).toBeLessThanOrEqual(128 * 10 + 800);
  });

  it('answers a short prompt while a long one is being read', async () => {
    const stepper = new FakeStepper({ sequences: 2 });
    const { all } = await run(stepper, [
      { key: 'heavy', class: 'batch', prompt: Array.from({ length: 3000 }, (_, i) => (i % 96) + 1), tokens: 1 },
      { key: 'light', class: 'interactive', prompt: [5, 6, 7, 8], tokens: 4 },
    ]);
    const [heavy, light] = all;
    expect(light!.firstTokenAt!).toBeLessThan(heavy!.firstTokenAt! / 10);
  });

  it('keeps a sequence for the next person while one person has several requests', async () => {
    const stepper = new FakeStepper({ sequences: 2 });
    const long = (n: number): Ask => ({
      key: 'busy',
      class: 'interactive',
      prompt: [n, 2, 3],
      tokens: 15,
    });
    const { all } = await run(stepper, [
      long(1),
      long(2),
      long(3),
      { key: 'other', class: 'interactive', prompt: [9], tokens: 1 },
    ]);
    const other = all[3]!;
    expect(other.endedAtTick).toBeLessThan(all[1]!.endedAtTick);
  });

  it('lets a request that has waited long go first, however many keep coming', async () => {
    const stepper = new FakeStepper({ sequences: 1, decodeMs: 3000 });
    const person = (n: number): Ask => ({ key: `person ${n}`, class: 'interactive', prompt: [7, n % 90], tokens: 3 });
    let people = 0;
    const { all } = await run(
      stepper,
      [person(0), { key: 'night', class: 'batch', prompt: [1, 2], tokens: 3 }],
      (_all, scheduler) => {
        // A queue of people that never gets empty while the batch waits.
        if (people >= 60 || scheduler.queued >= 4) return;
        people++;
        const { prompt } = person(people);
        const shareKey = `person ${people}`;
        let tokens = 0;
        scheduler.submit({
          shareKey,
          class: 'interactive',
          prompt,
          sampling: {},
          onStart: () => {},
          onPrefill: () => {},
          onToken: (token) => (++tokens >= 3 ? undefined : [token]),
          onEnd: () => {},
        });
      },
    );
    const night = all[1]!;
    // Aged at 30 s; then it waits for the answer in progress and is served: 60 people would take minutes.
    expect(night.firstTokenAt).toBeLessThan(30_000 + 6 * 3000);
  });

  it('takes up a sequence that already holds the beginning of the prompt', async () => {
    const stepper = new FakeStepper({ sequences: 3 });
    const prefix = Array.from({ length: 500 }, (_, i) => (i % 90) + 1);
    const first = { key: 'a', class: 'agent' as const, prompt: [...prefix, 91], tokens: 2 };
    const scheduler = (await run(stepper, [first])).scheduler;
    const before = stepper.ticks.length;
    const job = await new Promise<number>((resolve) => {
      let cached = -1;
      scheduler.submit({
        shareKey: 'a',
        class: 'agent',
        prompt: [...prefix, 92, 93],
        sampling: {},
        onStart: (tokens) => {
          cached = tokens;
        },
        onPrefill: () => {},
        onToken: () => undefined,
        onEnd: () => resolve(cached),
      });
    });
    expect(job).toBe(500);
    expect(stepper.ticks.slice(before).reduce((sum, tick) => sum + tick.prefill, 0)).toBeLessThanOrEqual(2);
  });

  it('reports a failing sequence to its own request and starts it afresh', async () => {
    const stepper = new FakeStepper({ sequences: 2 });
    stepper.faults.set(0, 0);
    const prompt = [3, 4, 5];
    const { all, scheduler } = await run(stepper, [
      { key: 'a', class: 'agent', prompt, tokens: 5 },
      { key: 'b', class: 'agent', prompt: [8, 8, 8], tokens: 5 },
    ]);
    expect(all.map((ran) => ran.outcomes[0]!.kind).sort()).toEqual(['done', 'error']);
    const again = await new Promise<JobOutcome>((resolve) => {
      scheduler.submit({
        shareKey: 'a',
        class: 'agent',
        prompt,
        sampling: {},
        onStart: (cached) => expect(cached).toBe(0),
        onPrefill: () => {},
        onToken: () => undefined,
        onEnd: resolve,
      });
    });
    expect(again.kind).toBe('done');
  });
});
