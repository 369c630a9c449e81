/**
 * Runs short days of the box over and over; in each run another call of it fails. What was answered must be there
 * afterwards, each refusal must be one of the catalogue, and with the disk mended the box must work again. After a
 * failed fsync what was waiting is lost without another word from the kernel: power cuts from there on are looked at,
 * too. `argv`: one JSON of FaultOptions.
 */
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { randomFrom } from '../support/random.ts';
import { answersOf } from './answers.ts';
import { checkFolder, checkState } from './check-state.ts';
import { DAYS, Day, type DayKind } from './day.ts';
import { Disk } from './disk.ts';
import type { FaultOptions, FaultReport } from './faults.ts';
import { readLog } from './log.ts';
import { Control, type Fault, KIND } from './recorder.ts';
import { ACK, countChoices, crashStates, SHARE } from './states.ts';

const options = JSON.parse(process.argv[2]!) as FaultOptions;
const base = join(options.folder, 'box');
const log = process.env['RECORDER_LOG']!;
const control = Control.at(process.env['RECORDER_CONTROL']!);
const { ENOSPC, EIO } = constants.errno;
const TAKES_ROOM = [KIND.create, KIND.write, KIND.allocate, KIND.rename, KIND.link, KIND.mkdir, KIND.syncFile];
const ANY = [...TAKES_ROOM, KIND.truncate, KIND.syncFolder, KIND.unlink, KIND.rmdir];
const FAULTS: Record<string, Omit<Fault, 'from'>> = {
  'ENOSPC at one call': { errno: ENOSPC, calls: 1, kinds: TAKES_ROOM },
  'ENOSPC until there is room again': { errno: ENOSPC, calls: Number.POSITIVE_INFINITY, kinds: TAKES_ROOM },
  'EIO at one call': { errno: EIO, calls: 1, kinds: ANY },
  'EIO until the disk is mended': { errno: EIO, calls: Number.POSITIVE_INFINITY, kinds: ANY },
  // Names that were not made durable: the box must not rest on them later, only because it finds them there.
  'EIO at one fsync of a folder': { errno: EIO, calls: 1, kinds: [KIND.syncFolder] },
};
/** States to look at after a failed fsync, of a file or of a folder. */
const STATES = { file: 4, folder: 12 };

let states = 0;
let stray = '';
process.on('unhandledRejection', (error) => (stray ||= `unhandled: ${error instanceof Error ? error.stack : error}`));
process.on('uncaughtException', (error) => (stray ||= `uncaught: ${error.stack}`));
const alive = setInterval(() => undefined, 1000);
const report: FaultReport = { kinds: {} };
let last = performance.now();
for (const [name, fault] of Object.entries(FAULTS)) {
  const kind = { runs: 0, given: 0, states: 0, problems: [] as string[] };
  report.kinds[name] = kind;
  for (const day of DAYS) await eachCall(name, day, fault, kind);
}
clearInterval(alive);
process.stdout.write(`${JSON.stringify(report)}\n`);

/** One day over and over, until each call of it failed once. */
async function eachCall(
  name: string,
  day: DayKind,
  fault: Omit<Fault, 'from'>,
  kind: FaultReport['kinds'][string],
): Promise<void> {
  await run(day, { ...fault, from: 1_000_000_000 });
  // What goes on beside the calls falls one way or the other: a few calls more, so that the end is reached.
  const calls = control.calls;
  const first = 1 + (options.from % Math.max(1, Math.min(calls, options.every)));
  for (let from = first; from <= calls; from += options.every) {
    const problems = await run(day, { ...fault, from });
    kind.runs++;
    kind.given += control.given;
    kind.states += states;
    if (kind.problems.length < 20) kind.problems.push(...problems.map((problem) => `${day}, call ${from}: ${problem}`));
    if (problems.length > 0)
      process.stderr.write(`${name}: ${day}, call ${from}: ${problems.join('; ').slice(0, 700)}\n`);
    if (performance.now() - last < 10_000) continue;
    last = performance.now();
    process.stderr.write(`${name}: ${day}, call ${from} of ${calls}, ${kind.problems.length} problems\n`);
  }
}

async function run(which: DayKind, fault: Fault): Promise<string[]> {
  rmSync(base, { recursive: true, force: true });
  mkdirSync(join(base, SHARE), { recursive: true });
  writeFileSync(log, '');
  stray = '';
  states = 0;
  const lines: string[] = [];
  const day = new Day(base, (answer) => {
    lines.push(JSON.stringify(answer));
    appendFileSync(join(base, ACK), `${lines.at(-1)}\n`);
  });
  control.arm(fault);
  control.record(true);
  await day.work(which, (person) => control.spare(person));
  control.calm();
  await day.recover();
  control.record(false);
  const problems = [...day.problems, ...(await checkFolder(answersOf(lines), base))];
  problems.push(...(await afterFailedSync()));
  if (stray) problems.push(stray);
  return problems;
}

/** Power cuts after a failed fsync: what was answered before and after it holds all the same. */
async function afterFailedSync(): Promise<string[]> {
  const calls = readLog(log, base);
  const failed = calls.findIndex(
    ({ error, kind }) => error !== 0 && (kind === KIND.syncFile || kind === KIND.syncFolder),
  );
  if (failed < 0) return [];
  const problems: string[] = [];
  const random = randomFrom(options.seed + failed);
  const begin = (): Disk => Disk.withFolder(SHARE);
  const most = calls[failed]!.kind === KIND.syncFolder ? STATES.folder : STATES.file;
  const wanted = { states: most, choices: countChoices(calls, { begin: begin(), random, from: failed }) };
  for (const state of crashStates(calls, { begin: begin(), random, wanted, from: failed })) {
    states++;
    const found = await checkState(state, base);
    problems.push(...found.map((problem) => `fsync of ${calls[failed]!.path} failed, then a power cut: ${problem}`));
  }
  return problems;
}
