import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeficitRound } from '../../../src/inference/engine/fair-queue.ts';
import type { RequestClass } from '../../../src/inference/engine/messages.ts';
import { chooseSequence, commonPrefix } from '../../../src/inference/engine/sequence-choice.ts';
import { TickBudget } from '../../../src/inference/engine/tick-budget.ts';

const wants = fc.array(
  fc.record({
    shareKey: fc.constantFrom('a', 'b', 'c'),
    class: fc.constantFrom<RequestClass>('interactive', 'agent', 'batch'),
    want: fc.integer({ min: 1, max: 400 }),
  }),
  { minLength: 1, maxLength: 8 },
);

describe('a shared prefill budget', () => {
  it('is given out to the last token, never more than wanted', () => {
    fc.assert(
      fc.property(
        fc.array(wants, { minLength: 1, maxLength: 10 }),
        fc.integer({ min: 1, max: 64 }),
        (rounds, budget) => {
          const shares = new DeficitRound(16);
          for (const round of rounds) {
            const given = shares.share(round, budget);
            for (const [i, units] of given.entries()) expect(units).toBeLessThanOrEqual(round[i]!.want);
            const wanted = round.reduce((sum, { want }) => sum + want, 0);
            expect(given.reduce((sum, units) => sum + units, 0)).toBe(Math.min(budget, wanted));
          }
        },
      ),
    );
  });

  it('is shared equally between keys, however many requests a key has', () => {
    const shares = new DeficitRound(16);
    const got = { many: 0, one: 0 };
    for (let round = 0; round < 100; round++) {
      const asking = [
        ...Array.from({ length: 5 }, () => ({ shareKey: 'many', class: 'interactive' as const, want: 1000 })),
        { shareKey: 'one', class: 'interactive' as const, want: 1000 },
      ];
      shares.share(asking, 64).forEach((units, i) => {
        got[i < 5 ? 'many' : 'one'] += units;
      });
    }
    // Jain's index of two shares.
    const index = (got.many + got.one) ** 2 / (2 * (got.many ** 2 + got.one ** 2));
    expect(index).toBeGreaterThan(0.99);
  });

  it('follows the weights of the classes', () => {
    const shares = new DeficitRound(16);
    const got = [0, 0, 0];
    for (let round = 0; round < 300; round++) {
      const asking = (['interactive', 'agent', 'batch'] as const).map((kind) => ({
        shareKey: kind,
        class: kind,
        want: 1000,
      }));
      shares.share(asking, 64).forEach((units, i) => {
        got[i]! += units;
      });
    }
    expect(got[0]! / got[2]!).toBeCloseTo(8, 0);
    expect(got[1]! / got[2]!).toBeCloseTo(4, 0);
  });
});

describe('the sequence for a prompt', () => {
  const free = (...sequences: { held: number[]; age?: number; named?: boolean }[]) =>
    sequences.map(({ held, age = 1, named = false }, index) => ({ index, sequence: { held, age, named } }));

  it('is the one that holds most of it, and one token is always left to evaluate', () => {
    expect(chooseSequence(free({ held: [1, 2] }, { held: [1, 2, 3, 4] }, { held: [] }), [1, 2, 3, 4])).toEqual({
      index: 1,
      keep: 3,
    });
  });

  it('is an empty one rather than one whose warm text would be lost', () => {
    const warm = Array.from({ length: 500 }, (_, i) => i);
    expect(chooseSequence(free({ held: warm }, { held: [] }), [0, 1, 900])).toEqual({ index: 1, keep: 0 });
  });

  it('is the one nobody came back to when all are full', () => {
    const text = (n: number) => Array.from({ length: 500 }, (_, i) => i + n * 1000);
    expect(chooseSequence(free({ held: text(1), age: 1 }, { held: text(2), age: 50 }), text(3))?.index).toBe(1);
    expect(chooseSequence(free({ held: text(1), named: true }, { held: text(2) }), text(3))?.index).toBe(1);
  });

  it('keeps no more than both have in common', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3)), fc.array(fc.nat(3), { minLength: 1 }), (held, prompt) => {
        const { keep } = chooseSequence(free({ held }), prompt)!;
        expect(prompt.slice(0, keep)).toEqual(held.slice(0, keep));
        expect(keep).toBe(Math.min(commonPrefix(held, prompt), prompt.length - 1));
      }),
    );
  });
});

describe('the size of a tick', () => {
  it('shrinks until ticks fit their bound and never below the floor', () => {
    for (const msPerToken of [1, 5, 10, 20, 50, 200]) {
      const budget = new TickBudget();
      for (let i = 0; i < 60; i++) {
        const tokens = budget.chunk(1);
        budget.observe(0, 1, 60);
        budget.observe(tokens, 1, 60 + tokens * msPerToken);
      }
      const settled = budget.chunk(1);
      expect(settled % 16).toBe(0);
      expect(settled === 16 || 60 + settled * msPerToken <= 400).toBe(true);
    }
  });

  it('is larger when nobody else is being answered', () => {
    const budget = new TickBudget();
    for (let i = 0; i < 30; i++) budget.observe(32, 0, 32 * 12);
    expect(budget.chunk(0)).toBeGreaterThan(budget.chunk(1));
  });
});
