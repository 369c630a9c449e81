import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../common/index.ts';
import { handFilter, Jailer } from './jail.ts';
import { logLines } from './line-log.ts';
import { Reaper } from './reaper.ts';
import type { GuestExit, GuestProcess, GuestSpec, Starter } from './types.ts';

/**
 * Starts guests as children: own session and process group, descriptor 3 a socket pair, standard input closed, output
 * into the log, and an environment that holds only what the spec gives.
 */
export class SpawnStarter implements Starter {
  readonly #log: Logger;
  readonly #reaper: Reaper;
  readonly #jailer: Jailer;
  #saidUnfiltered = false;

  constructor(options: { log: Logger; jailer?: Jailer }) {
    this.#jailer = options.jailer ?? new Jailer();
    this.#log = options.log;
    this.#reaper = new Reaper(options.log);
  }

  async start(spec: GuestSpec): Promise<GuestProcess> {
    const env = environment(spec);
    const inside = spec.jail && (await this.#jailer.command(spec.jail, env, commandLine(spec)));
    if (spec.jail && !inside) this.#log.warn({ guest: spec.name }, 'guest-not-jailed');
    if (inside && !inside.filter) this.#sayUnfiltered(spec.name);
    const { file, args, filter } = inside ?? { file: process.execPath, args: commandLine(spec), filter: undefined };
    const child = spawn(file, args, {
      cwd: spec.cwd ?? '/',
      env: inside ? {} : env,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', ...(filter ? ['pipe' as const] : [])],
      // A group of its own: Ctrl-C in the terminal is the core's to handle, and a kill reaches grandchildren too.
      detached: true,
    });
    const exited = exitOf(child);
    if (child.pid === undefined) {
      const { error } = await exited;
      throw new Error(error ?? 'the process could not be made');
    }
    const pid = child.pid;
    if (filter) handFilter(child, filter);
    this.#reaper.watch(pid);
    const log = this.#log.child({ guest: spec.name, pid });
    logLines(child.stdout!, (line) => log.debug({ line }, 'guest-stdout'));
    logLines(child.stderr!, (line) => log.info({ line }, 'guest-stderr'));
    if (spec.oomScoreAdjust !== undefined) await setOomScore(pid, spec.oomScoreAdjust, log);
    return {
      pid,
      stream: child.stdio[3] as Duplex,
      // Inside a jail its number is another one, and it leads nothing that it could kill.
      isLeader: inside === undefined,
      memoryBytes: () => (inside ? memoryOfTree(pid) : memoryOf(pid)),
      kill: (signal) => killGroup(pid, signal),
      exited: exited.then((exit) => {
        // The leader is dead; what it left behind in its group must not live on.
        killGroup(pid, 'SIGKILL');
        this.#reaper.forget(pid);
        child.stdout!.destroy();
        child.stderr!.destroy();
        return exit;
      }),
    };
  }

  /** Once: it is a matter of the machine, not of the guest. */
  #sayUnfiltered(guest: string): void {
    if (!this.#saidUnfiltered) this.#log.warn({ guest }, 'guest-calls-not-filtered');
    this.#saidUnfiltered = true;
  }

  stop(): Promise<void> {
    return this.#reaper.stop();
  }
}

function commandLine(spec: GuestSpec): string[] {
  const flags = ['--disable-sigusr1', `--title=jingu-${spec.name}`, ...(spec.nodeOptions ?? [])];
  return [...flags, programPath(spec.program), ...(spec.args ?? [])];
}

/** A program is named by its source; the shipped tree holds the compiled file beside its callers. */
function programPath(program: URL | string): string {
  const path = program instanceof URL ? fileURLToPath(program) : program;
  if (!path.endsWith('.ts') || existsSync(path)) return path;
  return `${path.slice(0, -3)}.js`;
}

function environment(spec: GuestSpec): Record<string, string> {
  const env: Record<string, string> = { ...spec.env };
  if (spec.threadPool !== undefined) env['UV_THREADPOOL_SIZE'] = String(spec.threadPool);
  return env;
}

function exitOf(child: ChildProcess): Promise<GuestExit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', (error) => resolve({ code: null, signal: null, error: error.message }));
  });
}

function killGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: nobody left in the group, which is what was wanted.
  }
}

/** The walls of a jail are processes too: the guest is their grandchild. */
async function memoryOfTree(pid: number): Promise<number | undefined> {
  const own = await memoryOf(pid);
  if (own === undefined) return undefined;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const below = await Promise.all(
    children
      .trim()
      .split(/\s+/)
      .filter(Boolean)
      .map((id) => memoryOfTree(Number(id))),
  );
  return below.reduce<number>((sum, bytes) => sum + (bytes ?? 0), own);
}

async function setOomScore(pid: number, score: number, log: Logger): Promise<void> {
  try {
    await writeFile(`/proc/${pid}/oom_score_adj`, String(score));
  } catch (error) {
    log.warn({ score, reason: error instanceof Error ? error.message : String(error) }, 'guest-oom-score-refused');
  }
}

/**
 * Anonymous, shared and swapped memory (proc(5)). File pages are left out: a mapped model of 1 GB is page cache, which
 * the kernel can drop at any time.
 */
async function memoryOf(pid: number): Promise<number | undefined> {
  let status: string;
  try {
    status = await readFile(`/proc/${pid}/status`, 'utf8');
  } catch {
    return undefined;
  }
  let kib = 0;
  for (const [, amount] of status.matchAll(/^(?:RssAnon|RssShmem|VmSwap):\s+(\d+) kB$/gm)) kib += Number(amount);
  return kib * 1024;
}
