import { expect, test } from 'vitest';
import { Backoff, DEFAULT_BACKOFF } from '../../../src/guest/backoff.ts';

test('the first end of a guest that lived is followed by a start at once', () => {
  const backoff = new Backoff();
  expect(backoff.waitMs(0)).toBe(0);
  backoff.ended(1000, 500);
  expect(backoff.waitMs(1000)).toBe(0);
});

test('waits double up to the cap and the circuit opens after the set number', () => {
  const backoff = new Backoff({ firstMs: 100, maxMs: 500, circuitAfter: 6, circuitMs: 10_000, stableMs: 60_000 });
  const waits: number[] = [];
  let now = 0;
  for (let i = 0; i < 8; i++) {
    backoff.ended(now, 0);
    waits.push(backoff.waitMs(now));
    now += backoff.waitMs(now);
  }
  expect(waits).toEqual([100, 200, 400, 500, 500, 10_000, 10_000, 10_000]);
  expect(backoff.isOpen).toBe(true);
});

test('a guest that was stable starts with a clean slate', () => {
  const backoff = new Backoff({ firstMs: 100, maxMs: 500, circuitAfter: 2, circuitMs: 10_000, stableMs: 1000 });
  backoff.ended(0, 0);
  backoff.ended(100, 0);
  expect(backoff.isOpen).toBe(true);
  backoff.ended(20_000, 1000);
  expect(backoff.isOpen).toBe(false);
  expect(backoff.waitMs(20_000)).toBe(0);
});

test('a guest that never lives is started fewer than 40 times in an hour', () => {
  const backoff = new Backoff(DEFAULT_BACKOFF);
  let starts = 0;
  for (let now = 0; now < 3_600_000; now += Math.max(1, backoff.waitMs(now))) {
    starts++;
    backoff.ended(now, 0);
  }
  expect(starts).toBeLessThan(40);
});
