import { expect, it } from 'vitest';
import { batchKills, batchTrials } from '../../support/batch-trials.ts';

it('a batch changes all of its documents or none, whatever fails in the middle of it', async () => {
  const report = await batchTrials(15, 8, 7);
  expect(report.wrong).toEqual([]);
  expect([report.landed > 0, report.refused > 0, report.injected > 0]).toEqual([true, true, true]);
});

it('after a kill in the middle of a batch it is there whole or not at all', async () => {
  const report = await batchKills(2, 5, 7);
  expect(report.wrong).toEqual([]);
  expect(report.acknowledged).toBeGreaterThan(0);
});
