/**
 * SIGKILL at random moments of running tasks, 200 rounds (`--rounds N`, `--seed N`): the real daemon, a scripted engine.
 * Nothing that was acknowledged is lost, nothing is done twice, and every task ends or says why it did not.
 */
import { Checks } from '../support/checks.ts';
import { killRounds } from '../support/task-kill-rounds.ts';

const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? Number(process.argv[at + 1]) : otherwise;
};
const seed = option('seed', Date.now() % 1_000_000);
const rounds = option('rounds', 200);
console.log(`${rounds} rounds, seed ${seed}`);
const report = await killRounds(rounds, seed, (line) => console.log(line));
const checks = new Checks();
console.log(
  `${report.acknowledged} acknowledged before the kill, ${report.resumed} resumed and done, ${report.reported} reported`,
);
await checks.check(`none of ${report.acknowledged} acknowledged tasks was lost`, () => report.lost.length === 0);
await checks.check('kills fell before and after the acknowledgement', () => report.acknowledged > 0);
await checks.check('no edit was made twice, by half or wrongly', () => {
  if (report.wrong.length > 0) throw new Error(report.wrong.join('\n'));
  return true;
});
await checks.check('every task was resumed or plainly reported', () => report.resumed + report.reported === rounds);
await checks.check('the record verifies after all of it', () => report.auditSound);
process.exitCode = checks.end();
