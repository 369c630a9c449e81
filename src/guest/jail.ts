import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

/** What a jailed guest sees besides Node and its libraries: these, read only, under their own paths. */
export interface Jail {
  readonly read: readonly string[];
}

const run = promisify(execFile);
const BWRAP = ['/usr/bin/bwrap', '/bin/bwrap'];
const SCRATCH_BYTES = 16 * 1024 * 1024;
const PROBE_MS = 10_000;

/**
 * Puts a command into a namespace of its own: no network, no other process, no file but its program, an empty scratch
 * folder, no environment, no capability. Needs bubblewrap and a kernel that lets it make namespaces.
 */
export class Jailer {
  #probe: Promise<string | undefined> | undefined;

  /** The command inside the jail, or `undefined` where none can be built; why is then in the log of the caller. */
  async command(
    jail: Jail,
    env: Readonly<Record<string, string>>,
    args: readonly string[],
  ): Promise<{ file: string; args: string[] } | undefined> {
    this.#probe ??= working();
    const file = await this.#probe;
    if (file === undefined) return undefined;
    const variables = Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]);
    const seen = jail.read.filter((path) => existsSync(path)).flatMap((path) => ['--ro-bind', path, path]);
    return { file, args: [...WALLS, ...runtime(), ...seen, ...SEALED, ...variables, '--', process.execPath, ...args] };
  }
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

/** Tried once, with the very walls that are used: a bubblewrap that is there may still not be allowed to do its work. */
async function working(): Promise<string | undefined> {
  const file = BWRAP.find((path) => existsSync(path));
  if (file === undefined) return undefined;
  try {
    const { stdout } = await run(file, [...WALLS, ...runtime(), ...SEALED, '--', process.execPath, '-p', '1+1'], {
      timeout: PROBE_MS,
      env: {},
    });
    return stdout.trim() === '2' ? file : undefined;
  } catch {
    return undefined;
  }
}
