import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;

export interface Said {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The `jingu` command as a script runs it: no terminal anywhere, stdin closed. */
export function jingu(
  data: string,
  args: readonly string[],
  env: Record<string, string> = {},
  signalAfter?: RegExp,
): Promise<Said> {
  return new Promise((resolve, reject) => {
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(process.execPath, [MAIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH, HOME, JINGU_DATA: data, NODE_COMPILE_CACHE: join(tmpdir(), 'jingu-test-compiled'), ...env },
    });
    const said: Said = { code: null, stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      said.stderr += chunk.toString();
      // Ctrl-C once the command says that it is under way.
      if (!child.killed && signalAfter?.test(said.stderr)) child.kill('SIGINT');
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...said, code }));
  });
}

/** The one object on stdout. Throws when there is anything else. */
export function dataOf<T>({ stdout, stderr, code }: Said): T {
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  const lines = stdout.trimEnd().split('\n');
  if (lines.length !== 1) throw new Error(`not one line: ${stdout}`);
  return (JSON.parse(lines[0]!) as { data: T }).data;
}
