import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { ABSENT, JUDGED, REFUSED } from '../../../src/guest/call-numbers.ts';
import type { Supervisor } from '../../../src/guest/index.ts';
import { handFilter, Jailer } from '../../../src/guest/jail.ts';
import { SpawnStarter } from '../../../src/guest/spawn-starter.ts';
import { lacks } from '../../support/needs.ts';
import { buildCaller } from './caller.ts';
import { isAlive, type Line, recordingLogger, spec, supervisor, until } from './rig.ts';

const folder = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const jail = { read: ['src/', 'test/', 'node_modules/', 'package.json'].map(folder) };
const noJail = await lacks('namespaces');
const noFilter = await lacks('call filters');
const noCompiler = await lacks('C compiler');

let owner: Supervisor;
afterEach(() => owner?.stop());

test.skipIf(noJail)('a jailed guest sees its program and nothing of the machine, and reaches nobody', async () => {
  owner = supervisor();
  const guest = owner.start(spec({ jail, env: { GIVEN: 'yes' } }));
  const look = (await guest.request('look', null)) as { root: string[]; processes: number };
  expect(look).toMatchObject({ passwords: false, interfaces: ['lo'], environment: ['GIVEN', 'PWD'] });
  expect(look.processes).toBeLessThanOrEqual(3);
  expect(look.root).not.toContain('etc');
  for (const path of ['/x', `${folder('src/')}x`]) expect(await guest.request('spoil', path)).toBe('EROFS');
  const server = createServer().listen(0, '127.0.0.1');
  try {
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    expect(await guest.request('reach', port)).toMatch(/^E(?:PERM|CONNREFUSED|NETUNREACH)$/);
  } finally {
    server.close();
  }
});

test.skipIf(noJail)('its memory is counted, and its end is the end of all that was around it', async () => {
  owner = supervisor();
  const guest = owner.start(spec({ jail, limits: { memoryMb: 200 } }));
  await guest.ready();
  const pid = guest.status.pid!;
  const greedy = guest.request('allocate', 300).then(() => guest.request('wait', null));
  await expect(greedy).rejects.toMatchObject({ code: 'GUEST_GONE', details: { cause: 'memory' } });
  await until(() => !isAlive(pid));
  expect(await guest.request('echo', 1)).toBe(1);
  const next = guest.status.pid!;
  await owner.stop();
  expect(isAlive(next)).toBe(false);
});

/** What a program in the jail says that came of system calls, by name; the filter may be left out. */
async function called(names: readonly string[], isFiltered: boolean): Promise<Record<string, string>> {
  const base = mkdtempSync(join(tmpdir(), 'jingu-caller-'));
  try {
    const caller = buildCaller(base, { ...REFUSED, ...ABSENT, ...JUDGED });
    // No process can be made in there: Node itself becomes the program.
    const become = `process.execve(${JSON.stringify(caller)}, ${JSON.stringify([caller, ...names])}, {})`;
    const command = (await new Jailer().command({ read: [base] }, {}, ['-e', become]))!;
    const args = isFiltered
      ? command.args
      : command.args.filter((arg, i, all) => !isAbout('--seccomp', arg, all[i - 1]));
    const stdio = ['ignore', 'pipe', 'pipe', 'ignore', isFiltered ? 'pipe' : 'ignore'] as const;
    const child = spawn(command.file, args, { env: {}, stdio: [...stdio] });
    if (isFiltered) handFilter(child, command.filter!);
    const said = await text(child.stdout!);
    return Object.fromEntries(
      said
        .trim()
        .split('\n')
        .map((line) => line.split(' ') as [string, string]),
    );
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

const isAbout = (option: string, arg: string, before: string | undefined): boolean =>
  arg === option || before === option;

test.skipIf(noFilter || noCompiler)('the kernel refuses every call that a reader has no use for', async () => {
  const refused = await called(['all'], true);
  // Of calls that the headers of this machine have no number for it says nothing.
  const answers = Object.entries(refused);
  for (const [name, answer] of answers.filter(([name]) => name in REFUSED))
    expect.soft([name, answer]).toEqual([name, 'EPERM']);
  for (const [name, answer] of answers.filter(([name]) => name in ABSENT))
    expect.soft([name, answer]).toEqual([name, 'ENOSYS']);
  expect(answers.length).toBeGreaterThan(70);
  expect(refused).toMatchObject({
    'clone-process': 'EPERM',
    'clone-namespace': 'EPERM',
    tiocsti: 'EPERM',
    tioclinux: 'EPERM',
  });
  expect(refused).toMatchObject({ thread: 'done', 'other-ioctl': 'ENOTTY', unheard: 'ENOSYS' });
  // It is the filter that refuses: without it the same calls fare otherwise.
  const harmless = ['personality', 'socket', 'socketpair', 'splice', 'shmget', 'tiocsti', 'get_mempolicy'];
  const otherwise = await called(harmless, false);
  expect(Object.keys(otherwise).sort()).toEqual([...harmless].sort());
  for (const name of harmless) expect.soft([name, otherwise[name]]).not.toEqual([name, 'EPERM']);
});

test.skipIf(noFilter)('a guest behind the filter connects to nothing and starts nothing', async () => {
  owner = supervisor();
  const guest = owner.start(spec({ jail }));
  expect(await guest.request('reach', 1)).toBe('EPERM');
  await expect(guest.request('child', null)).rejects.toMatchObject({ code: 'GUEST_FAILED' });
  expect(await guest.request('echo', 'still here')).toBe('still here');
});

test.skipIf(noJail)(
  'a bubblewrap that knows no filters builds the jail without one, and the log says so once',
  async () => {
    const base = mkdtempSync(join(tmpdir(), 'jingu-old-'));
    const old = join(base, 'bwrap');
    const refusal = 'case " $* " in *" --seccomp "*) echo "bwrap: Unknown option --seccomp" >&2; exit 1;; esac';
    writeFileSync(old, `#!/bin/sh\n${refusal}\nexec bwrap "$@"\n`);
    chmodSync(old, 0o755);
    const lines: Line[] = [];
    const log = recordingLogger(lines);
    try {
      owner = supervisor({ log, starter: new SpawnStarter({ log, jailer: new Jailer([join(base, 'none'), old]) }) });
      for (const name of ['fixture:one', 'fixture:two']) {
        const guest = owner.start(spec({ name, jail }));
        expect(await guest.request('look', null)).toMatchObject({ passwords: false, interfaces: ['lo'] });
        expect(await guest.request('reach', 1)).toMatch(/^E(?:CONNREFUSED|NETUNREACH)$/);
      }
      expect(lines.filter(({ event }) => event === 'guest-calls-not-filtered')).toHaveLength(1);
      expect(lines.filter(({ event }) => event === 'guest-not-jailed')).toEqual([]);
    } finally {
      rmSync(base, { recursive: true, force: true });
    }
  },
);
