import { expect, it } from 'vitest';
import { rollbackTrials } from '../../support/rollback-trials.ts';

it('whatever is taken back, the share is what it was and every version reads as at first', async () => {
  const report = await rollbackTrials(25, 3);
  expect(report.wrong).toEqual([]);
  expect(Object.keys(report.back).length).toBeGreaterThan(2);
  expect(report.versions).toBeGreaterThan(30);
});
