import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { callFilter } from './call-filter.ts';

/** What a jailed guest sees besides Node and its libraries: these, read only, under their own paths. */
export interface Jail {
  readonly read: readonly string[];
}

/** A command that builds the walls and starts the guest behind them. */
interface JailCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** What judges its system calls: for `handFilter`, on descriptor 4 of the command. `undefined`: nothing does. */
  readonly filter: Buffer | undefined;
}

const FILTER_FD = 4;
const BWRAP = ['/usr/bin/bwrap', '/bin/bwrap'];
const SCRATCH_BYTES = 16 * 1024 * 1024;
const PROBE_MS = 10_000;

/**
 * Puts a command into a namespace of its own: no network, no other process, no file but its program, an empty scratch
 * folder, no environment, no capability, and no system call that a reader has no use for. Needs bubblewrap and a kernel
 * that lets it make namespaces.
 */
export class Jailer {
  readonly #bwrap: readonly string[];
  #probe: Promise<Walls | undefined> | undefined;

  /** `bwrap`: where bubblewrap may be; the first that is there counts. */
  constructor(bwrap: readonly string[] = BWRAP) {
    this.#bwrap = bwrap;
  }

  /** The command inside the jail, or `undefined` where none can be built; why is then in the log of the caller. */
  async command(
    jail: Jail,
    env: Readonly<Record<string, string>>,
    args: readonly string[],
  ): Promise<JailCommand | undefined> {
    this.#probe ??= strongest(this.#bwrap);
    const walls = await this.#probe;
    if (walls === undefined) return undefined;
    const variables = Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]);
    const seen = jail.read.filter((path) => existsSync(path)).flatMap((path) => ['--ro-bind', path, path]);
    return behind(walls, [...seen, ...SEALED, ...variables], args);
  }
}

/** Gives a process that was started with a `pipe` as descriptor 4 its filter. Should it be dead already, so be it. */
export function handFilter(child: ChildProcess, filter: Buffer): void {
  const pipe = child.stdio[FILTER_FD] as Writable;
  pipe.on('error', () => undefined);
  pipe.end(filter, () => pipe.destroy());
}

/** No new session: the guest leads one already, and a kill of its group must reach all of it. */
const WALLS = [
  '--unshare-user',
  '--unshare-all',
  '--disable-userns',
  '--die-with-parent',
  '--clearenv',
  '--cap-drop',
  'ALL',
  '--proc',
  '/proc',
  '--dev',
  '/dev',
  '--size',
  String(SCRATCH_BYTES),
  '--tmpfs',
  '/scratch',
  '--chdir',
  '/scratch',
];

/** The root is memory that could be written full. */
const SEALED = ['--remount-ro', '/'];

/** Node and the libraries that this process, the same Node, was loaded with. */
function runtime(): string[] {
  const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] };
  const libraries = sharedObjects.filter((path) => /^\/(?:usr\/)?lib/.test(path) && existsSync(path));
  return [...new Set([...libraries, ...loaders(), process.execPath])].flatMap((path) => ['--ro-bind', path, path]);
}

function loaders(): string[] {
  return ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1'].filter((path) => existsSync(path));
}

interface Walls {
  readonly file: string;
  readonly filter: Buffer | undefined;
}

function behind({ file, filter }: Walls, more: readonly string[], args: readonly string[]): JailCommand {
  const judged = filter ? ['--seccomp', String(FILTER_FD)] : [];
  return { file, args: [...WALLS, ...judged, ...runtime(), ...more, '--', process.execPath, ...args], filter };
}

/**
 * Tried once, with the very walls that are used: a bubblewrap that is there may still not be allowed to do its work, or
 * be too old for a filter, or the kernel may have none.
 */
async function strongest(bwrap: readonly string[]): Promise<Walls | undefined> {
  const file = bwrap.find((path) => existsSync(path));
  if (file === undefined) return undefined;
  const filter = callFilter(process.arch);
  if (filter && REFUSED_BY_FILTER.test(await probed({ file, filter }))) return { file, filter };
  const bare = { file, filter: undefined };
  return REFUSED_BY_WALLS.test(await probed(bare)) ? bare : undefined;
}

/** Node lives behind the walls, and they hold: what becomes of a connection. */
const PROBE = "require('net').connect(1, '127.0.0.1').on('error', ({ code }) => console.log(code))";
const REFUSED_BY_FILTER = /^EPERM$/;
/** Whatever else refuses it, such as the unit that the core runs in. */
const REFUSED_BY_WALLS = /^E[A-Z]+$/;

async function probed(walls: Walls): Promise<string> {
  const { file, args, filter } = behind(walls, SEALED, ['-e', PROBE]);
  try {
    const child = spawn(file, args, {
      env: {},
      stdio: ['ignore', 'pipe', 'ignore', 'ignore', filter ? 'pipe' : 'ignore'],
      timeout: PROBE_MS,
      killSignal: 'SIGKILL',
    });
    child.on('error', () => undefined);
    if (filter) handFilter(child, filter);
    return (await text(child.stdout!)).trim();
  } catch {
    return '';
  }
}
