import { expect, it } from 'vitest';
import { addressTrials } from '../../support/address-trials.ts';

it('of many stale, duplicate and concurrent edits none lands in a wrong place', async () => {
  const report = await addressTrials(160, 20_261);
  expect(report.wrong).toEqual([]);
  expect(report.landed).toBeGreaterThan(50);
  expect(report.refused['DOC_STALE_TARGET'] ?? 0).toBeGreaterThan(5);
  expect(report.saves).toBeGreaterThan(5);
});
