import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Control, recorded } from './recorder.ts';

export interface ExploreOptions {
  folder: string;
  library: string;
  seed: number;
  /** Things that people do in the workload. */
  edits: number;
  /** Distinct states to check at most. */
  states: number;
  /** The recovery of every so manieth state is recorded and crashed in turn; 0: of none. */
  recoverEvery: number;
  /** States to check of each such recovery, about. */
  recoveryStates: number;
  plants: readonly string[];
  /** States to look at until a planted bug must have been caught. */
  plantStates: number;
}

export interface ExploreReport {
  calls: number;
  states: number;
  recoveries: number;
  recoveryStates: number;
  violations: string[];
  planted: Record<string, { states: number; violations: number; example: string }>;
  /** How the recorded folder differs from the real one; empty: it does not. */
  complete: string;
}

const PROGRAM = new URL('./explore-main.ts', import.meta.url).pathname;

/** Runs one exploration in a process of its own. `say` gets its progress. Throws with what it said if it ends badly. */
export async function explore(options: ExploreOptions, say: (line: string) => void): Promise<ExploreReport> {
  mkdirSync(options.folder, { recursive: true });
  const control = Control.make(join(options.folder, 'control'), false);
  const files = {
    library: options.library,
    prefix: join(options.folder, 'box'),
    log: join(options.folder, 'recovery.log'),
  };
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(options)], {
    env: { PATH, HOME, NODE_COMPILE_CACHE: join(tmpdir(), 'jingu-test-compiled'), ...recorded({ ...files, control }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
    for (const line of chunk.toString().trimEnd().split('\n')) say(line);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`the exploration ended with ${code}: ${err.slice(-4000)}`);
  rmSync(options.folder, { recursive: true, force: true });
  return JSON.parse(out) as ExploreReport;
}
