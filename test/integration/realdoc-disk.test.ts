import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { isJinguError, systemClock } from '../../src/common/index.ts';
import { DocBox } from '../support/doc-box.ts';
import { lacks } from '../support/needs.ts';

const noMounts = await lacks('mounts');
const isRoot = await lacks('ordinary user');
let box: DocBox | undefined;
const mounts: string[] = [];
afterEach(async () => {
  await box?.close().catch(() => undefined);
  for (const mount of mounts.splice(0)) execFileSync('umount', ['-l', mount]);
  if (box) rmSync(box.base, { recursive: true, force: true });
  box = undefined;
});

/** A small file system of its own. */
function mounted(options: string): { base: string; at: string } {
  const base = mkdtempSync(join(tmpdir(), 'jingu-disk-'));
  const at = join(base, 'mount');
  mkdirSync(at);
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', at], { stdio: 'pipe' });
  mounts.push(at);
  return { base, at };
}

const status = async (path: string): Promise<Record<string, unknown>> => {
  const { documents } = await box!.call<{ documents: Record<string, unknown>[] }>('doc.status', { path });
  return documents[0]!;
};

describe('bad days of the disk', () => {
  it.skipIf(noMounts)(
    'a full share: the edit stays committed, the file stays whole, and it is written once there is room',
    async () => {
      const { base, at } = mounted('size=1m');
      const root = join(at, 'share');
      mkdirSync(root);
      await writeFile(join(root, 'a.md'), `${'x'.repeat(99)}\n`.repeat(3000));
      box = await DocBox.open({ base, root });
      await box.addWorkspace();
      await writeFile(join(at, 'filler'), Buffer.alloc(620_000)).catch(() => undefined);
      const before = await readFile(join(root, 'a.md'), 'utf8');
      const made = await box.call<{ version: number }>('doc.edit', {
        path: 'office/a.md',
        base: 1,
        verbs: [{ set: '1', text: ['changed'] }],
      });
      expect(made.version).toBe(2);
      await box.room.settled();
      expect(await readFile(join(root, 'a.md'), 'utf8')).toBe(before);
      expect(await status('office/a.md')).toMatchObject({
        state: 'failed',
        reason: 'the disk is full',
        version: 2,
        onShare: 1,
      });
      await rm(join(at, 'filler'));
      await box.room.scan(box.room.workspace('office'));
      await box.room.settled();
      expect(await readFile(join(root, 'a.md'), 'utf8')).toBe(before.replace('x'.repeat(99), 'changed'));
      expect(await status('office/a.md')).toMatchObject({ state: 'written', version: 2, onShare: 2 });
    },
  );

  it.skipIf(noMounts)('a full share: half a proposal does not take what room is left', async () => {
    const { base, at } = mounted('size=1m');
    const root = join(at, 'share');
    mkdirSync(root);
    // No text: a text that is open elsewhere is written all the same.
    const bytes = Buffer.alloc(300_000, 'x');
    bytes.write('d0cf11e0a1b11ae1', 'hex');
    await writeFile(join(root, 'a.doc'), bytes);
    box = await DocBox.open({ base, root });
    await box.addWorkspace();
    await writeFile(join(root, 'a.doc'), bytes.subarray(0, 1000));
    await box.room.scan(box.room.workspace('office'));
    await box.call('workspace.set', { name: 'office', whenOpen: 'side' });
    await writeFile(join(root, '.~lock.a.doc#'), '');
    await writeFile(join(at, 'filler'), Buffer.alloc(900_000)).catch(() => undefined);
    await box.call('doc.rollback', { path: 'office/a.doc', to: 'v1' });
    await box.room.settled();
    expect(await status('office/a.doc')).toMatchObject({ state: 'failed', reason: 'the disk is full' });
    expect((await readdir(root)).sort()).toEqual(['.~lock.a.doc#', 'a.doc']);
  });

  it.skipIf(noMounts)(
    'a full data disk: the edit is refused, nothing of it is there, and the next one works',
    async () => {
      const { base, at } = mounted('size=3m');
      const root = join(base, 'share');
      mkdirSync(root);
      await writeFile(join(root, 'a.md'), 'one\ntwo\n');
      box = await DocBox.open({ base: at, root });
      await box.addWorkspace();
      const filler = join(at, 'filler');
      await writeFile(filler, Buffer.alloc(8_000_000)).catch(() => undefined);
      // Noise does not compress: soon no page is left.
      const noise = Array.from({ length: 40 }, () =>
        Buffer.from(crypto.getRandomValues(new Uint8Array(3000))).toString('base64'),
      );
      const error = await box
        .call('doc.edit', { path: 'office/a.md', base: 1, verbs: [{ put: '>2', text: noise }] })
        .catch((e: unknown) => e);
      expect(isJinguError(error) && error.code).toBe('DISK_FULL');
      await box.room.settled();
      expect(await readFile(join(root, 'a.md'), 'utf8')).toBe('one\ntwo\n');
      expect(await box.text('office/a.md')).toBe('one\ntwo');
      await rm(filler);
      const made = await box.call<{ version: number }>('doc.edit', {
        path: 'office/a.md',
        base: 1,
        verbs: [{ set: '1', text: ['ONE'] }],
      });
      expect(made.version).toBe(2);
      expect(await box.file('a.md')).toBe('ONE\ntwo\n');
    },
  );

  it.skipIf(noMounts)(
    'a read-only share: the edit stays committed, the state says why, and it is written once that ends',
    async () => {
      const { base, at } = mounted('size=1m');
      await writeFile(join(at, 'a.md'), 'one\ntwo\n');
      box = await DocBox.open({ base, root: at });
      await box.addWorkspace();
      execFileSync('mount', ['-o', 'remount,ro', at]);
      await box.call('doc.edit', { path: 'office/a.md', base: 1, verbs: [{ set: '1', text: ['ONE'] }] });
      await box.room.settled();
      expect(await status('office/a.md')).toMatchObject({
        state: 'failed',
        reason: 'the share is read-only',
        version: 2,
      });
      expect(await box.text('office/a.md')).toBe('ONE\ntwo');
      execFileSync('mount', ['-o', 'remount,rw', at]);
      await box.room.scan(box.room.workspace('office'));
      await box.room.settled();
      expect(await readFile(join(at, 'a.md'), 'utf8')).toBe('ONE\ntwo\n');
    },
  );

  it.skipIf(isRoot)('a folder without the right to write: the same, for a box that is not root', async () => {
    box = await DocBox.open();
    await box.write('sub/a.md', 'one\n');
    await box.addWorkspace();
    await chmod(join(box.root, 'sub'), 0o555);
    await box.call('doc.edit', { path: 'office/sub/a.md', base: 1, verbs: [{ set: '1', text: ['ONE'] }] });
    await box.room.settled();
    expect(await status('office/sub/a.md')).toMatchObject({ state: 'failed', reason: 'no permission' });
    await chmod(join(box.root, 'sub'), 0o755);
  });

  it('a share that is gone altogether deletes nothing from the history', async () => {
    box = await DocBox.open({ clock: systemClock });
    await box.write('a.md', 'one\n');
    await box.addWorkspace();
    rmSync(box.root, { recursive: true });
    await box.room.scan(box.room.workspace('office'));
    const { versions } = await box.call<{ versions: { source: string }[] }>('doc.log', { path: 'office/a.md' });
    expect(versions.map((v) => v.source)).toEqual(['import']);
    await box.call('doc.edit', { path: 'office/a.md', base: 1, verbs: [{ set: '1', text: ['ONE'] }] });
    await box.room.settled();
    expect(await status('office/a.md')).toMatchObject({ state: 'failed', version: 2 });
  });
});
