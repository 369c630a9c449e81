import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Action, PairingWorld } from './pairing-model.ts';
import { TestBox } from './test-box.ts';

/** Mostly the newest, sometimes any: old windows and old messages must matter without hiding the others. */
const index = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(30) });
const phone = fc.constantFrom(0, 0, 0, 1, 1, 2, 3);
/** Crashes, loss and time are rare enough that most runs get somewhere. */
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('open' as const) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('scan' as const), phone, window: index }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart-phone' as const), phone }) },
  {
    weight: 16,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      message: index,
      keep: fc.boolean(),
      answerLost: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('deliver-two' as const), first: index, second: index }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), message: index }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('confirm' as const),
      window: index,
      digits: fc.constantFrom<'right' | 'wrong'>('right', 'right', 'right', 'wrong'),
      role: fc.constantFrom<'member' | 'system-admin'>('member', 'member', 'member', 'system-admin'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), window: index }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1_000, 60_000, 119_999, 120_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('jump' as const), ms: fc.constantFrom(-86_400_000, 3_600_000, 86_400_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
);

/** A phone that gets through both steps undisturbed; what follows may still undo it. */
const rush: fc.Arbitrary<Action[]> = phone.map((n) => [
  { do: 'scan', phone: n, window: 0 },
  { do: 'deliver', message: 0, keep: false, answerLost: false },
  { do: 'deliver', message: 0, keep: true, answerLost: false },
]);
const steps = fc.oneof({ weight: 9, arbitrary: action.map((one) => [one]) }, { weight: 1, arbitrary: rush });

describe('pairing under loss, repetition, disorder and crashes', () => {
  it('lets at most one device out of a window, the first that proved it, and never without a confirmation', async () => {
    let devices = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 20, maxLength: 60, size: 'max' }), async (actions) => {
        const box = await TestBox.start();
        try {
          const world = new PairingWorld(box);
          for (const step of [{ do: 'open' } as const, ...actions.flat()]) {
            await world.act(step);
            world.check();
          }
          devices += box.store.get<{ n: number }>('SELECT count(*) AS n FROM identity_device')!.n;
        } finally {
          await box.stop();
        }
      }),
      { numRuns: 60 },
    );
    // The machine must not be right merely because nothing ever happened.

    expect(devices).toBeGreaterThan(5);
  }, 120_000);

  it('locks after twenty wrong secrets, in whatever order they come', async () => {
    const box = await TestBox.start();
    const world = new PairingWorld(box);
    const guess: Action[] = [
      { do: 'scan', phone: 2, window: 0 },
      { do: 'deliver', message: 0, keep: false, answerLost: false },
      { do: 'deliver', message: 0, keep: false, answerLost: false },
    ];
    const honest: Action[] = [
      { do: 'scan', phone: 0, window: 0 },
      { do: 'deliver', message: 0, keep: false, answerLost: false },
    ];
    for (const step of [{ do: 'open' } as const, ...Array.from({ length: 21 }, () => guess).flat(), ...honest]) {
      await world.act(step);
      world.check();
    }
    expect(box.identity.pairing.isLocked).toBe(true);
    await world.act({ do: 'open' });
    expect(box.identity.pairing.isLocked).toBe(false);
    await box.stop();
  });
});
