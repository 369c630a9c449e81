import { chmod, link, mkdir, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isJinguError } from '../../src/common/index.ts';
import * as rows from '../../src/realdoc/repository/index.ts';
import { DocBox } from '../support/doc-box.ts';
import { person } from '../support/mini-door.ts';

let box: DocBox;
const at = (rel: string): string => join(box.root, rel);
const scan = async (): Promise<void> => {
  await box.room.scan(box.room.workspace('office'));
  await box.room.settled();
};
const sources = async (rel: string): Promise<string[]> => {
  const path = `office/${rel}`;
  const { versions } = await box.call<{ versions: { source: string }[] }>('doc.log', { path });
  return versions.map((v) => v.source).reverse();
};
const edit = async (rel: string, line: number, text: string): Promise<void> => {
  const path = `office/${rel}`;
  const { version } = await box.call<{ version: number }>('doc.read', { path });
  await box.call('doc.edit', { path, base: version, verbs: [{ set: `${line}`, text: [text] }] });
  await box.room.settled();
};
const listed = async (): Promise<string[]> => {
  const { documents } = await box.call<{ documents: { path: string }[] }>('doc.list', { workspace: 'office' });
  return documents.map((d) => d.path.slice('office/'.length));
};
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => {
      if (!isJinguError(error)) throw error;
      return error.code;
    },
  );

beforeEach(async () => {
  box = await DocBox.open();
});
afterEach(() => box.destroy());

describe('files that move', () => {
  it('a folder that moved between two scans takes every history along, also of equal and of empty files', async () => {
    for (const name of ['a.md', 'b.md', 'deep/c.md']) await box.write(`old/${name}`, 'same text\n');
    await box.write('old/empty.md', '');
    await box.write('old/other-empty.md', '');
    await box.addWorkspace();
    await edit('old/a.md', 1, 'edited a');
    await rename(at('old'), at('new'));
    await scan();
    expect(await listed()).toEqual(['new/a.md', 'new/b.md', 'new/deep/c.md', 'new/empty.md', 'new/other-empty.md']);
    expect(await sources('new/a.md')).toEqual(['import', 'edit', 'move']);
    expect(await sources('new/deep/c.md')).toEqual(['import', 'move']);
    expect(await sources('new/other-empty.md')).toEqual(['import', 'move']);
    await edit('new/b.md', 1, 'edited b');
    expect(await readFile(at('new/b.md'), 'utf8')).toBe('edited b\n');
  });

  it('documents that exchanged their names, two or three, keep their histories', async () => {
    for (const name of ['a', 'b', 'c']) await box.write(`${name}.md`, `text of ${name}\n`);
    await box.addWorkspace();
    await edit('a.md', 1, 'a was edited');
    await rename(at('a.md'), at('x'));
    await rename(at('b.md'), at('a.md'));
    await rename(at('c.md'), at('b.md'));
    await rename(at('x'), at('c.md'));
    await scan();
    expect(await sources('c.md')).toEqual(['import', 'edit', 'move']);
    expect(await box.text('office/c.md')).toBe('a was edited');
    expect(await sources('a.md')).toEqual(['import', 'move']);
    expect(await box.text('office/a.md', 'v1')).toBe('text of b');
    await edit('b.md', 1, 'c, now called b');
    expect(await readFile(at('b.md'), 'utf8')).toBe('c, now called b\n');
  });

  it('there and back again is nothing; a backup beside a new file is a save, not a move', async () => {
    await box.write('a.md', 'one\n');
    await box.addWorkspace();
    await rename(at('a.md'), at('b.md'));
    await rename(at('b.md'), at('a.md'));
    await scan();
    expect(await sources('a.md')).toEqual(['import']);
    await rename(at('a.md'), at('a.bak'));
    await writeFile(at('a.md'), 'two\n');
    await scan();
    expect(await sources('a.md')).toEqual(['import', 'import']);
    expect(await sources('a.bak')).toEqual(['import']);
  });

  it('renamed and written to between two scans: a move, then the save', async () => {
    await box.write('a.md', 'one\ntwo\n');
    await box.addWorkspace();
    await rename(at('a.md'), at('b.md'));
    await writeFile(at('b.md'), 'one\nTWO\n');
    await scan();
    expect(await sources('b.md')).toEqual(['import', 'move', 'import']);
    expect(await box.text('office/b.md')).toBe('one\nTWO');
  });

  it('onto the name of a deleted document: the mover brings its own history', async () => {
    await box.write('a.md', 'text of a\n');
    await box.write('b.md', 'text of b\n');
    await box.addWorkspace();
    await rm(at('b.md'));
    await scan();
    await rename(at('a.md'), at('b.md'));
    await scan();
    expect(await sources('b.md')).toEqual(['import', 'move']);
    expect(await box.text('office/b.md', 'v1')).toBe('text of a');
  });

  it('a restored old time with the same size is a save', async () => {
    await box.write('a.md', 'one\n');
    await utimes(at('a.md'), 1_000_000, 1_000_000);
    await box.addWorkspace();
    await writeFile(at('a.md'), 'two\n');
    await utimes(at('a.md'), 1_000_000, 1_000_000);
    await scan();
    expect(await box.text('office/a.md')).toBe('two');
  });
});

describe('names', () => {
  const NFD = 're\u0301sume\u0301.md';
  const NFC = NFD.normalize('NFC');

  it('a name in another Unicode form is known, edited, deleted and moved, and stays as it is on the disk', async () => {
    await box.write(`dossier-e\u0301/${NFD}`, 'one\n');
    await box.addWorkspace();
    const rel = `dossier-\u00e9/${NFC}`;
    expect(await listed()).toEqual([rel]);
    await edit(rel, 1, 'edited');
    expect(await readdir(at('dossier-e\u0301'))).toEqual([NFD]);
    expect(await readFile(at(`dossier-e\u0301/${NFD}`), 'utf8')).toBe('edited\n');
    await writeFile(at(`dossier-e\u0301/${NFD}`), 'saved\n');
    expect(await box.text(`office/${rel}`)).toBe('saved');
    await rename(at(`dossier-e\u0301/${NFD}`), at(`dossier-e\u0301/${NFC}`));
    await scan();
    expect(await sources(rel)).toEqual(['import', 'edit', 'import']);
    await edit(rel, 1, 'edited again');
    expect(await readdir(at('dossier-e\u0301'))).toEqual([NFC]);
    await rm(at(`dossier-e\u0301/${NFC}`));
    await scan();
    expect(await codeOf(box.call('doc.read', { path: `office/${rel}` }))).toBe('DOC_DELETED');
  });

  it('both forms of one name: the document stays with its file, and the other is said to be left out', async () => {
    await box.write(NFD, 'first\n');
    await box.addWorkspace();
    await box.write(NFC, 'second\n');
    await scan();
    expect(await box.text(`office/${NFC}`)).toBe('first');
    const { workspaces } = await box.call<{ workspaces: { skipped: unknown[] }[] }>('workspace.status', {});
    expect(workspaces[0]!.skipped).toEqual([
      { path: NFC, reason: 'another file has the same name in another Unicode form' },
    ]);
  });

  it('names that differ in case alone are two documents, which is said, and no third is made', async () => {
    await box.write('a.txt', 'small\n');
    await box.write('A.txt', 'large\n');
    await box.addWorkspace();
    await edit('a.txt', 1, 'small edited');
    expect(await readFile(at('A.txt'), 'utf8')).toBe('large\n');
    const { workspaces } = await box.call<{ workspaces: { clashes: string[][] }[] }>('workspace.status', {});
    expect(workspaces[0]!.clashes).toEqual([expect.arrayContaining(['a.txt', 'A.txt'])]);
    expect(await codeOf(box.call('doc.create', { path: 'office/B.md', text: 'x\n' }))).toBe('done');
    expect(await codeOf(box.call('doc.create', { path: 'office/b.md', text: 'x\n' }))).toBe('DOC_NAME_CLASH');
  });

  it('a name of 255 bytes is edited like any other', async () => {
    const long = `${'長'.repeat(84)}.md`;
    expect(Buffer.byteLength(long)).toBe(255);
    await box.write(long, 'one\n');
    await box.addWorkspace();
    await edit(long, 1, 'two');
    expect(await readFile(at(long), 'utf8')).toBe('two\n');
    expect(await readdir(box.root)).toEqual([long]);
  });

  it('links, pipes and strange names are passed by, each with its reason', async () => {
    await box.write('a.md', 'one\n');
    await writeFile(join(box.base, 'outside.md'), 'secret\n');
    await symlink(join(box.base, 'outside.md'), at('link.md'));
    await symlink(box.base, at('folder'));
    await writeFile(Buffer.concat([Buffer.from(`${box.root}/`), Buffer.from('caf\xe9.md', 'latin1')]), 'x\n');
    await writeFile(at('turn\u202egpj.md'), 'x\n');
    await box.addWorkspace();
    expect(await listed()).toEqual(['a.md']);
    const { workspaces } = await box.call<{ workspaces: { skipped: { path: string; reason: string }[] }[] }>(
      'workspace.status',
      {},
    );
    expect(workspaces[0]!.skipped.toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: 'caf\ufffd.md', reason: 'its name is not UTF-8' },
      { path: 'folder', reason: 'it is a link; links are not followed' },
      { path: 'link.md', reason: 'it is a link; links are not followed' },
      { path: 'turn\ufffdgpj.md', reason: 'it holds control or invisible characters' },
    ]);
    expect(await codeOf(box.call('doc.read', { path: 'office/link.md' }))).toBe('DOC_PATH_OUTSIDE');
  });
});

describe('files that must not be written over as if nothing were', () => {
  it('an edit of a file with two names gives the document a file of its own, and says so', async () => {
    await box.write('a.md', 'one\n');
    await link(at('a.md'), at('.snapshot'));
    await box.addWorkspace();
    await edit('a.md', 1, 'two');
    expect(await readFile(at('a.md'), 'utf8')).toBe('two\n');
    expect(await readFile(at('.snapshot'), 'utf8')).toBe('one\n');
    const { documents } = await box.call<{ documents: unknown[] }>('doc.status', { path: 'office/a.md' });
    expect(documents[0]).toMatchObject({
      state: 'written',
      reason: 'the file had 2 names; the others keep the text it had',
    });
  });

  it('a read-only file waits until it may be written', async () => {
    await box.write('a.md', 'one\n');
    await chmod(at('a.md'), 0o444);
    await box.addWorkspace();
    await edit('a.md', 1, 'two');
    expect(await readFile(at('a.md'), 'utf8')).toBe('one\n');
    const { documents } = await box.call<{ documents: unknown[] }>('doc.status', { path: 'office/a.md' });
    expect(documents[0]).toMatchObject({ state: 'held', reason: 'the file is read-only' });
    await chmod(at('a.md'), 0o644);
    await scan();
    expect(await readFile(at('a.md'), 'utf8')).toBe('two\n');
  });

  it('a folder that took the place of a document is not written over, and the text comes back when it is gone', async () => {
    await box.write('a.md', 'one\n');
    await box.addWorkspace();
    await rm(at('a.md'));
    await mkdir(at('a.md'));
    await box.call('doc.edit', { path: 'office/a.md', base: 1, verbs: [{ set: '1', text: ['two'] }] });
    await box.room.settled();
    expect(await readdir(at('a.md'))).toEqual([]);
    await rm(at('a.md'), { recursive: true });
    expect(await box.text('office/a.md', 'v2')).toBe('two');
  });
});

it('finds what lies below a folder whose name has characters outside of the basic plane', async () => {
  await box.write('📁 𠮷田/a.md', 'first\n');
  await box.write('📁 𠮷田/sub/b.md', 'first\n');
  await box.write('📁 other/c.md', 'first\n');
  await box.addWorkspace();
  const path = 'office/📁 𠮷田';
  const verified = await box.call<{ documents: number }>('doc.verify', { path });
  expect(verified.documents).toBe(2);
  await box.call('doc.tag', { path: `${path}/a.md`, name: 'signed' });
  await edit('📁 𠮷田/a.md', 1, 'second');
  expect(rows.filesTagged(box.store, box.room.workspace('office').id, '📁 𠮷田/', 'signed', 9)).toHaveLength(1);
  await rename(at('📁 𠮷田/sub/b.md'), at('away.md'));
  await scan();
  const { versions } = await box.call<{ versions: { path: string }[] }>('doc.rollback', { path, to: 'signed' });
  expect(versions.map((made) => made.path)).toEqual([`${path}/a.md`]);
  const task = person(undefined, { taskId: 'task_1' });
  await box.call('doc.edit', { path: `${path}/a.md`, base: 3, verbs: [{ set: '1', text: ['third'] }] }, task);
  await box.call('doc.rollback', { path, to: 'before-task:task_1' });
  expect(await box.text(`${path}/a.md`)).toBe('first');
  const { id } = box.room.workspace('office');
  expect(rows.hasFilesBelow(box.store, id, '📁 𠮷田/sub/')).toBe(true);
  expect(rows.filesMovedFrom(box.store, id, '📁 𠮷田/sub/', { at: 0 })).toEqual([]);
});
