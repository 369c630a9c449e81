import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LiveBox } from '../support/live-box.ts';
import { randomFrom } from '../support/random.ts';
import { answersOf } from './answers.ts';
import { checkFolder } from './check-state.ts';
import { DoorCallers } from './door-callers.ts';
import { type KillReport, noteShare } from './kill-rounds.ts';

/** Rounds on the same box before its files are looked at closely; then a new one. */
const BATCH = 20;
/** About what a start takes. */
const START_MS = 1200;

/**
 * Kills the whole daemon, guests and all, while several callers use it through its door: what counts are the answers
 * that came over the socket. Otherwise as `killRounds`.
 */
export async function daemonRounds(
  folder: string,
  rounds: number,
  seed: number,
  say: (report: KillReport) => void,
): Promise<KillReport> {
  const random = randomFrom(seed);
  const report: KillReport = { rounds: 0, answered: 0, early: 0, problems: [] };
  while (report.rounds < rounds) {
    const base = join(folder, 'box');
    rmSync(base, { recursive: true, force: true });
    const root = join(base, 'share');
    mkdirSync(root, { recursive: true });
    const env = { NODE_COMPILE_CACHE: join(tmpdir(), 'jingu-test-compiled') };
    const box = new LiveBox({ data: join(base, 'data'), env });
    const callers = new DoorCallers(box, root, random);
    const seen = new Map<string, Set<string>>();
    try {
      for (let n = 0; n < BATCH && report.rounds < rounds; n++) {
        if (random() < 0.15) {
          report.early++;
          await killInStart(box, random() * START_MS);
        } else await killAtWork(box, callers, random);
        report.rounds++;
        noteShare(base, seen);
      }
      await box.start();
      const { verdict } = await box.run<{ verdict: string }>('audit.verify');
      if (verdict !== 'intact') report.problems.push(`the record of the box is ${verdict}`);
    } finally {
      await box.dispose();
    }
    report.answered += callers.answered;
    report.problems.push(...callers.problems, ...(await checkFolder(answersOf(callers.lines), base, undefined, seen)));
    say(report);
  }
  return report;
}

async function killInStart(box: LiveBox, afterMs: number): Promise<void> {
  const start = box.start().catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  await box.kill();
  await start;
}

async function killAtWork(box: LiveBox, callers: DoorCallers, random: () => number): Promise<void> {
  await box.start();
  const work = callers.work(1 + Math.floor(random() * 25));
  await Promise.race([work.enough, work.ended]);
  await new Promise((resolve) => setTimeout(resolve, random() * 12));
  await box.kill();
  await work.ended;
}
