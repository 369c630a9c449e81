/**
 * The tests of the share with the share on other file systems, each in a file of its own that is mounted for it: what
 * people save, rename, exchange and mark there is what the box makes of it, as on the disk that it was built on. A file
 * system that this kernel lacks is said to be so.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, Checks, unavailable } from './support/checks.ts';

const MIB = 1024 * 1024;
/** Tests that only touch names, bytes and moments; those of other disks, mounts and rights have their own places. */
const TESTS = ['share', 'names', 'swap', 'editors', 'renames', 'kinds', 'opaque', 'rollback'];

interface Disk {
  name: string;
  bytes: number;
  make: string[];
  mount: string[][];
  /** What mounts it where the kernel does not, from a block device. */
  program?: string;
  /** Tests whose subject this file system does not have, as a pattern of their names, and why. */
  without?: { pattern: string; why: string };
}

const FAT = {
  pattern: [
    'differ in case alone|two names|Unicode form|strange names|keeps its mode|ACL|read-only|255 bytes',
    'inode|exchanged their names|renamed and written to|however slowly|at the very moment|restored old time',
    // Their rig holds the box back by the mode of a file.
    'not on the share yet|a save and an edit meet|empties the file|overtook an edit|saved as a picture',
    // What was put there within two seconds of a moment may have been there before: it is left alone, as it should be.
    'to a time: edits and saves go',
  ].join('|'),
  why: 'no cases told apart, no second names, owners, modes, attributes, no exchange, times of two seconds, and numbers of inodes that change',
};
const DISKS: Disk[] = [
  { name: 'xfs', bytes: 320 * MIB, make: ['mkfs.xfs', '-q'], mount: [['mount', '-o', 'loop']] },
  { name: 'btrfs', bytes: 256 * MIB, make: ['mkfs.btrfs', '-q'], mount: [['mount', '-o', 'loop']] },
  {
    name: 'vfat',
    bytes: 128 * MIB,
    make: ['mkfs.vfat'],
    mount: [['mount', '-t', 'vfat', '-o', 'loop,utf8']],
    without: FAT,
  },
  {
    name: 'exfat',
    bytes: 128 * MIB,
    make: ['mkfs.exfat'],
    mount: [['mount', '-t', 'exfat', '-o', 'loop']],
    program: 'mount.exfat-fuse',
    without: FAT,
  },
];

if (process.getuid?.() !== 0) unavailable('only root mounts disks');
const needed = spawnSync('sh', [join(import.meta.dirname, '../../scripts/debian-packages.sh'), 'disks'], {
  encoding: 'utf8',
});
if (needed.status === 77)
  unavailable(
    needed.stdout
      .trim()
      .split('\n')
      .at(-1)!
      .replace(/^UNAVAILABLE: /, ''),
  );

/** Names of file systems after `--`; left out: all. */
const wanted = process.argv.slice(2);
const base = mkdtempSync(join(tmpdir(), 'jingu-disks-'));
const checks = new Checks();
let tried = 0;
try {
  for (const disk of DISKS) if (wanted.length === 0 || wanted.includes(disk.name)) await over(disk);
} finally {
  rmSync(base, { recursive: true, force: true });
}
if (tried === 0) unavailable('this kernel has none of these file systems');
checks.finish();

async function over(disk: Disk): Promise<void> {
  const image = join(base, `${disk.name}.img`);
  const folder = join(base, disk.name);
  writeFileSync(image, '');
  truncateSync(image, disk.bytes);
  mkdirSync(folder);
  const made = run([...disk.make, image]);
  let mounted = made === '' && disk.mount.some((mount) => run([...mount, image, folder]) === '');
  let device = '';
  if (!mounted && made === '' && disk.program) {
    device = spawnSync('losetup', ['-f', '--show', image], { encoding: 'utf8' }).stdout.trim();
    mounted = device !== '' && run([disk.program, device, folder]) === '';
  }
  if (!mounted) {
    console.log(`UNAVAILABLE: ${disk.name}: ${made || 'this kernel does not mount it'}`);
    return;
  }
  tried++;
  try {
    if (disk.without) console.log(`${disk.name}: without tests of ${disk.without.pattern}: ${disk.without.why}`);
    for (const test of TESTS) {
      await checks.check(`${disk.name}: realdoc-${test}`, async () => {
        const { code, tail } = await vitest(test, folder, disk.without?.pattern);
        assert(code === 0, tail);
        return tail.match(/Tests .*/)?.[0] ?? 'done';
      });
    }
  } finally {
    run(['umount', '-l', folder]);
    if (device) run(['losetup', '-d', device]);
  }
}

/** What went wrong, in a line; nothing if it went well. */
function run([command, ...words]: string[]): string {
  const { status, stderr, error } = spawnSync(command!, words, { encoding: 'utf8' });
  if (status === 0) return '';
  return error?.message ?? (stderr.trim().split('\n')[0] || `${command} ended with ${status}`);
}

async function vitest(test: string, shares: string, without?: string): Promise<{ code: number | null; tail: string }> {
  const root = join(import.meta.dirname, '../..');
  const words = ['run', `test/integration/realdoc-${test}.test.ts`, '--reporter=default'];
  if (without) words.push('-t', `^(?!.*(?:${without})).*$`);
  const child = spawn(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...words], {
    cwd: root,
    env: { ...process.env, JINGU_TEST_SHARES: shares, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    out += data.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, tail: out.slice(-6000) };
}
