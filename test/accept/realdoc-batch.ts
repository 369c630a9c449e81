/**
 * One edit of many documents is all or nothing: 300 rounds (`--rounds N`, `--seed N`) of 40 documents with refusals and
 * a failing database at a random document of the batch, then 40 kills (`--kills N`) in the middle of batches.
 */
import { batchKills, batchTrials } from '../support/batch-trials.ts';
import { Checks } from '../support/checks.ts';

const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? Number(process.argv[at + 1]) : otherwise;
};
const seed = option('seed', Date.now() % 1_000_000);
console.log(`seed ${seed}`);
// The clock of the box does not keep a process alive by itself.
const alive = setInterval(() => undefined, 1000);
const trials = await batchTrials(option('rounds', 300), 40, seed);
console.log(`${trials.landed} landed, ${trials.refused} refused, ${trials.injected} failed in the middle`);
const kills = await batchKills(option('kills', 40), 12, seed + 1);
console.log(`${kills.kills} kills, ${kills.acknowledged} batches answered before them`);
const checks = new Checks();
await checks.check('every batch changed all of its documents or none', () => {
  if (trials.wrong.length > 0) throw new Error(trials.wrong.join('\n'));
  return trials.landed > 0 && trials.refused > 0 && trials.injected > 0;
});
await checks.check('after every kill a batch is there whole or not at all, and none that was answered is lost', () => {
  if (kills.wrong.length > 0) throw new Error(kills.wrong.join('\n'));
  return kills.acknowledged > 0;
});
clearInterval(alive);
process.exitCode = checks.end();
