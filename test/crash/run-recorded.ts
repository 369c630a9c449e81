import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Control, recorded } from './recorder.ts';

/**
 * Runs a program under the recorder in a process of its own, with `options` as its argument and its folder to itself,
 * which goes when it ended well. `say` gets its progress. Resolves with what it answered; throws with what it said if it
 * ends badly.
 */
export async function runRecorded(
  program: string,
  { log, what, ...options }: { folder: string; library: string; log: string; what: string },
  say: (line: string) => void,
): Promise<unknown> {
  mkdirSync(options.folder, { recursive: true });
  const control = Control.make(join(options.folder, 'control'), false);
  const files = { library: options.library, prefix: join(options.folder, 'box'), log };
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [program, JSON.stringify(options)], {
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
  if (code !== 0) throw new Error(`${what} ended with ${code}: ${err.slice(-4000)}`);
  rmSync(options.folder, { recursive: true, force: true });
  return JSON.parse(out) as unknown;
}
