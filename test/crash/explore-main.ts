/**
 * One process of the crash-state run: records a workload, enumerates what a power cut may leave of it, checks each
 * state, and prints one JSON report. Runs under the recorder itself, so that recoveries can be recorded, too.
 * `argv`: one JSON of ExploreOptions.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomFrom } from '../support/random.ts';
import { checkState } from './check-state.ts';
import { Disk, difference } from './disk.ts';
import type { ExploreOptions, ExploreReport } from './explore.ts';
import { type Call, readLog } from './log.ts';
import { PLANTS } from './plants.ts';
import { Control, recorded } from './recorder.ts';
import { type CrashState, countChoices, crashStates, SHARE } from './states.ts';

const options = JSON.parse(process.argv[2]!) as ExploreOptions;
const { folder, library, seed } = options;
const base = join(folder, 'box');
const random = randomFrom(seed);
const report: ExploreReport = {
  calls: 0,
  states: 0,
  recoveries: 0,
  recoveryStates: 0,
  violations: [],
  planted: {},
  complete: '',
};
const control = Control.at(process.env['RECORDER_CONTROL']!);
const alive = setInterval(() => undefined, 1000);

const calls = recordWorkload();
report.calls = calls.length;
const choices = countChoices(calls, { begin: Disk.withFolder(SHARE), random: randomFrom(seed) });
for (const plant of options.plants) await checkPlant(plant);
let last = performance.now();
for (const state of crashStates(calls, {
  begin: Disk.withFolder(SHARE),
  random,
  wanted: { states: options.states, choices },
})) {
  const nested = options.recoverEvery > 0 && report.states % options.recoverEvery === options.recoverEvery - 1;
  note(state, nested ? await checkWithRecovery(state) : await checkState(state, base));
  report.states++;
  if (performance.now() - last > 10_000) {
    last = performance.now();
    process.stderr.write(`${report.states} states, ${report.violations.length} violations\n`);
  }
}
rmSync(base, { recursive: true, force: true });
clearInterval(alive);
process.stdout.write(`${JSON.stringify(report)}\n`);

/** Runs the workload at the very place where its states will stand: the database knows the path of the share. */
function recordWorkload(): Call[] {
  rmSync(base, { recursive: true, force: true });
  mkdirSync(join(base, SHARE), { recursive: true });
  const log = join(folder, 'workload.log');
  rmSync(log, { force: true });
  const { PATH = '', HOME = '' } = process.env;
  const child = spawnSync(
    process.execPath,
    [new URL('./workload-main.ts', import.meta.url).pathname, base, String(seed), String(options.edits)],
    {
      env: { PATH, HOME, NODE_COMPILE_CACHE: join(folder, 'compiled'), ...recorded({ library, prefix: base, log }) },
      encoding: 'utf8',
    },
  );
  if (child.status !== 0) throw new Error(`the workload failed: ${child.stderr}`);
  const found = readLog(log, base);
  // Proof that no change went past the recorder: what it saw gives the folder as it is, byte for byte.
  const seen = Disk.withFolder(SHARE);
  for (const call of found) seen.apply(call);
  report.complete = difference(seen, Disk.from(base));
  return found;
}

/** A bug is planted into the log; looks until it was caught a few times. */
async function checkPlant(plant: string): Promise<void> {
  const caught = { states: 0, violations: 0, example: '' };
  report.planted[plant] = caught;
  const forgets = PLANTS[plant]!(calls);
  const wanted = {
    states: options.plantStates,
    choices: countChoices(calls, { begin: Disk.withFolder(SHARE), random: randomFrom(seed), forgets }),
  };
  for (const state of crashStates(calls, {
    begin: Disk.withFolder(SHARE),
    random: randomFrom(seed + 1),
    wanted,
    forgets,
  })) {
    const problems = await checkState(state, base);
    caught.states++;
    if (problems.length > 0) caught.violations++;
    caught.example ||= problems[0] ?? '';
    if (caught.violations >= 3 || caught.states >= options.plantStates) break;
  }
}

/** Records the start of the box on this state, then checks what a crash in the middle of it may leave. */
async function checkWithRecovery(state: CrashState): Promise<string[]> {
  const log = process.env['RECORDER_LOG']!;
  let begins: Disk[] = [];
  const problems = await checkState(state, base, {
    before: () => {
      begins = [Disk.from(base), Disk.from(base)];
      writeFileSync(log, '');
      control.record(true);
    },
    after: () => control.record(false),
  });
  const recovery = readLog(log, base);
  const [forCount, begin] = begins;
  if (!forCount || !begin) return problems;
  report.recoveries++;
  const wanted = { states: options.recoveryStates, choices: countChoices(recovery, { random, begin: forCount }) };
  for (const inner of crashStates(recovery, { random, wanted, begin })) {
    const found = await checkState({ ...inner, answered: state.answered }, base);
    report.recoveryStates++;
    problems.push(...found.map((problem) => `after a crash in the recovery (${inner.how}): ${problem}`));
  }
  return problems;
}

function note(state: CrashState, problems: string[]): void {
  if (problems.length === 0) return;
  const many = report.violations.length >= 20;
  report.violations.push(many ? '' : `after call ${state.after} (${state.how}): ${problems.join('; ')}`);
}
