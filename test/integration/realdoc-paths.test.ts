import { execFileSync } from 'node:child_process';
import { link, mkdir, open, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isJinguError } from '../../src/common/index.ts';
import { DocBox } from '../support/doc-box.ts';

let box: DocBox;
beforeEach(async () => {
  box = await DocBox.open();
  await box.write('a.md', 'one\ntwo\n');
  await box.addWorkspace();
});
afterEach(() => box.destroy());

async function refusal(operation: string, input: unknown): Promise<string> {
  try {
    await box.call(operation, input);
  } catch (error) {
    if (isJinguError(error)) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('paths', () => {
  it('nothing that is not a plain path inside the workspace is ever opened', async () => {
    await writeFile(join(box.base, 'secret.txt'), 'secret\n');
    await mkdir(join(box.base, 'share-twin'));
    await writeFile(join(box.base, 'share-twin', 'x.md'), 'twin\n');
    const bad: Record<string, string> = {
      'office/../secret.txt': 'DOC_PATH_INVALID',
      'office/./a.md': 'DOC_PATH_INVALID',
      'office//a.md': 'DOC_PATH_INVALID',
      '/office/a.md': 'DOC_PATH_INVALID',
      'office/a.md\0.txt': 'DOC_PATH_INVALID',
      'office/a.md\n': 'DOC_PATH_INVALID',
      'office/\u202egnp.md': 'DOC_PATH_INVALID',
      'office/a\u200b.md': 'DOC_PATH_INVALID',
      'office/\ufeffa.md': 'DOC_PATH_INVALID',
      'office/\ud800.md': 'DOC_PATH_INVALID',
      'office/caf\u0065\u0301.md': 'DOC_PATH_INVALID',
      'office\\a.md': 'DOC_PATH_INVALID',
      'office/sub\\..\\..\\secret.txt': 'DOC_PATH_INVALID',
      'office/.git/config': 'DOC_PATH_INVALID',
      'office/.env': 'DOC_PATH_INVALID',
      office: 'DOC_PATH_INVALID',
      '..': 'DOC_PATH_INVALID',
      '../share-twin/x.md': 'DOC_PATH_INVALID',
      'office-twin/x.md': 'DOC_WORKSPACE_NOT_FOUND',
      [`office/${'x'.repeat(256)}`]: 'DOC_PATH_INVALID',
      'office/A.MD': 'DOC_NOT_FOUND',
      'office/nothing.md': 'DOC_NOT_FOUND',
      'office/a.md/b.md': 'DOC_NOT_FOUND',
    };
    for (const [path, code] of Object.entries(bad)) {
      expect([path, await refusal('doc.read', { path })]).toEqual([path, code]);
      expect([path, await refusal('doc.edit', { path, base: 1, verbs: [{ cut: '1' }] })]).toEqual([path, code]);
      expect([path, await refusal('doc.import', { path })]).toEqual([path, code]);
      if (code === 'DOC_PATH_INVALID')
        expect([path, await refusal('doc.create', { path, text: 'x' })]).toEqual([path, code]);
    }
  });

  it('an invalid path that only has another spelling comes back with the right one', async () => {
    const error = await box.call('doc.read', { path: 'office/cafe\u0301.md' }).catch((e: unknown) => e);
    expect(isJinguError(error) && error.details['suggest']).toBe('office/caf\u00e9.md');
  });

  it('links are not followed, wherever they stand on the way', async () => {
    await mkdir(join(box.base, 'outside'));
    await writeFile(join(box.base, 'outside', 'x.md'), 'outside\n');
    await symlink(join(box.base, 'outside', 'x.md'), join(box.root, 'link.md'));
    await symlink(join(box.base, 'outside'), join(box.root, 'folder'));
    await symlink('/etc/passwd', join(box.root, 'passwd.txt'));
    for (const path of ['office/link.md', 'office/folder/x.md', 'office/passwd.txt']) {
      expect(['DOC_PATH_OUTSIDE', 'DOC_NOT_FOUND']).toContain(await refusal('doc.read', { path }));
      expect(await refusal('doc.import', { path })).toBe('DOC_PATH_OUTSIDE');
    }
    await box.room.scan(box.room.workspace('office'));
    const { documents } = await box.call<{ documents: { path: string }[] }>('doc.list', { workspace: 'office' });
    expect(documents.map((d) => d.path)).toEqual(['office/a.md']);
  });

  it('a folder exchanged for a link between two calls leads nowhere', async () => {
    await box.write('sub/b.md', 'inside\n');
    await box.call('doc.read', { path: 'office/sub/b.md' });
    await mkdir(join(box.base, 'outside'));
    await writeFile(join(box.base, 'outside', 'b.md'), 'outside\n');
    await rename(join(box.root, 'sub'), join(box.base, 'sub-away'));
    await symlink(join(box.base, 'outside'), join(box.root, 'sub'));
    await refusal('doc.edit', { path: 'office/sub/b.md', base: 1, verbs: [{ set: '1', text: ['changed'] }] });
    await box.room.settled();
    expect(await readFile(join(box.base, 'outside', 'b.md'), 'utf8')).toBe('outside\n');
  });

  it('only regular files are documents, and a pipe does not block', async () => {
    execFileSync('mkfifo', [join(box.root, 'pipe.md')]);
    await mkdir(join(box.root, 'folder.md'));
    const server = createServer().listen(join(box.root, 'socket.md'));
    expect(await refusal('doc.import', { path: 'office/pipe.md' })).toBe('DOC_NOT_A_FILE');
    expect(await refusal('doc.import', { path: 'office/folder.md' })).toBe('DOC_NOT_A_FILE');
    expect(await refusal('doc.import', { path: 'office/socket.md' })).toBe('DOC_NOT_A_FILE');
    await new Promise((resolve) => server.close(resolve));
  });

  it('a workspace cannot be a system folder, a file, or overlap with another or with the data', async () => {
    const roots: Record<string, string> = {
      '/': 'DOC_ROOT_INVALID',
      '/etc': 'DOC_ROOT_INVALID',
      '/proc/self': 'DOC_ROOT_INVALID',
      share: 'DOC_ROOT_INVALID',
      [join(box.root, 'a.md')]: 'DOC_ROOT_INVALID',
      [join(box.base, 'nowhere')]: 'DOC_ROOT_INVALID',
      [join(box.base, 'data')]: 'DOC_ROOT_INVALID',
      [box.base]: 'DOC_ROOT_INVALID',
      [box.root]: 'DOC_WORKSPACE_OVERLAP',
    };
    for (const [root, code] of Object.entries(roots))
      expect([root, await refusal('workspace.add', { name: 'other', root })]).toEqual([root, code]);
    for (const name of ['../x', 'a/b', '.hidden', 'a\u202eb', '..']) {
      expect([name, await refusal('workspace.add', { name, root: box.root })]).toEqual([name, 'DOC_PATH_INVALID']);
    }
  });
});

describe('files that are no text', () => {
  it('a binary file is listed, refused with its kind, and never touched', async () => {
    const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
    await box.write('logo.png', png);
    await box.write('notes.txt', Buffer.from('looks like text\n\0but is not\n'));
    await box.write('utf16.txt', Buffer.from('\ufeffhello', 'utf16le'));
    await box.room.scan(box.room.workspace('office'));
    expect(await box.text('office/utf16.txt')).toBe('hello');
    for (const path of ['office/logo.png', 'office/notes.txt', 'office/utf16.txt']) {
      if (path !== 'office/utf16.txt') expect(await refusal('doc.read', { path })).toBe('DOC_READ_ONLY_KIND');
      expect(await refusal('doc.edit', { path, base: 1, verbs: [{ cut: '1' }] })).toBe('DOC_READ_ONLY_KIND');
    }
    expect(await readFile(join(box.root, 'logo.png'))).toEqual(png);
  });

  it('a file of two gigabytes is refused by its size, without being read', async () => {
    const handle = await open(join(box.root, 'huge.txt'), 'w');
    await handle.write('x\n');
    await handle.close();
    await truncate(join(box.root, 'huge.txt'), 2 * 1024 ** 3);
    // A sparse file reads as NULs behind its first line, so the size is what is named.
    expect(await refusal('doc.read', { path: 'office/huge.txt' })).toBe('DOC_TOO_LARGE');
    await rm(join(box.root, 'huge.txt'));
  });

  it('text of another encoding is read as what it says and written in it, and keeps all other bytes', async () => {
    const old = Buffer.from([0xba, 0xcf, 0xcd, 0xac, 0x20, 0x33, 0x30, 0x0a, 0x61, 0x0a]);
    await box.write('old.txt', old);
    expect(await box.text('office/old.txt')).toBe('合同 30\na');
    const verbs = [{ sub: { line: 1, find: '30', replace: '60天' } }];
    const made = await box.call<{ changed: unknown }>('doc.edit', { path: 'office/old.txt', base: 1, verbs });
    expect(made.changed).toContainEqual({ n: 1, text: '合同 60天' });
    await box.room.settled();
    const wanted = Buffer.concat([old.subarray(0, 5), Buffer.from([0x36, 0x30, 0xcc, 0xec]), old.subarray(7)]);
    expect(await readFile(join(box.root, 'old.txt'))).toEqual(wanted);
    expect(await box.text('office/old.txt', 'v1')).toBe('合同 30\na');
    const diff = await box.call<{ unified: string }>('doc.diff', { path: 'office/old.txt', from: 'v1', to: 'v2' });
    expect(diff.unified).toContain('-合同 30\n+合同 60天\n');
    const { versions } = await box.call<{ versions: unknown[] }>('doc.undo', { path: 'office/old.txt' });
    expect(versions).toMatchObject([
      {
        version: 3,
        changed: [
          { n: 1, text: '合同 30' },
          { n: 2, text: 'a' },
        ],
      },
    ]);
  });

  it('takes no characters that its encoding does not have, or that nobody knows how to write', async () => {
    await box.write('latin.txt', Buffer.from('Müller\nKöln\n', 'latin1'));
    await box.write('damaged.txt', Buffer.concat([Buffer.from('Büro für Größe\n'), Buffer.from([0xff, 10])]));
    for (const path of ['office/latin.txt', 'office/damaged.txt']) {
      expect(await refusal('doc.edit', { path, base: 1, verbs: [{ set: '2', text: ['天'] }] })).toBe('DOC_ENCODING');
    }
    await box.call('doc.rewrite', { path: 'office/latin.txt', base: 1, from: 1, to: 1, text: 'Möller' });
    await box.room.settled();
    expect((await readFile(join(box.root, 'latin.txt'))).toString('latin1')).toBe('Möller\nKöln\n');
  });
});

describe('names', () => {
  it('the longest name, spaces, Chinese and emoji all work to the file and back', async () => {
    for (const name of [
      `${'长'.repeat(84)}.md`,
      'with space & (1).md',
      '会议纪要 二〇二六.md',
      '🙂.md',
      'ends with dot..md',
    ]) {
      await box.write(name, 'old\n');
      await box.call('doc.edit', { path: `office/${name}`, base: 1, verbs: [{ set: '1', text: ['new'] }] });
      expect([name, await box.file(name)]).toEqual([name, 'new\n']);
    }
  });

  it('a hard link elsewhere keeps the old text: the document gets a file of its own', async () => {
    await link(join(box.root, 'a.md'), join(box.base, 'twin.md'));
    await box.call('doc.edit', { path: 'office/a.md', base: 1, verbs: [{ set: '1', text: ['ONE'] }] });
    expect(await box.file('a.md')).toBe('ONE\ntwo\n');
    expect(await readFile(join(box.base, 'twin.md'), 'utf8')).toBe('one\ntwo\n');
  });
});
