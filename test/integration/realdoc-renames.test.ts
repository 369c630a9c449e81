import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isJinguError } from '../../src/common/index.ts';
import { DocBox } from '../support/doc-box.ts';

let box: DocBox;
const at = (rel: string): string => join(box.root, rel);
const scan = async (): Promise<void> => {
  await box.room.scan(box.room.workspace('office'));
  await box.room.settled();
};
const text = async (rel: string): Promise<string> => {
  await box.room.settled();
  return await readFile(at(rel), 'utf8');
};
const sources = async (rel: string): Promise<string[]> => {
  const { versions } = await box.call<{ versions: { source: string }[] }>('doc.log', { path: `office/${rel}` });
  return versions.map((v) => v.source).reverse();
};
const listed = async (): Promise<string[]> => {
  const { documents } = await box.call<{ documents: { path: string }[] }>('doc.list', { workspace: 'office' });
  return documents.map((d) => d.path.slice('office/'.length));
};
const undo = async (rel: string): Promise<string> => {
  const { versions } = await box.call<{ versions: { path: string }[] }>('doc.undo', { path: `office/${rel}` });
  await box.room.settled();
  return versions[0]!.path;
};
const lastCall = async (rel: string): Promise<string> => {
  const { versions } = await box.call<{ versions: { call: string }[] }>('doc.log', { path: `office/${rel}` });
  return versions[0]!.call;
};
const refused = async (work: Promise<unknown>): Promise<{ code: string; details: Record<string, unknown> }> => {
  try {
    await work;
  } catch (error) {
    if (isJinguError(error)) return { code: error.code, details: error.details };
    throw error;
  }
  throw new Error('it was done');
};
const clean = async (): Promise<void> => {
  await scan();
  const names = (await readdir(box.root, { recursive: true })).filter((name) => name.includes('.rd-'));
  expect(names).toEqual([]);
  const verified = await box.call<{ ok: boolean; problems: unknown[] }>('doc.verify', { path: 'office', full: true });
  expect(verified.problems).toEqual([]);
};

beforeEach(async () => {
  box = await DocBox.open();
});
afterEach(() => box.destroy());

describe('a rename on the share', () => {
  it('is taken back and done again, with the file, its inode and its history', async () => {
    const { stat } = await import('node:fs/promises');
    await box.write('a.md', 'one\n');
    await box.addWorkspace();
    const { ino } = await stat(at('a.md'));
    await mkdir(at('sub'));
    await rename(at('a.md'), at('sub/b.md'));
    await scan();
    expect(await undo('sub/b.md')).toBe('office/a.md');
    expect(await text('a.md')).toBe('one\n');
    expect((await stat(at('a.md'))).ino).toBe(ino);
    expect(await readdir(at('sub'))).toEqual([]);
    await scan();
    expect(await listed()).toEqual(['a.md']);
    expect(await sources('a.md')).toEqual(['import', 'move', 'undo']);
    await box.call('doc.redo', { path: 'office/a.md' });
    expect(await text('sub/b.md')).toBe('one\n');
    expect(await listed()).toEqual(['sub/b.md']);
    await clean();
    expect(await sources('sub/b.md')).toEqual(['import', 'move', 'undo', 'redo']);
  });

  it('goes without an edit made since, and an edit without it', async () => {
    await box.write('a.md', 'one\ntwo\n');
    await box.addWorkspace();
    await rename(at('a.md'), at('b.md'));
    await scan();
    const call = await lastCall('b.md');
    await box.call('doc.edit', { path: 'office/b.md', base: 2, verbs: [{ set: '1', text: ['ONE'] }] });
    await box.call('doc.undo', { call });
    expect(await text('a.md')).toBe('ONE\ntwo\n');
    expect(await undo('a.md')).toBe('office/a.md');
    expect(await text('a.md')).toBe('one\ntwo\n');
    await clean();
    expect(await listed()).toEqual(['a.md']);
  });

  it('is not taken back onto the name of another document, nor from under a later name; nothing is lost', async () => {
    await box.write('a.md', 'one\n');
    await box.addWorkspace();
    await rename(at('a.md'), at('b.md'));
    await scan();
    const call = await lastCall('b.md');
    await box.write('a.md', 'another\n');
    const clash = await refused(box.call('doc.undo', { path: 'office/b.md' }));
    expect(clash).toMatchObject({ code: 'DOC_CONFLICT', details: { documents: [{ path: 'office/a.md' }] } });
    expect(JSON.stringify(clash.details)).toContain('rename or delete that one first');
    expect([await text('a.md'), await text('b.md')]).toEqual(['another\n', 'one\n']);
    await rm(at('a.md'));
    await mkdir(at('a.md'));
    await scan();
    expect(await refused(box.call('doc.undo', { path: 'office/b.md' }))).toMatchObject({ code: 'DOC_CONFLICT' });
    await rm(at('a.md'), { recursive: true });
    await rename(at('b.md'), at('c.md'));
    await scan();
    const later = await refused(box.call('doc.undo', { call }));
    expect(later).toMatchObject({ code: 'DOC_CONFLICT' });
    expect(JSON.stringify(later.details)).toContain('renamed again since');
    expect(await undo('c.md')).toBe('office/b.md');
    expect(await undo('b.md')).toBe('office/a.md');
    expect(await text('a.md')).toBe('one\n');
    await clean();
  });

  it('of two documents that exchanged their names is taken back as one', async () => {
    await box.write('a.md', 'text of a\n');
    await box.write('b.md', 'text of b\n');
    await box.addWorkspace();
    await rename(at('a.md'), at('x'));
    await rename(at('b.md'), at('a.md'));
    await rename(at('x'), at('b.md'));
    await scan();
    expect(await sources('a.md')).toEqual(['import', 'move']);
    await box.call('doc.undo', { call: await lastCall('a.md') });
    expect([await text('a.md'), await text('b.md')]).toEqual(['text of a\n', 'text of b\n']);
    await clean();
    expect(await sources('a.md')).toEqual(['import', 'move', 'undo']);
    expect(await box.text('office/a.md')).toBe('text of a');
  });

  it('of a file that waits for the box to be started again is finished then', async () => {
    await box.write('a.md', 'one\n');
    await box.addWorkspace();
    await rename(at('a.md'), at('b.md'));
    await scan();
    await box.room.projector.stop();
    await box.call('doc.undo', { path: 'office/b.md' });
    expect(await readdir(box.root)).toEqual(['b.md']);
    // Nobody takes the file under its old name for a move, or the missing one for a deletion.
    await scan();
    expect(await listed()).toEqual(['a.md']);
    await box.close();
    const again = await DocBox.open({ base: box.base });
    await again.room.settled();
    expect(await readdir(box.root)).toEqual(['a.md']);
    expect(await again.text('office/a.md')).toBe('one');
    await again.close();
  });

  it('what is saved into the file before it is moved back is a version', async () => {
    await box.write('a.md', 'one\n');
    await box.addWorkspace();
    await rename(at('a.md'), at('b.md'));
    await scan();
    await box.room.projector.stop();
    await box.call('doc.undo', { path: 'office/b.md' });
    await box.write('b.md', 'saved meanwhile\n');
    box.room.projector.start();
    box.room.projector.kick((await box.room.locate('office/a.md', { look: false })).id);
    await box.room.settled();
    await clean();
    expect(await text('a.md')).toBe('saved meanwhile\n');
    expect(await sources('a.md')).toEqual(['import', 'move', 'undo', 'import']);
    expect(await listed()).toEqual(['a.md']);
  });
});

describe('a folder goes back', () => {
  const names = Array.from({ length: 40 }, (_, i) => `${String(i).padStart(2, '0')}.md`);

  it('with the names of before, from wherever its documents are now', async () => {
    for (const name of names) await box.write(`old/${name}`, `${name}\n`);
    await box.addWorkspace();
    const before = new Date().toISOString();
    await rename(at('old'), at('new'));
    await scan();
    await box.call('doc.edit', { path: 'office/new/03.md', base: 2, verbs: [{ set: '1', text: ['edited'] }] });
    await box.room.settled();
    const { plan } = await box.invoke('doc.rollback', { path: 'office/old', to: before }, undefined, true);
    expect(JSON.stringify(plan)).toContain('"path":"office/new/00.md","renamedTo":"old/00.md"');
    await box.call('doc.rollback', { path: 'office/old', to: before });
    await box.room.settled();
    expect((await readdir(at('old'))).sort()).toEqual(names);
    expect(await readdir(at('new'))).toEqual([]);
    expect(await text('old/03.md')).toBe('03.md\n');
    await clean();
    expect(await listed()).toEqual(names.map((name) => `old/${name}`));
    const { versions } = await box.call<{ versions: { call: string }[] }>('doc.log', { path: 'office/old/00.md' });
    await box.call('doc.undo', { call: versions[0]!.call });
    expect(await text('new/03.md')).toBe('edited\n');
    await clean();
    expect(await listed()).toEqual(names.map((name) => `new/${name}`));
  });

  it('and takes a name back from what was made under it since', async () => {
    await box.write('f/a.md', 'first\n');
    await box.addWorkspace();
    const before = new Date().toISOString();
    await rename(at('f/a.md'), at('f/b.md'));
    await scan();
    await box.call('doc.create', { path: 'office/f/a.md', text: 'second\n' });
    await box.room.settled();
    await box.call('doc.rollback', { path: 'office/f', to: before });
    await box.room.settled();
    await clean();
    expect(await listed()).toEqual(['f/a.md']);
    expect(await text('f/a.md')).toBe('first\n');
    expect(await readdir(at('f'))).toEqual(['a.md']);
  });
});
