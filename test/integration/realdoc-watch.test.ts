import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { isJinguError } from '../../src/common/index.ts';
import { type Kernel, loadKernel } from '../../src/realdoc/projection/kernel.ts';
import { DocBox } from '../support/doc-box.ts';
import { lacks } from '../support/needs.ts';

let box: DocBox | undefined;
const mounts: string[] = [];
afterEach(async () => {
  await box?.close();
  for (const mount of mounts.splice(0)) execFileSync('umount', ['-l', mount]);
  if (box) rmSync(box.base, { recursive: true, force: true });
  box = undefined;
});

interface State {
  state: string;
  reason?: string;
  fileSystem: string;
  events: string;
  eventsLost: number;
  swap: string;
}
const state = async (): Promise<State> => {
  const { workspaces } = await box!.call<{ workspaces: State[] }>('workspace.status', { name: 'office' });
  return workspaces[0]!;
};
const scan = async (): Promise<void> => {
  await box!.room.scan(box!.room.workspace('office'));
  await box!.room.settled();
};
const sources = async (rel: string): Promise<string[]> => {
  const path = `office/${rel}`;
  const { versions } = await box!.call<{ versions: { source: string }[] }>('doc.log', { path });
  return versions.map((v) => v.source).reverse();
};
const made = (path: string, source: string): Promise<unknown> =>
  box!.door.event((e) => e.kind === 'version-created' && e.data['path'] === path && e.data['source'] === source);

describe('file events', () => {
  it('tell of new folders, of what is in them at once, and of folders that move', async () => {
    box = await DocBox.open({ watch: true });
    await box.addWorkspace();
    expect(await state()).toMatchObject({ state: 'here', events: 'inotify', eventsLost: 0, swap: 'exchange' });
    mkdirSync(join(box.root, 'a', 'b', 'c'), { recursive: true });
    await writeFile(join(box.root, 'a', 'b', 'c', 'deep.md'), 'one\n');
    await made('office/a/b/c/deep.md', 'import');
    await rename(join(box.root, 'a'), join(box.root, 'z'));
    await made('office/z/b/c/deep.md', 'move');
    await writeFile(join(box.root, 'z', 'b', 'c', 'deep.md'), 'two\n');
    await made('office/z/b/c/deep.md', 'import');
    expect(await sources('z/b/c/deep.md')).toEqual(['import', 'move', 'import']);
    await rm(join(box.root, 'z'), { recursive: true });
    await made('office/z/b/c/deep.md', 'delete');
  });

  it('that ran over the queue are known to be lost, and a walk finds what they told of', async () => {
    box = await DocBox.open({ watch: true });
    for (const name of ['a.md', 'b.md', 'quiet.md']) await box.write(name, 'one\n');
    await box.addWorkspace();
    const most = Number(await readFile('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
    // The kernel joins equal events that follow each other, so two files take turns; nobody reads the queue meanwhile.
    for (let i = 0; i < most / 2 + 500; i++) appendFileSync(join(box.root, i % 2 ? 'a.md' : 'b.md'), 'x');
    await writeFile(join(box.root, 'quiet.md'), 'saved while nobody listened\n');
    await made('office/quiet.md', 'import');
    await made('office/a.md', 'import');
    await box.door.event((e) => e.data['path'] === 'office/quiet.md' && e.data['version'] === 2);
    await box.room.settled();
    expect((await state()).eventsLost).toBeGreaterThan(0);
    expect(await box.text('office/quiet.md')).toBe('saved while nobody listened');
  });

  it('of more folders than can be watched: it is said, and the folders are walked more often', async () => {
    const own = (await loadKernel())!;
    let left = 2;
    const kernel: Kernel = {
      ...own,
      inotifyAdd: (...args) => {
        if (left-- > 0) return own.inotifyAdd(...args);
        throw Object.assign(new Error('no more'), { code: 'ENOSPC' });
      },
    };
    box = await DocBox.open({ watch: true, kernel: () => Promise.resolve(kernel), scanEveryMs: 300 });
    for (const name of ['a/x.md', 'b/x.md', 'c/x.md', 'd/x.md']) await box.write(name, 'one\n');
    await box.addWorkspace();
    for (const name of ['a', 'b', 'c', 'd']) await writeFile(join(box.root, name, 'x.md'), 'two\n');
    for (const name of ['a', 'b', 'c', 'd']) {
      await box.door.event((e) => e.data['path'] === `office/${name}/x.md` && e.data['version'] === 2);
    }
    expect((await state()).eventsLost).toBe(1);
  });

  it('without the calls of the kernel come from Node, and files are replaced by second names', async () => {
    box = await DocBox.open({ watch: true, kernel: () => Promise.resolve(undefined) });
    await box.write('a.md', 'one\n');
    await box.addWorkspace();
    expect(await state()).toMatchObject({ events: 'node', swap: 'link' });
    await box.call('doc.edit', { path: 'office/a.md', base: 1, verbs: [{ set: '1', text: ['edited'] }] });
    expect(await box.file('a.md')).toBe('edited\n');
    const saved = box.door.event((e) => e.data['path'] === 'office/a.md' && e.data['version'] === 3);
    await writeFile(join(box.root, 'a.md'), 'saved\n');
    await saved;
    await box.room.stop();
    expect(readdirSync(box.root)).toEqual(['a.md']);
  });
});

/** Mounts a small disk. */
function mount(at: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', at], { stdio: 'pipe' });
  mounts.push(at);
}

describe.skipIf(await lacks('mounts'))('a disk that is not mounted', () => {
  it('deletes nothing and gets nothing written to the empty folder below it; all goes on when it is back', async () => {
    const base = mkdtempSync(join(tmpdir(), 'jingu-mount-'));
    const root = join(base, 'share');
    const aside = join(base, 'aside');
    await mkdir(root);
    await mkdir(aside);
    mount(root);
    box = await DocBox.open({ base, root });
    await box.write('a.md', 'one\n');
    await box.write('sub/b.md', 'one\n');
    await box.addWorkspace();
    execFileSync('mount', ['--move', root, aside]);
    mounts.splice(0, mounts.length, aside);
    await scan();
    expect(await state()).toMatchObject({ state: 'away', reason: 'its disk is not mounted' });
    await box.call('doc.edit', { path: 'office/a.md', base: 1, verbs: [{ set: '1', text: ['edited'] }] });
    const refused = await box.call('doc.create', { path: 'office/new.md', text: 'x\n' }).catch((e: unknown) => e);
    expect(isJinguError(refused) && refused.code).toBe('DOC_SHARE_AWAY');
    await box.room.settled();
    await scan();
    expect(readdirSync(root)).toEqual([]);
    expect(await sources('sub/b.md')).toEqual(['import']);
    execFileSync('mount', ['--move', aside, root]);
    mounts.splice(0, mounts.length, root);
    await scan();
    expect((await state()).state).toBe('here');
    expect(await box.file('a.md')).toBe('edited\n');
    expect(await sources('a.md')).toEqual(['import', 'edit']);
  });

  it('keeps the file of a document that is taken back meanwhile, until it can be removed', async () => {
    const base = mkdtempSync(join(tmpdir(), 'jingu-mount-'));
    const [root, aside] = [join(base, 'share'), join(base, 'aside')];
    await mkdir(root);
    await mkdir(aside);
    mount(root);
    box = await DocBox.open({ base, root });
    await box.write('a.md', 'one\n');
    await box.addWorkspace();
    await box.call('doc.create', { path: 'office/new.md', text: 'x\n' });
    await box.room.settled();
    execFileSync('mount', ['--move', root, aside]);
    mounts.splice(0, mounts.length, aside);
    await scan();
    await box.call('doc.undo', { path: 'office/new.md' });
    await box.room.settled();
    execFileSync('mount', ['--move', aside, root]);
    mounts.splice(0, mounts.length, root);
    expect(readdirSync(root).sort()).toEqual(['a.md', 'new.md']);
    await scan();
    await box.room.settled();
    expect(readdirSync(root)).toEqual(['a.md']);
    const { documents } = await box.call<{ documents: { path: string }[] }>('doc.list', { workspace: 'office' });
    expect(documents.map(({ path }) => path)).toEqual(['office/a.md']);
  });

  it('inside a workspace hides its documents, and deletes none of them', async () => {
    const base = mkdtempSync(join(tmpdir(), 'jingu-mount-'));
    const root = join(base, 'share');
    await mkdir(join(root, 'disk'), { recursive: true });
    mount(join(root, 'disk'));
    box = await DocBox.open({ base, root });
    await box.write('a.md', 'one\n');
    await box.write('disk/b.md', 'one\n');
    await box.addWorkspace();
    execFileSync('umount', ['-l', join(root, 'disk')]);
    mounts.length = 0;
    await rm(join(root, 'a.md'));
    await scan();
    await box.call('doc.edit', { path: 'office/disk/b.md', base: 1, verbs: [{ set: '1', text: ['edited'] }] });
    await box.room.settled();
    await scan();
    expect(await sources('disk/b.md')).toEqual(['import', 'edit']);
    expect(await sources('a.md')).toEqual(['import', 'delete']);
    expect(readdirSync(join(root, 'disk'))).toEqual([]);
  });

  it('a folder whose files were all deleted is no missing disk', async () => {
    box = await DocBox.open();
    await box.write('a.md', 'one\n');
    await box.addWorkspace();
    await rm(join(box.root, 'a.md'));
    await scan();
    expect(await sources('a.md')).toEqual(['import', 'delete']);
  });
});
