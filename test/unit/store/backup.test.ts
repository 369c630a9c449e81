import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { auditHeadIn } from '../../../src/audit/index.ts';
import { silentLogger, systemClock } from '../../../src/common/index.ts';
import { Backups, backupOperations, restoreBackup, Store } from '../../../src/store/index.ts';
import { type AuditRig, auditRig } from '../../support/audit-rig.ts';
import { callerOf } from '../../support/policy-requests.ts';

const signal = new AbortController().signal;
const NOW = Date.UTC(2026, 10, 21, 15, 4, 5);
let root: string;
let backupsAt: string;
let rig: AuditRig;
let backups: Backups;

/** A box with a log, keys and blobs, and a link that must not be followed. */
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'jingu-backup-'));
  backupsAt = join(root, 'elsewhere');
  const data = join(root, 'data');
  mkdirSync(join(data, 'keys'), { recursive: true });
  mkdirSync(join(data, 'blobs', 'ab'), { recursive: true });
  writeFileSync(join(data, 'keys', 'audit.pem'), 'a key');
  writeFileSync(join(data, 'blobs', 'ab', 'cdef'), Buffer.alloc(300_000, 7));
  symlinkSync('/etc/passwd', join(data, 'blobs', 'link'));
  rig = await auditRig(systemClock, { directory: data });
  await rig.fill(50);
  await rig.audit.checkpoint();
  backups = new Backups({
    store: rig.store,
    clock: { ...systemClock, now: () => NOW },
    version: '0.1.0',
    root: data,
    include: ['keys', 'blobs', 'absent'],
    directory: backupsAt,
    headIn: auditHeadIn,
  });
});
afterEach(async () => {
  await rig.close();
  rmSync(root, { recursive: true, force: true });
});

const files = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((f) => statSync(join(folder, f)).isFile())
    .sort();

describe('making one', () => {
  test('holds the database, the keys and the blobs, verifies, and leaves nothing half made', async () => {
    const made = await backups.create({}, signal);
    expect(made).toMatchObject({ name: 'jingu-20261121T150405Z', files: 3, head: { size: 51 } });
    expect(files(made.path)).toEqual(['blobs/ab/cdef', 'jingu.db', 'keys/audit.pem', 'manifest.json']);
    expect(readdirSync(backupsAt)).toEqual([made.name]);
    expect(await backups.verify(made.name)).toMatchObject({ isSound: true, problems: [], head: { size: 51 } });
    // Checking it changed nothing beside it either.
    expect(files(made.path)).toHaveLength(4);
    expect((await backups.list()).map((b) => b.name)).toEqual([made.name]);
  });

  test('writes go on while it is made, and the copy is of one moment', async () => {
    const making = backups.create({ name: 'busy' }, signal);
    for (let i = 0; i < 20; i++) await rig.fill(25);
    await making;
    const copy = new Store({ directory: await restored('busy'), migrations: [], log: silentLogger });
    const { n, most } = copy.get<{ n: number; most: number }>(
      'SELECT count(*) AS n, max(seq) AS most FROM audit_event',
    )!;
    expect(n).toBe(most);
    expect(n).toBeGreaterThanOrEqual(51);
    await copy.close();
  });

  test('one at a time, and never over a name that is taken', async () => {
    const first = backups.create({ name: 'a' }, signal);
    await expect(backups.create({ name: 'b' }, signal)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await first;
    await expect(backups.create({ name: 'a' }, signal)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect((await backups.verify('a')).isSound).toBe(true);
  });

  test('a cancelled one leaves nothing', async () => {
    const stop = new AbortController();
    const making = backups.create({}, stop.signal);
    stop.abort();
    await expect(making).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(readdirSync(backupsAt)).toEqual([]);
  });
});

describe('checking one', () => {
  test.each<[string, (folder: string) => void, string]>([
    ['a changed key', (f) => appendFileSync(join(f, 'keys/audit.pem'), 'x'), 'keys/audit.pem was changed'],
    ['a missing blob', (f) => rmSync(join(f, 'blobs/ab/cdef')), 'blobs/ab/cdef is missing'],
    ['an added file', (f) => writeFileSync(join(f, 'keys/more.pem'), 'x'), 'keys/more.pem was added'],
    [
      'a database cut short',
      (f) => writeFileSync(join(f, 'jingu.db'), readFileSync(join(f, 'jingu.db')).subarray(0, 9_000)),
      'jingu.db was changed',
    ],
  ])('%s is named', async (_name, spoil, problem) => {
    const { path, name } = await backups.create({}, signal);
    spoil(path);
    const report = await backups.verify(name);
    expect(report).toMatchObject({ isSound: false, problems: [problem] });
    await expect(restoreBackup({ backup: path, dataDirectory: join(root, 'new'), now: NOW })).rejects.toMatchObject({
      code: 'BACKUP_BROKEN',
    });
    expect(existsSync(join(root, 'new'))).toBe(false);
  });

  test('a manifest that names files outside its folder is refused', async () => {
    const { path, name } = await backups.create({}, signal);
    const file = join(path, 'manifest.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as { files: { path: string }[] };
    for (const bad of ['../keys/audit.pem', '/etc/passwd', 'keys/../../x', 'a\\b', 'manifest.json', '']) {
      writeFileSync(
        file,
        JSON.stringify({ ...manifest, files: [...manifest.files, { ...manifest.files[0], path: bad }] }),
      );
      await expect(backups.verify(name)).rejects.toMatchObject({ code: 'BACKUP_BROKEN' });
    }
    writeFileSync(file, '{');
    await expect(backups.verify(name)).rejects.toMatchObject({ code: 'BACKUP_BROKEN' });
    await expect(backups.verify('nothing')).rejects.toMatchObject({ code: 'BACKUP_NOT_FOUND' });
    expect(await backups.list()).toEqual([]);
  });

  test('a database whose digest was adjusted is still found broken inside', async () => {
    const { path, name } = await backups.create({}, signal);
    const database = join(path, 'jingu.db');
    const bytes = readFileSync(database);
    bytes.fill(0x5a, 8_192, 12_288);
    writeFileSync(database, bytes);
    const file = join(path, 'manifest.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as { files: { path: string; sha256: string }[] };
    manifest.files.find((f) => f.path === 'jingu.db')!.sha256 = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(file, JSON.stringify(manifest));
    expect((await backups.verify(name)).isSound).toBe(false);
  });
});

async function restored(name: string, into = join(root, `restored-${name}`)): Promise<string> {
  await restoreBackup({ backup: join(backupsAt, name), dataDirectory: into, now: NOW });
  return into;
}

describe('restoring one', () => {
  test('into an empty directory gives the same log, keys and blobs, and a new epoch', async () => {
    await backups.create({ name: 'one' }, signal);
    const into = await restored('one');
    expect(files(join(into, 'blobs'))).toEqual(['ab/cdef']);
    expect(readFileSync(join(into, 'keys/audit.pem'), 'utf8')).toBe('a key');
    const again = await auditRig(systemClock, { directory: into, key: rig.key });
    expect(again.audit.head().size).toBe(51);
    expect(again.store.epoch).not.toBe(rig.store.epoch);
    await again.close();
  });

  test('is put on record once, by the next start', async () => {
    await backups.create({ name: 'one' }, signal);
    const again = await auditRig(systemClock, { directory: await restored('one'), key: rig.key });
    const record = () =>
      again.store.recordRestore((tx, notice) => {
        again.audit.append(tx, { type: 'box-restored', actor: null, body: { ...notice } });
      });
    expect([await record(), await record()]).toEqual([true, false]);
    expect(again.lines().filter((line) => line.includes('box-restored'))).toHaveLength(1);
    expect(await rig.store.recordRestore(() => {})).toBe(false);
    await again.close();
  });

  test('never while a box runs there', async () => {
    const { path } = await backups.create({}, signal);
    const dataDirectory = join(root, 'data');
    await expect(restoreBackup({ backup: path, dataDirectory, now: NOW })).rejects.toMatchObject({
      code: 'STORE_LOCKED',
    });
    expect(rig.audit.size()).toBe(51);
  });

  test('over an existing directory keeps the old data aside, whole', async () => {
    const { path } = await backups.create({}, signal);
    await rig.fill(100);
    const epoch = rig.store.epoch;
    await rig.audit.stop();
    await rig.store.close();
    writeFileSync(join(root, 'data', 'keys', 'later.pem'), 'made after the backup');
    const report = await restoreBackup({ backup: path, dataDirectory: join(root, 'data'), now: NOW });
    expect(report).toMatchObject({ files: 3, head: { size: 51 } });
    const now = await auditRig(systemClock, { directory: join(root, 'data'), key: rig.key });
    expect(now.audit.size()).toBe(51);
    expect([now.store.epoch === epoch, now.store.epoch]).toEqual([false, report.epoch]);
    await now.close();
    expect(existsSync(join(root, 'data', 'keys', 'later.pem'))).toBe(false);
    expect(readFileSync(join(report.aside!, 'keys', 'later.pem'), 'utf8')).toBe('made after the backup');
    const before = await auditRig(systemClock, { directory: report.aside!, key: rig.key });
    expect([before.audit.size(), before.store.epoch]).toEqual([151, epoch]);
    await before.close();
  });

  test('interrupted at any exchange of names, the next start finishes it', async () => {
    const { path } = await backups.create({}, signal);
    await rig.audit.stop();
    await rig.store.close();
    const data = join(root, 'data');
    const moves: [string, string][] = [
      ['jingu.db', 'aside/jingu.db'],
      ['staged/jingu.db', 'jingu.db'],
      ['keys', 'aside/keys'],
      ['staged/keys', 'keys'],
    ];
    for (let done = 0; done <= moves.length; done++) {
      const at = join(root, `crash-${done}`);
      cpSync(data, at, { recursive: true });
      cpSync(path, join(at, 'staged'), { recursive: true, filter: (f) => !f.endsWith('manifest.json') });
      rmSync(join(at, 'staged', 'blobs'), { recursive: true });
      mkdirSync(join(at, 'aside'));
      writeFileSync(join(at, 'keys', 'old.pem'), 'old');
      writeFileSync(
        join(at, 'restore.json'),
        JSON.stringify({ staged: 'staged', aside: 'aside', entries: ['jingu.db', 'keys'] }),
      );
      for (const [from, to] of moves.slice(0, done)) renameSync(join(at, from), join(at, to));
      const opened = await auditRig(systemClock, { directory: at, key: rig.key });
      expect(opened.audit.size()).toBe(51);
      await opened.close();
      expect(existsSync(join(at, 'restore.json'))).toBe(false);
      expect(existsSync(join(at, 'staged'))).toBe(false);
      expect(readFileSync(join(at, 'aside', 'keys', 'old.pem'), 'utf8')).toBe('old');
      expect(existsSync(join(at, 'keys', 'old.pem'))).toBe(false);
    }
  });
});

test('jingu backup restore works with the box stopped, asks before it replaces data, and says what it did', async () => {
  const { path } = await backups.create({ name: 'kept' }, signal);
  await rig.audit.stop();
  await rig.store.close();
  const cli = (...words: string[]) =>
    spawnSync(
      process.execPath,
      [join(import.meta.dirname, '../../../src/cli/main.ts'), 'backup', 'restore', ...words],
      {
        encoding: 'utf8',
      },
    );
  const over = cli(path, '--json', '--data', join(root, 'data'));
  expect([over.status, JSON.parse(over.stderr).code]).toEqual([6, 'CONFIRMATION_REQUIRED']);
  const done = cli(path, '--yes', '--json', '--data', join(root, 'data'));
  expect([done.stderr, done.status]).toEqual(['', 0]);
  expect(JSON.parse(done.stdout)).toMatchObject({ operation: 'backup.restore', data: { name: 'kept', files: 3 } });
  expect(existsSync(JSON.parse(done.stdout).data.aside)).toBe(true);
  const none = cli(join(root, 'nothing'), '--json', '--data', join(root, 'fresh'));
  expect([none.status, JSON.parse(none.stderr).code]).toEqual([1, 'BACKUP_NOT_FOUND']);
  expect(cli('--data', root).status).toBe(2);
});

test('only the console names a folder of the machine', async () => {
  const op = backupOperations({ backups }).find((o) => o.id === 'backup.list')!;
  const ctx = (kind: 'device' | 'console') => ({ caller: callerOf(kind), signal }) as never;
  await expect(op.read!(ctx('device'), { directory: root })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  expect(await op.read!(ctx('console'), { directory: root })).toEqual({ backups: [] });
  await expect(op.read!(ctx('console'), { directory: 'relative' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
});
