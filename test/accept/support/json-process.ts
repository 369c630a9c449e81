import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A helper program that takes one JSON request a line and answers one JSON line each; others it says are news. */
export class JsonProcess {
  readonly news: Record<string, unknown>[] = [];
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Record<string, unknown>) => void>();
  #next = 1;

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.exited = new Promise((resolve) => this.#child.once('close', (code) => resolve(code)));
    void this.exited.then((code) => {
      for (const [id, resolve] of this.#waiting) resolve({ id, error: `the program ended (${code})` });
    });
    createInterface(this.#child.stdout!).on('line', (line) => this.#hear(line));
    this.#child.stdin!.on('error', () => {});
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async ask<T = Record<string, unknown>>(what: string, params: Record<string, unknown> = {}): Promise<T> {
    const id = this.#next++;
    const answer = new Promise<Record<string, unknown>>((resolve) => this.#waiting.set(id, resolve));
    this.#child.stdin!.write(`${JSON.stringify({ id, what, params })}\n`);
    const { error, result } = await answer;
    if (error !== undefined) throw new Error(String(error));
    return result as T;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#child.kill(signal);
    await this.exited;
  }

  #hear(line: string): void {
    const message = JSON.parse(line) as Record<string, unknown>;
    const id = message['id'];
    const resolve = typeof id === 'number' ? this.#waiting.get(id) : undefined;
    if (!resolve) {
      this.news.push(message);
      return;
    }
    this.#waiting.delete(id as number);
    resolve(message);
  }
}

type Handler = (params: Record<string, unknown>) => unknown;

/** The other end: serves the requests of standard input until it closes. */
export function serveJson(handlers: Record<string, Handler>, onEnd: () => void): (news: unknown) => void {
  const write = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
  const lines = createInterface(process.stdin);
  lines.on('line', (line) => {
    const { id, what, params } = JSON.parse(line) as { id: number; what: string; params: Record<string, unknown> };
    void (async () => {
      try {
        const handler = handlers[what];
        if (!handler) throw new Error(`no such request: ${what}`);
        write({ id, result: (await handler(params)) ?? null });
      } catch (error) {
        write({ id, error: error instanceof Error ? error.message : String(error) });
      }
    })();
  });
  lines.on('close', onEnd);
  return write;
}
