/**
 * Nothing that was answered is lost, whatever happens to the machine: power cuts (every state that a disk may hold
 * then), SIGKILL, a full disk, a disk with errors. `--states N` (5,200), `--rounds N` (2,000; `--long`: 10,000),
 * `--seed N`, `--only states|kills|faults`, `--edits N`; `--every N`: only every so manieth
 * call fails.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { daemonRounds } from '../crash/daemon-rounds.ts';
import { type ExploreReport, explore } from '../crash/explore.ts';
import { type FaultReport, injectFaults } from '../crash/faults.ts';
import { type KillReport, killRounds } from '../crash/kill-rounds.ts';
import { PLANTS } from '../crash/plants.ts';
import { buildRecorder, whyNoRecorder } from '../crash/recorder.ts';
import { assert, Checks, unavailable } from './support/checks.ts';

const at = (name: string): string | undefined => {
  const place = process.argv.indexOf(`--${name}`);
  return place > 0 ? process.argv[place + 1] : undefined;
};
const option = (name: string, otherwise: number): number => Number(at(name) ?? otherwise);
const wants = (part: string): boolean => (at('only') ?? part) === part;
const seed = option('seed', Date.now() % 1_000_000);
const rounds = option('rounds', process.argv.includes('--long') ? 10_000 : 2000);
const states = option('states', 5200);
/** As many processes as two cores carry: each waits for a disk or a timer now and then. */
const LANES = [0, 1, 2];
/** After a failing call there is much waiting for the box to try again. */
const FAULT_LANES = [0, 1, 2, 3];
/** Kills of the workload go on in two lanes beside those of the daemon, which are so great a part of all. */
const KILL_LANES = [0, 1];
const DAEMON_PART = 0.1;

const why = whyNoRecorder();
if (why !== undefined) unavailable(why);
const folder = mkdtempSync(join(tmpdir(), 'jingu-crash-'));
const library = buildRecorder(folder);
const checks = new Checks();
const since = performance.now();
const say = (line: string): void => console.log(`  ${Math.round((performance.now() - since) / 1000)} s: ${line}`);
/** The clock of the box keeps no process alive. */
const alive = setInterval(() => undefined, 1000);
console.log(`seed ${seed}, in ${folder}`);
try {
  if (wants('states')) await powerCuts(states, option('edits', 140), Object.keys(PLANTS));
  if (wants('kills')) await kills();
  if (wants('faults')) await faults();
} finally {
  clearInterval(alive);
  rmSync(folder, { recursive: true, force: true });
}
checks.finish();

async function powerCuts(count: number, edits: number, plants: string[]): Promise<void> {
  console.log(`power cuts: ${count} states`);
  const reports = await Promise.all(
    LANES.map((lane) =>
      explore(
        {
          folder: join(folder, `states-${lane}`),
          library,
          seed: seed + lane,
          edits,
          states: Math.ceil(count / LANES.length),
          recoverEvery: 50,
          recoveryStates: 12,
          plants: plants.filter((_, i) => i % LANES.length === lane),
          plantStates: 400,
        },
        (line) => say(`lane ${lane}: ${line}`),
      ),
    ),
  );
  const sum = (of: (report: ExploreReport) => number): number =>
    reports.reduce((total, report) => total + of(report), 0);
  await checks.check('no change went past the recorder', () => {
    for (const { complete } of reports) assert(complete === '', complete);
    return `${sum((r) => r.calls)} calls`;
  });
  await checks.check('nothing answered is lost in any state after a power cut', () => {
    const found = reports.flatMap((report) => report.violations);
    assert(found.length === 0, `${found.length} violations, first ones:\n${found.slice(0, 10).join('\n')}`);
    assert(sum((r) => r.states) >= count * 0.95, `only ${sum((r) => r.states)} states`);
    return `${sum((r) => r.states)} states, and ${sum((r) => r.recoveryStates)} of ${sum((r) => r.recoveries)} recoveries`;
  });
  for (const { planted } of reports) {
    for (const [plant, { states: looked, violations, example }] of Object.entries(planted)) {
      await checks.check(`the checker catches a planted bug: ${plant}`, () => {
        assert(violations > 0, `not in ${looked} states`);
        return `${violations} of the first ${looked} states: ${example}`;
      });
    }
  }
}

async function kills(): Promise<void> {
  const ofDaemon = Math.ceil(rounds * DAEMON_PART);
  const each = Math.ceil((rounds - ofDaemon) / KILL_LANES.length);
  console.log(`SIGKILL: ${each * KILL_LANES.length} rounds of the documents room, ${ofDaemon} of the whole daemon`);
  const told =
    (lane: string, count: number) =>
    ({ rounds: done, answered }: KillReport): void =>
      say(`${lane}: ${done} of ${count} rounds, ${answered} answers`);
  const lanes = KILL_LANES.map((lane) =>
    killRounds(join(folder, `kills-${lane}`), each, seed + lane, told(`lane ${lane}`, each)),
  );
  const daemon = daemonRounds(join(folder, 'kills-daemon'), ofDaemon, seed, told('daemon', ofDaemon));
  const reports = { 'the documents room': await Promise.all(lanes), 'the daemon, through its door': [await daemon] };
  for (const [what, found] of Object.entries(reports)) {
    const sum = (of: (report: KillReport) => number): number => found.reduce((all, report) => all + of(report), 0);
    const done = sum((r) => r.rounds);
    await checks.check(`${done} kills of ${what}: nothing answered is lost, each file is one whole version`, () => {
      const problems = found.flatMap((report) => report.problems);
      assert(problems.length === 0, problems.slice(0, 10).join('\n'));
      const answered = sum((r) => r.answered);
      assert(answered > done, `only ${answered} answers`);
      return `${answered} versions, saves and uploads were answered; ${sum((r) => r.early)} kills fell into the start`;
    });
  }
}

async function faults(): Promise<void> {
  console.log('a full disk and a disk with errors, at each call in turn');
  const every = FAULT_LANES.length * option('every', 1);
  const reports: FaultReport[] = await Promise.all(
    FAULT_LANES.map((lane) =>
      injectFaults(
        { folder: join(folder, `faults-${lane}`), library, seed, every, from: (lane * every) / FAULT_LANES.length },
        (line) => say(`lane ${lane}: ${line}`),
      ),
    ),
  );
  for (const kind of Object.keys(reports[0]!.kinds)) {
    await checks.check(`${kind}: a typed error or a success, nothing answered is lost, and it works again`, () => {
      const problems = reports.flatMap((report) => report.kinds[kind]!.problems);
      assert(problems.length === 0, `${problems.length} problems, first ones:\n${problems.slice(0, 10).join('\n')}`);
      const [runs, given] = [reports.map((r) => r.kinds[kind]!.runs), reports.map((r) => r.kinds[kind]!.given)];
      return `${runs.reduce((a, b) => a + b, 0)} runs, ${given.reduce((a, b) => a + b, 0)} calls failed`;
    });
  }
}
