import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Disk, difference } from '../crash/disk.ts';
import { explore } from '../crash/explore.ts';
import { injectFaults } from '../crash/faults.ts';
import { killRounds } from '../crash/kill-rounds.ts';
import { readLog } from '../crash/log.ts';
import { buildRecorder, Control, KIND, recorded } from '../crash/recorder.ts';
import { runRecorded } from '../crash/run-recorded.ts';
import { LiveBox } from '../support/live-box.ts';
import { lacks } from '../support/needs.ts';

/*
 * The short form of `npm run accept -- realdoc-crash`: fifty crash states, two planted bugs, a dozen failing calls, six
 * kills.
 */

const folder = mkdtempSync(join(tmpdir(), 'jingu-crash-'));
const noCompiler = await lacks('C compiler');
let library = '';
beforeAll(() => {
  if (!noCompiler) library = buildRecorder(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(noCompiler)('what a power cut may leave', () => {
  it('the recorder sees SQLite, threads, an FFI and the kernel by number: what it saw is what is there', () => {
    const prefix = join(folder, 'seen');
    const log = join(folder, 'seen.log');
    mkdirSync(prefix);
    const { PATH = '', HOME = '' } = process.env;
    const program = new URL('../crash/seen-main.ts', import.meta.url).pathname;
    const env = { PATH, HOME, ...recorded({ library, prefix, log }) };
    const child = spawnSync(process.execPath, [program, prefix], { env, encoding: 'utf8' });
    expect([child.status, child.stderr]).toEqual([0, '']);
    const calls = readLog(log, prefix);
    const seen = new Disk();
    for (const call of calls) seen.apply(call);
    expect(difference(seen, Disk.from(prefix))).toBe('');
    const has = (kind: number, path: RegExp): boolean => calls.some((c) => c.kind === kind && path.test(c.path));
    expect([has(KIND.write, /^db-wal$/), has(KIND.syncFile, /^db-wal$/), has(KIND.syncFile, /^db$/)]).toEqual([
      true,
      true,
      true,
    ]);
    expect([has(KIND.syncFolder, /^folder$/), has(KIND.exchange, /./), has(KIND.rename, /^folder\/f7$/)]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('nothing answered is lost in any of 50 states, and the checker catches planted bugs', async () => {
    const report = await explore(
      {
        folder: join(folder, 'explore'),
        library,
        seed: 20261121,
        edits: 30,
        states: 50,
        recoverEvery: 25,
        recoveryStates: 6,
        plants: ['WAL NORMAL', 'no fsync before rename'],
        plantStates: 200,
      },
      () => undefined,
    );
    expect(report.complete).toBe('');
    expect(report.violations).toEqual([]);
    // How many differ depends on what falls together in time; of each 25th the start after it is looked at, too.
    expect([report.states > 35, report.recoveries > 0]).toEqual([true, true]);
    for (const [plant, { violations }] of Object.entries(report.planted))
      expect([plant, violations > 0]).toEqual([plant, true]);
  }, 120_000);
});

it.skipIf(noCompiler)(
  'a new database that could not be made is refused, or is one that a power cut cannot undo',
  async () => {
    const program = new URL('../crash/first-open-main.ts', import.meta.url).pathname;
    const options = { folder: join(folder, 'first-open'), library, log: join(folder, 'first-open.log') };
    const told = (await runRecorded(program, { ...options, what: 'opening' }, () => undefined)) as {
      refused: number;
      opened: number;
      notWal: string[];
    };
    expect(told.notWal).toEqual([]);
    expect([told.refused > 20, told.opened >= 2]).toEqual([true, true]);
  },
  60_000,
);

it.skipIf(noCompiler)(
  'some failing calls: a typed refusal, nothing answered is lost, and it works again',
  async () => {
    const { kinds } = await injectFaults(
      { folder: join(folder, 'faults'), library, seed: 20261121, every: 560, from: 110 },
      () => undefined,
    );
    const given = Object.values(kinds).map((kind) => kind.given > 0);
    expect(given).toEqual([true, true, true, true, true]);
    expect(Object.values(kinds).flatMap((kind) => kind.problems)).toEqual([]);
  },
  120_000,
);

it.skipIf(noCompiler)(
  'a failed fsync ends the daemon, and it starts again from the disk',
  async () => {
    const [data, share] = ['data', 'live-share'].map((name) => join(folder, name)) as [string, string];
    for (const path of [data, share]) mkdirSync(path);
    const control = Control.make(join(folder, 'live-control'), false);
    const env = recorded({ library, prefix: data, log: join(folder, 'live.log'), control });
    const box = new LiveBox({ data, env });
    try {
      await box.start();
      await box.run('workspace.add', { name: 'office', root: share });
      const create = (name: string) => box.run('doc.create', { path: `office/${name}`, text: 'kept\n' });
      await create('before.md');
      control.arm({ from: 1, calls: 1, errno: constants.errno.EIO, kinds: [KIND.syncFile] });
      control.record(true);
      await expect(create('in-doubt.md')).rejects.toThrow();
      expect(await box.exited()).toEqual({ code: 70, signal: null });
      control.calm();
      control.record(false);
      await box.restart();
      await create('after.md');
      const { documents } = await box.run<{ documents: { path: string }[] }>('doc.status', { path: 'office' });
      expect(documents.map(({ path }) => path)).toEqual(
        expect.arrayContaining(['office/before.md', 'office/after.md']),
      );
      expect(await box.run('audit.verify')).toMatchObject({ verdict: 'intact' });
    } finally {
      await box.dispose();
    }
  },
  120_000,
);

it('six kills: nothing answered is lost', async () => {
  const report = await killRounds(join(folder, 'kills'), 6, 20261121, () => undefined);
  expect(report.problems).toEqual([]);
  expect([report.rounds, report.answered > 0]).toEqual([6, true]);
}, 120_000);
