import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Jailer } from '../../src/guest/jail.ts';
import { loadKernel } from '../../src/realdoc/projection/kernel.ts';
import { whyNoRecorder } from '../crash/recorder.ts';
import { whyNoData } from './test-data.ts';

type Probe = () => string | undefined | Promise<string | undefined>;

/** What some tests need of the machine. A probe says why it is not there; `undefined`: it is. */
const PROBES = {
  git: () => whyNoCommand('git', '--version'),
  openssl: () => whyNoCommand('openssl', 'version'),
  script: () => whyNoCommand('script', '--version'),
  'C compiler': whyNoRecorder,
  namespaces: async () => {
    const jail = await new Jailer().command({ read: [] }, {}, []);
    return jail ? undefined : 'needs bubblewrap and the right to make namespaces';
  },
  'call filters': async () => {
    const jail = await new Jailer().command({ read: [] }, {}, []);
    return jail?.filter ? undefined : 'needs a jail, and a bubblewrap and a kernel that know seccomp filters';
  },
  mounts: () =>
    inFolder((folder) => {
      execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', folder], { stdio: 'pipe' });
      execFileSync('umount', ['-l', folder], { stdio: 'pipe' });
    }, 'needs the right to mount a tmpfs'),
  ACLs: async () => {
    const kernel = await loadKernel();
    return inFolder((folder) => {
      const file = join(folder, 'file');
      writeFileSync(file, '');
      execFileSync('setfacl', ['-m', 'u:12345:rw', file], { stdio: 'pipe' });
      execFileSync('setfacl', ['-d', '-m', 'u:54321:r', folder], { stdio: 'pipe' });
      kernel!.setAttribute(file, 'user.DOSATTRIB', Buffer.from('0x22\0'));
    }, 'needs setfacl and a file system with ACLs and attributes');
  },
  'ordinary user': () => (process.getuid?.() === 0 ? 'root may write everywhere' : undefined),
  'test data': whyNoData,
} satisfies Record<string, Probe>;

export type Need = keyof typeof PROBES;

const asked = new Map<Need, Promise<string | undefined>>();

/** Why this machine does not have it; `undefined`: it does. Asked once in a process. */
export function whyNot(need: Need): Promise<string | undefined> {
  let answer = asked.get(need);
  if (!answer) {
    answer = Promise.resolve(PROBES[need]());
    asked.set(need, answer);
  }
  return answer;
}

/** For `skipIf`: true, with a loud line, where the machine does not have it. The list is in `test/allowed-skips.ts`. */
export async function lacks(need: Need): Promise<boolean> {
  const why = await whyNot(need);
  if (why !== undefined) process.stderr.write(`\nUNAVAILABLE: ${need}: ${why}; what needs it did not run\n`);
  return why !== undefined;
}

function whyNoCommand(command: string, argument: string): string | undefined {
  return spawnSync(command, [argument]).status === 0 ? undefined : `the command ${command} is not installed`;
}

function inFolder(work: (folder: string) => void, why: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'jingu-need-'));
  try {
    work(folder);
    return undefined;
  } catch (error) {
    return `${why} (${String(error).split('\n')[0]})`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
