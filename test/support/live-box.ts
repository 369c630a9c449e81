import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomToken, type WireError } from '../../src/common/index.ts';
import NODE_FLAGS from '../../src/daemon/node-flags.json' with { type: 'json' };
import type { InvokeResult } from '../../src/protocol/index.ts';

const MAIN = new URL('../../src/daemon/main.mjs', import.meta.url).pathname;

export interface LiveBoxOptions {
  /** Kept between starts when given; otherwise made anew and removed by `dispose`. */
  data?: string;
  /** 0 (the default) lets the system choose. */
  port?: number;
  bind?: string[];
  /** Program that speaks the engine guest's frames in place of llama.cpp. */
  engineProgram?: string;
  /** Folder with model files; an empty one by default, so that tests do not load a model by accident. */
  models?: string;
  args?: string[];
  env?: Record<string, string>;
  startMs?: number;
  /** Another program that runs the box, with more operations. */
  main?: string;
}

/** What the console's socket answered: the door's result, or the wire error thrown. */
export class ConsoleError extends Error {
  readonly wire: WireError;
  constructor(wire: WireError) {
    super(`${wire.code}: ${wire.message}`);
    this.wire = wire;
  }
}

/** The real daemon as a child process on a data directory of its own, driven as a person at the console would. */
export class LiveBox {
  readonly data: string;
  readonly #options: LiveBoxOptions;
  #child: ChildProcess | undefined;
  #out = '';
  #err = '';
  #exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }> | undefined;

  constructor(options: LiveBoxOptions = {}) {
    this.#options = options;
    this.data = options.data ?? mkdtempSync(join(tmpdir(), 'jingu-box-'));
  }

  static async start(options: LiveBoxOptions = {}): Promise<LiveBox> {
    const box = new LiveBox(options);
    await box.start();
    return box;
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  get stdout(): string {
    return this.#out;
  }

  get stderr(): string {
    return this.#err;
  }

  get socketPath(): string {
    return join(this.data, 'jingu.sock');
  }

  /** `host:port` of the first printed address. */
  get address(): string {
    return /https:\/\/(\S+)/.exec(this.#out)![1]!;
  }

  /** The pairing link as printed in the terminal. */
  get link(): string {
    return /https:\/\/\S+\/pair#\S+/.exec(this.#out)![0];
  }

  /** Resolves when the banner is out; throws with what the daemon said if it ends before. */
  async start(): Promise<void> {
    const { port = 0, bind = ['127.0.0.1'], engineProgram, args = [], env = {}, startMs = 30_000 } = this.#options;
    const models = this.#options.models ?? join(this.data, 'no-models');
    const argv = [
      '--data',
      this.data,
      '--port',
      String(port),
      '--models',
      models,
      '--log-level',
      'info',
      '--no-beacon',
    ];
    for (const address of bind) argv.push('--bind', address);
    if (engineProgram) argv.push('--engine-program', engineProgram);
    this.#out = '';
    this.#err = '';
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(process.execPath, [...NODE_FLAGS, this.#options.main ?? MAIN, ...argv, ...args], {
      env: { PATH, HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
    child.stderr.on('data', (chunk: Buffer) => {
      this.#err += chunk.toString();
    });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => fail('did not start in time'), startMs);
      const fail = (why: string) => {
        clearTimeout(timer);
        reject(new Error(`the daemon ${why}\n${this.#out}\n${this.#err}`));
      };
      child.stdout.on('data', (chunk: Buffer) => {
        this.#out += chunk.toString();
        if (!this.#out.includes('Stop: Ctrl-C')) return;
        clearTimeout(timer);
        resolve();
      });
      child.once('exit', (code, signal) => fail(`ended (${code ?? signal}) before it was ready`));
    });
  }

  /** How the process ended. */
  exited(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    return this.#exited!;
  }

  /** SIGTERM and the orderly stop. */
  async stop(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    if (!this.#child) return { code: 0, signal: null };
    this.#child.kill('SIGTERM');
    return await this.exited();
  }

  /** SIGKILL: no goodbye. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.exited();
  }

  async restart(): Promise<void> {
    await this.start();
  }

  /** Stops the box and removes a data directory that it made itself. */
  async dispose(): Promise<void> {
    if (this.#child && this.#child.exitCode === null && this.#child.signalCode === null) await this.stop();
    if (this.#options.data === undefined) rmSync(this.data, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  /** Any operation as the console; the output of it, or a ConsoleError. */
  async run<T = Record<string, unknown>>(operation: string, input: object = {}, more: object = {}): Promise<T> {
    return (await this.invoke(operation, input, more)).output as T;
  }

  async invoke(operation: string, input: object = {}, more: object = {}): Promise<InvokeResult> {
    const body = JSON.stringify({ input, idempotencyKey: `test-${randomToken(16)}`, ...more });
    const answer = await new Promise<string>((resolve, reject) => {
      const call = request(
        {
          socketPath: this.socketPath,
          path: `/api/op/${operation}`,
          method: 'POST',
          headers: { 'content-type': 'application/json' },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => resolve(Buffer.concat(chunks).toString()));
        },
      );
      call.on('error', reject);
      call.end(body);
    });
    const parsed = JSON.parse(answer) as InvokeResult & { error?: WireError };
    if (parsed.error) throw new ConsoleError(parsed.error);
    return parsed;
  }
}
