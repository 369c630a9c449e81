import { expect, test } from 'vitest';
import { killRounds } from '../support/task-kill-rounds.ts';

test('a box killed while tasks run loses none of them and does nothing twice', { timeout: 120_000 }, async () => {
  const rounds = 6;
  const report = await killRounds(rounds, 20_260, () => {});
  expect(report).toMatchObject({ lost: [], wrong: [], auditSound: true });
  expect(report.resumed + report.reported).toBe(rounds);
});
