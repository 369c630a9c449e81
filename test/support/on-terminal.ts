import { spawn } from 'node:child_process';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;

export interface OnTerminal {
  data: string;
  /** Typed when their question appears. */
  answers?: [RegExp, string][];
  heard?: (text: string) => void;
  env?: Record<string, string>;
}

/** The `jingu` command on a terminal of its own, which `script` of util-linux gives it: what its screen got, and how it ended. */
export function onTerminal(args: readonly string[], { data, answers = [], heard = () => {}, env = {} }: OnTerminal) {
  const line = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(' ');
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH, HOME, JINGU_DATA: data, TERM: 'xterm-256color', ...env },
  });
  return new Promise<{ code: number | null; screen: string }>((resolve) => {
    let screen = '';
    const left = [...answers];
    child.stdout.on('data', (chunk: Buffer) => {
      screen += chunk.toString();
      heard(screen);
      if (left[0]?.[0].test(screen)) child.stdin.write(`${left.shift()![1]}\n`);
    });
    child.on('close', (code) => resolve({ code, screen }));
  });
}
