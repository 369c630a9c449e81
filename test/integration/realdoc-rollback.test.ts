import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DocBox } from '../support/doc-box.ts';
import { agentFor, person } from '../support/mini-door.ts';
import { refusedWith } from '../support/refusal.ts';

let box: DocBox;
beforeEach(async () => {
  box = await DocBox.open();
});
afterEach(() => box.destroy());

/** Everything on the share, by path. */
async function share(): Promise<Record<string, string>> {
  await box.room.settled();
  const out: Record<string, string> = {};
  for (const entry of await readdir(box.root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.startsWith('.')) continue;
    const path = join(entry.parentPath, entry.name);
    out[path.slice(box.root.length + 1)] = await readFile(path, 'utf8');
  }
  return out;
}

/** Resolves when the clock has moved on, so that a time lies between two versions. */
async function aMoment(): Promise<string> {
  const began = Date.now();
  while (Date.now() <= began + 1) await new Promise((resolve) => setImmediate(resolve));
  const at = new Date().toISOString();
  while (new Date().toISOString() <= at) await new Promise((resolve) => setImmediate(resolve));
  return at;
}

const edit = (path: string, base: number, ...verbs: object[]) => ({ path: `office/${path}`, base, verbs });
const scan = () => box.room.scan(box.room.workspace('office'));

describe('a folder or a workspace rolls back as a whole', () => {
  it('to a time: edits and saves go, new documents go, deleted ones come back, the rest is left alone', async () => {
    await box.write('f/a.md', 'a\n');
    await box.write('f/b.md', 'b\n');
    await box.write('f/gone.md', 'gone\n');
    await box.write('other.md', 'other\n');
    await box.addWorkspace();
    const then = await share();
    const at = await aMoment();
    await box.call('doc.edit', edit('f/a.md', 1, { set: '1', text: ['A'] }));
    await box.call('doc.edit', edit('other.md', 1, { set: '1', text: ['OTHER'] }));
    await box.room.settled();
    await writeFile(join(box.root, 'f/b.md'), 'saved by a person\n');
    await rm(join(box.root, 'f/gone.md'));
    await box.write('f/dropped.md', 'put there by a person\n');
    await box.call('doc.create', { path: 'office/f/made.md', text: 'made\n' });
    await scan();
    const before = await share();

    const { plan } = await box.invoke('doc.rollback', { path: 'office/f', to: at }, person(), true);
    const documents = plan?.['documents'] as { path: string; state: string; diff: string }[];
    expect(documents.map((d) => [d.path, d.state]).sort()).toEqual([
      ['office/f/a.md', 'live'],
      ['office/f/b.md', 'live'],
      ['office/f/dropped.md', 'deleted'],
      ['office/f/gone.md', 'live'],
      ['office/f/made.md', 'deleted'],
    ]);
    expect(documents.find((d) => d.path === 'office/f/a.md')?.diff).toContain('-A\n+a\n');
    expect(await share()).toEqual(before);

    const back = await box.invoke('doc.rollback', { path: 'office/f', to: at });
    expect((back.output as { versions: unknown[] }).versions).toHaveLength(5);
    expect(await share()).toEqual({ ...then, 'other.md': 'OTHER\n' });
    // One call, so one undo.
    await box.call(back.undo!.operation, back.undo!.input);
    expect(await share()).toEqual(before);
    await box.call('doc.redo', { call: (await lastCall('office/f/a.md'))! });
    expect(await share()).toEqual({ ...then, 'other.md': 'OTHER\n' });
    await box.call('doc.rollback', { path: 'office', to: at });
    expect(await share()).toEqual(then);
    expect(await box.call('doc.verify', { path: 'office', full: true })).toMatchObject({ ok: true });
  });

  async function lastCall(path: string): Promise<string | undefined> {
    const { versions } = await box.call<{ versions: { call: string }[] }>('doc.log', { path });
    return versions[0]?.call;
  }

  it('to before a task or a call, even where others worked on since', async () => {
    await box.write('a.md', 'a1\na2\n');
    await box.write('b.md', 'b1\n');
    await box.addWorkspace();
    const agent = agentFor('task_big');
    await box.call('doc.edit', edit('b.md', 1, { put: '>1', text: ['b2'] }));
    const then = await share();
    for (const path of ['office/a.md', 'office/b.md']) await box.call('doc.read', { path }, agent);
    await box.call(
      'doc.edit',
      { edits: [edit('a.md', 1, { set: '1', text: ['A'] }), edit('b.md', 2, { cut: '1' })] },
      agent,
    );
    await box.call('doc.create', { path: 'office/new.md', text: 'by the task\n' }, agent);
    await box.call('doc.edit', edit('a.md', 2, { set: '1', text: ['on top of it'] }));
    expect((await refusedWith(box.call('doc.undo', { task: 'task_big' }))).code).toBe('DOC_CONFLICT');
    await box.call('doc.rollback', { path: 'office', to: 'before-task:task_big' });
    expect(await share()).toEqual(then);
    const call = await lastCall('office/b.md');
    await box.call('doc.rollback', { path: 'office', to: `before-call:${call}` });
    expect((await share())['b.md']).toBe('b2\n');
    expect((await refusedWith(box.call('doc.rollback', { path: 'office', to: 'before-task:task_none' }))).code).toBe(
      'DOC_VERSION_UNKNOWN',
    );
    expect((await refusedWith(box.call('doc.rollback', { path: 'office', to: 'v3' }))).code).toBe('INPUT_INVALID');
    expect((await refusedWith(box.call('doc.rollback', { path: 'office/nowhere', to: 'v3' }))).code).toBe(
      'DOC_NOT_FOUND',
    );
  });

  it('to a tag: the documents that carry it, and no others', async () => {
    for (const name of ['a', 'b']) await box.write(`${name}.md`, `${name}\n`);
    await box.addWorkspace();
    await box.call('doc.tag', { path: 'office/a.md', name: 'signed' });
    for (const name of ['a', 'b']) await box.call('doc.edit', edit(`${name}.md`, 1, { set: '1', text: ['x'] }));
    await box.call('doc.rollback', { path: 'office', to: 'signed' });
    expect(await share()).toEqual({ 'a.md': 'a\n', 'b.md': 'x\n' });
    expect((await refusedWith(box.call('doc.rollback', { path: 'office', to: 'nothing so named' }))).code).toBe(
      'DOC_VERSION_UNKNOWN',
    );
  });

  it('a document that comes back takes its name from one that was made under it since', async () => {
    await box.write('a.md', 'the old one\n');
    await box.addWorkspace();
    const at = await aMoment();
    await rm(join(box.root, 'a.md'));
    await scan();
    await box.call('doc.create', { path: 'office/a.md', text: 'the new one\n' });
    expect(await share()).toEqual({ 'a.md': 'the new one\n' });
    const back = await box.invoke('doc.rollback', { path: 'office', to: at });
    expect(await share()).toEqual({ 'a.md': 'the old one\n' });
    await box.call(back.undo!.operation, back.undo!.input);
    expect(await share()).toEqual({ 'a.md': 'the new one\n' });
    expect(await box.text('office/a.md')).toBe('the new one');
  });

  it('files that lay on the share before the box knew them are left where they are, and named', async () => {
    await box.write('a.md', 'a\n');
    await box.addWorkspace();
    const at = await aMoment();
    await box.write('b/old.md', 'older than the box\n');
    const { utimes } = await import('node:fs/promises');
    await utimes(join(box.root, 'b/old.md'), new Date('2020-01-01'), new Date('2020-01-01'));
    await scan();
    await box.call('doc.edit', edit('a.md', 1, { set: '1', text: ['A'] }));
    expect(await box.call('doc.rollback', { path: 'office', to: at })).toMatchObject({ left: ['office/b/old.md'] });
    expect(await share()).toEqual({ 'a.md': 'a\n', 'b/old.md': 'older than the box\n' });
  });

  it('a save that nobody noticed yet is a version before it is rolled back', async () => {
    await box.write('a.md', 'a\n');
    await box.addWorkspace();
    const at = await aMoment();
    await writeFile(join(box.root, 'a.md'), 'saved\n');
    await box.call('doc.rollback', { path: 'office', to: at });
    expect(await share()).toEqual({ 'a.md': 'a\n' });
    const { versions } = await box.call<{ versions: { source: string }[] }>('doc.log', { path: 'office/a.md' });
    expect(versions.map((v) => v.source)).toEqual(['rollback', 'import', 'import']);
    expect(await box.text('office/a.md', 'v2')).toBe('saved');
  });

  it('sixty documents go back in one call', async () => {
    const names = Array.from({ length: 60 }, (_, i) => `d${i % 10}/n${i}.md`);
    for (const name of names) await box.write(name, `${name}\nsecond\n`);
    await box.addWorkspace();
    await box.room.settled();
    const at = await aMoment();
    for (let i = 0; i < 60; i += 20) {
      const edits = names.slice(i, i + 20).map((name) => edit(name, 1, { set: '2', text: ['changed'] }));
      await box.call('doc.edit', { edits });
    }
    const { versions } = await box.call<{ versions: { version: number }[] }>('doc.rollback', {
      path: 'office',
      to: at,
    });
    expect([versions.length, new Set(versions.map((v) => v.version))]).toEqual([60, new Set([3])]);
    const now = await share();
    expect(names.filter((name) => now[name] !== `${name}\nsecond\n`)).toEqual([]);
  });

  it('nothing is done where one document cannot be done, and every one of these is named', async () => {
    const agent = agentFor('task_two');
    for (const name of ['a', 'b', 'c']) await box.write(`${name}.md`, `${name}\n`);
    await box.addWorkspace();
    for (const name of ['a', 'b', 'c']) await box.call('doc.read', { path: `office/${name}.md` }, agent);
    await box.call(
      'doc.edit',
      { edits: ['a', 'b', 'c'].map((n) => edit(`${n}.md`, 1, { set: '1', text: ['x'] })) },
      agent,
    );
    for (const name of ['a', 'c']) await box.call('doc.edit', edit(`${name}.md`, 2, { set: '1', text: ['y'] }));
    const refused = await refusedWith(box.call('doc.undo', { task: 'task_two' }));
    expect(refused.code).toBe('DOC_CONFLICT');
    expect((refused.details['documents'] as { path: string }[]).map((d) => d.path)).toEqual([
      'office/a.md',
      'office/c.md',
    ]);
    expect(await share()).toEqual({ 'a.md': 'y\n', 'b.md': 'x\n', 'c.md': 'y\n' });
  });
});
