import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Said } from './jingu.ts';

const MAIN = new URL('./cli-session-main.ts', import.meta.url).pathname;

/** A process that runs the `jingu` command for one word list after the other. */
export class CliSession {
  readonly #child: ChildProcess;
  readonly #said: Said = { code: null, stdout: '', stderr: '' };
  #wake: () => void = () => undefined;

  constructor(data: string) {
    const { PATH = '', HOME = '' } = process.env;
    this.#child = spawn(process.execPath, [MAIN], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH, HOME, JINGU_DATA: data, NODE_COMPILE_CACHE: join(tmpdir(), 'jingu-test-compiled') },
    });
    this.#child.stdout!.on('data', (chunk: Buffer) => {
      this.#said.stdout += chunk.toString();
      this.#wake();
    });
    this.#child.stderr!.on('data', (chunk: Buffer) => (this.#said.stderr += chunk.toString()));
    // Whoever is killed reads no more commands.
    this.#child.stdin!.on('error', () => undefined);
    this.#child.on('close', () => this.#wake());
  }

  /** One command. `code` is `null` if the process was killed under it. */
  async run(args: readonly string[]): Promise<Said> {
    Object.assign(this.#said, { code: null, stdout: '', stderr: '' });
    this.#child.stdin!.write(`${JSON.stringify(args)}\n`);
    for (;;) {
      const end = /^exit (\d+)\n/m.exec(this.#said.stdout);
      if (end) return { ...this.#said, code: Number(end[1]), stdout: this.#said.stdout.slice(0, end.index) };
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) return { ...this.#said };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** SIGKILL, in the middle of whatever it does. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }
}
