/**
 * 10,000 edits (`--trials N`, `--seed N`) of old bases by several hands at once, on texts full of equal lines, with
 * other programs saving in between. A model of the text that shares no code with the room says what each means: every
 * edit lands exactly there or is refused with a typed error.
 */
import { addressTrials } from '../support/address-trials.ts';
import { Checks } from '../support/checks.ts';

const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? Number(process.argv[at + 1]) : otherwise;
};
const trials = option('trials', 10_000);
const seed = option('seed', Date.now() % 1_000_000);
console.log(`${trials} trials, seed ${seed}`);
// The clock of the box does not keep a process alive by itself.
const alive = setInterval(() => undefined, 1000);
const report = await addressTrials(trials, seed);
const { landed, returned, refused, oldest, saves, wrong } = report;
console.log(
  `${landed} landed, ${returned} of them on lines that had come back; at most ${oldest} versions old; ${saves} saves`,
);
console.log(`refused: ${JSON.stringify(refused)}`);
const checks = new Checks();
await checks.check(`0 of ${report.trials} edits in a wrong place`, () => {
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  return true;
});
await checks.check(
  'edits landed and were refused, most landed',
  () => landed > report.trials / 3 && (refused['DOC_STALE_TARGET'] ?? 0) > 0,
);
await checks.check('edits landed on top of many versions and of saves', () => oldest > 10 && saves > 0);
clearInterval(alive);
process.exitCode = checks.end();
