import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Control, recorded } from './recorder.ts';

export interface FaultOptions {
  folder: string;
  library: string;
  seed: number;
  /** Every so manieth call, beginning with `from`. */
  every: number;
  from: number;
}

export interface FaultReport {
  kinds: Record<string, { runs: number; given: number; states: number; problems: string[] }>;
}

const PROGRAM = new URL('./faults-main.ts', import.meta.url).pathname;

/** Makes calls fail one after the other in a process of its own. `say` gets its progress. */
export async function injectFaults(options: FaultOptions, say: (line: string) => void): Promise<FaultReport> {
  mkdirSync(options.folder, { recursive: true });
  const control = Control.make(join(options.folder, 'control'), false);
  const files = { library: options.library, prefix: join(options.folder, 'box'), log: join(options.folder, 'log') };
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
  if (code !== 0) throw new Error(`the injection of faults ended with ${code}: ${err.slice(-4000)}`);
  rmSync(options.folder, { recursive: true, force: true });
  return JSON.parse(out) as FaultReport;
}
