import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { randomFrom } from '../support/random.ts';
import { answersOf } from './answers.ts';
import { bundled, sourceOf } from './bundle.ts';
import { checkFolder, shareOf } from './check-state.ts';
import { ACK } from './states.ts';

export interface KillReport {
  rounds: number;
  /** Versions, saves and blobs that were answered before a kill. */
  answered: number;
  /** Kills before the program said that it was up: into the recovery from the kill before. */
  early: number;
  problems: string[];
}

/** Rounds on the same files before they are looked at closely; then new ones. */
const BATCH = 50;
/** Rounds from which it pays. */
const WORTH_BUNDLING = 40;

/** Starts the workload and kills it at a random moment, over and over, on the same files; checks after each batch. */
export async function killRounds(
  folder: string,
  rounds: number,
  seed: number,
  say: (report: KillReport) => void,
): Promise<KillReport> {
  const random = randomFrom(seed);
  mkdirSync(folder, { recursive: true });
  const program = rounds >= WORTH_BUNDLING ? await bundled('workload-main', folder) : sourceOf('workload-main');
  const report: KillReport = { rounds: 0, answered: 0, early: 0, problems: [] };
  while (report.rounds < rounds) {
    const base = join(folder, 'box');
    rmSync(base, { recursive: true, force: true });
    mkdirSync(base, { recursive: true });
    const seen = new Map<string, Set<string>>();
    for (let n = 0; n < BATCH && report.rounds < rounds; n++) {
      // One of six is killed while it starts, most of the others while they work.
      const early = random() < 0.17;
      if (early) report.early++;
      await killOnce(
        program,
        folder,
        base,
        Math.floor(random() * 2 ** 31),
        early ? 0 : 4 + Math.floor(random() * 14),
        random(),
      );
      report.rounds++;
      noteShare(base, seen);
    }
    const lines = existsSync(join(base, ACK)) ? readFileSync(join(base, ACK), 'utf8').split('\n').slice(0, -1) : [];
    report.answered += lines.filter((line) => /"t":"(version|saved|blob)"/.test(line)).length;
    report.problems.push(...(await checkFolder(answersOf(lines), base, undefined, seen)));
    say(report);
  }
  return report;
}

/** Adds the digests of the files that a kill left on the share. */
export function noteShare(base: string, seen: Map<string, Set<string>>): void {
  for (const [rel, bytes] of shareOf(base)) {
    const digests = seen.get(rel) ?? new Set();
    seen.set(rel, digests.add(hash('sha256', bytes)));
  }
}

/** Kills after so many answers and a moment; after none: somewhere in the start. */
async function killOnce(
  program: string,
  folder: string,
  base: string,
  seed: number,
  answers: number,
  part: number,
): Promise<void> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [program, base, String(seed), '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH, HOME, NODE_COMPILE_CACHE: join(folder, 'compiled') },
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const exit = new Promise<string | number | null>((resolve) => {
    child.on('exit', (code, signal) => resolve(signal ?? code));
  });
  let dots = 0;
  const reached = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      dots += chunk.length;
      if (dots >= answers) resolve();
    });
  });
  if (answers > 0) await Promise.race([reached, exit]);
  const moment = part * (answers > 0 ? 12 : 400);
  await Promise.race([new Promise((resolve) => setTimeout(resolve, moment)), exit]);
  child.kill('SIGKILL');
  const how = await exit;
  if (how !== 'SIGKILL') throw new Error(`the program ended by itself (${how}): ${errors}`);
}
