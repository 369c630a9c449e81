import { createHash } from 'node:crypto';
import {
  chmod,
  chown,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isJinguError } from '../../src/common/index.ts';
import { DocBox } from '../support/doc-box.ts';

let box: DocBox;
const TEN = Array.from({ length: 10 }, (_, i) => `line ${i + 1}\n`).join('');

async function start(options: ConstructorParameters<typeof DocBox>[0] = {}): Promise<void> {
  box = await DocBox.open(options);
  await box.write('a.md', TEN);
  await box.addWorkspace();
}
const edit = (base: number, line: number, text: string): Promise<{ version: number }> =>
  box.call('doc.edit', { path: 'office/a.md', base, verbs: [{ set: `${line}`, text: [text] }] });
const sources = async (path = 'office/a.md'): Promise<string[]> => {
  const { versions } = await box.call<{ versions: { source: string }[] }>('doc.log', { path });
  return versions.map((v) => v.source).reverse();
};
/** While a file is read-only nothing is written over it: the projection waits. */
const hold = (): Promise<void> => chmod(join(box.root, 'a.md'), 0o444);
const release = (): Promise<void> => chmod(join(box.root, 'a.md'), 0o644);
const leftovers = async (): Promise<string[]> => (await readdir(box.root)).filter((name) => name.includes('.rd-'));
afterEach(() => box.destroy());

describe('saves by other programs', () => {
  beforeEach(() => start());

  it('a save over an edit that was not on the share yet: both are versions, and both changes are in the file', async () => {
    await hold();
    await edit(1, 2, 'by the box');
    await box.room.settled();
    await release();
    await writeFile(join(box.root, 'a.md'), TEN.replace('line 9', 'by a person'));
    await box.call('doc.import', { path: 'office/a.md' });
    expect(await box.file('a.md')).toBe(TEN.replace('line 9', 'by a person').replace('line 2', 'by the box'));
    expect(await sources()).toEqual(['import', 'edit', 'import', 'merge']);
    expect(await box.text('office/a.md', 'v3')).toBe(TEN.replace('line 9', 'by a person').trimEnd());
  });

  it('where a save and an edit meet, the file is what the person saved, and the edit is in the history', async () => {
    await hold();
    await edit(1, 2, 'by the box');
    await box.room.settled();
    const saved = TEN.replace('line 2', 'by a person');
    await release();
    await writeFile(join(box.root, 'a.md'), saved);
    const { documents } = await box.call<{ documents: { conflicts: number }[] }>('doc.import', { path: 'office/a.md' });
    expect(documents[0]?.conflicts).toBe(1);
    expect(await box.file('a.md')).toBe(saved);
    expect(await box.text('office/a.md', 'v2')).toContain('by the box');
  });

  it('a save that empties the file and writes it again is one save, also when we look in between', async () => {
    await hold();
    await edit(1, 2, 'by the box');
    await box.room.settled();
    await release();
    const handle = await open(join(box.root, 'a.md'), 'r+');
    await handle.truncate(0);
    const looking = box.call('doc.import', { path: 'office/a.md' });
    const text = TEN.replace('line 9', 'by a person');
    await handle.write(text.slice(0, 30), 0);
    await new Promise((resolve) => setImmediate(resolve));
    await handle.write(text.slice(30), 30);
    await handle.close();
    await looking;
    expect(await box.file('a.md')).toBe(text.replace('line 2', 'by the box'));
    expect(await sources()).toEqual(['import', 'edit', 'import', 'merge']);
  });

  it('the same change on both sides is one change', async () => {
    await hold();
    await edit(1, 2, 'same');
    await box.room.settled();
    await release();
    await writeFile(join(box.root, 'a.md'), TEN.replace('line 2', 'same'));
    await box.call('doc.import', { path: 'office/a.md' });
    expect(await box.file('a.md')).toBe(TEN.replace('line 2', 'same'));
    expect(await sources()).toEqual(['import', 'edit']);
  });

  it('a read-only file is left alone, which is said, and written once it may be', async () => {
    await hold();
    await edit(1, 2, 'waits');
    await box.room.settled();
    expect(await readFile(join(box.root, 'a.md'), 'utf8')).toBe(TEN);
    const held = await box.call<{ documents: { state: string; reason: string }[] }>('doc.status', {
      path: 'office/a.md',
    });
    expect(held.documents[0]).toMatchObject({ state: 'held', reason: 'the file is read-only' });
    await release();
    await box.room.scan(box.room.workspace('office'));
    expect(await box.file('a.md')).toBe(TEN.replace('line 2', 'waits'));
  });

  it('a save into the file that our swap just displaced is not lost', async () => {
    // A program that opened the file before the swap and writes through its open handle after it.
    const handle = await open(join(box.root, 'a.md'), 'r+');
    await edit(1, 2, 'by the box');
    await box.room.settled();
    await handle.truncate(0);
    await handle.write(TEN.replace('line 8', 'late save'), 0);
    await handle.close();
    await box.room.stop();
    await box.room.start();
    expect(await box.file('a.md')).toBe(TEN.replace('line 8', 'late save').replace('line 2', 'by the box'));
    expect(await sources()).toEqual(['import', 'edit', 'import', 'merge']);
    await box.room.stop();
    expect(await leftovers()).toEqual([]);
  });

  it('a touched file, an older time, or the same bytes copied back are no new version', async () => {
    await utimes(join(box.root, 'a.md'), 1, 1);
    await box.room.scan(box.room.workspace('office'));
    await writeFile(join(box.root, 'copy.tmp'), TEN);
    await rename(join(box.root, 'copy.tmp'), join(box.root, 'a.md'));
    await edit(1, 1, 'LINE 1');
    expect(await box.file('a.md')).toBe(TEN.replace('line 1\n', 'LINE 1\n'));
    expect(await sources()).toEqual(['import', 'edit']);
  });

  it('a deletion is a version, the document can be brought back, and its history goes on', async () => {
    await edit(1, 1, 'LINE 1');
    await box.room.settled();
    await rm(join(box.root, 'a.md'));
    await box.room.scan(box.room.workspace('office'));
    const error = await box.call('doc.read', { path: 'office/a.md' }).catch((e: unknown) => e);
    expect(isJinguError(error) && error.code).toBe('DOC_DELETED');
    await box.call('doc.rollback', { path: 'office/a.md', to: 'v1' });
    expect(await box.file('a.md')).toBe(TEN);
    expect(await sources()).toEqual(['import', 'edit', 'delete', 'rollback']);
    await rm(join(box.root, 'a.md'));
    await box.room.scan(box.room.workspace('office'));
    await box.call('doc.undo', { path: 'office/a.md' });
    expect(await box.file('a.md')).toBe(TEN);
  });

  it('a file deleted while an edit of it is under way: nothing is lost', async () => {
    await Promise.all([edit(1, 1, 'LINE 1'), rm(join(box.root, 'a.md'))]);
    await box.room.settled();
    await box.room.scan(box.room.workspace('office'));
    await box.room.settled();
    const { versions } = await box.call<{ versions: { version: number; source: string }[] }>('doc.log', {
      path: 'office/a.md',
    });
    const edited = versions.find((v) => v.source === 'edit')!;
    expect(await box.text('office/a.md', `v${edited.version}`)).toContain('LINE 1');
  });

  it('a renamed file keeps its document and its history', async () => {
    await edit(1, 1, 'LINE 1');
    await box.room.settled();
    await mkdir(join(box.root, 'sub'));
    await rename(join(box.root, 'a.md'), join(box.root, 'sub', 'b.md'));
    await box.room.scan(box.room.workspace('office'));
    expect(await sources('office/sub/b.md')).toEqual(['import', 'edit', 'move']);
    const made = await box.call<{ version: number }>('doc.edit', {
      path: 'office/sub/b.md',
      base: 2,
      verbs: [{ set: '3', text: ['x'] }],
    });
    expect(made.version).toBe(4);
    expect(await box.file('sub/b.md')).toContain('LINE 1\nline 2\nx\n');
  });

  it('the file keeps its mode and its owner', async () => {
    await chmod(join(box.root, 'a.md'), 0o640);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) await chown(join(box.root, 'a.md'), 1234, 2345);
    await edit(1, 1, 'LINE 1');
    await box.room.settled();
    const now = await stat(join(box.root, 'a.md'));
    expect(now.mode & 0o7777).toBe(0o640);
    if (isRoot) expect([now.uid, now.gid]).toEqual([1234, 2345]);
  });

  it('a new document is written, never over a file that was there first, and taken back without a trace', async () => {
    await box.call('doc.create', { path: 'office/new/b.md', text: 'fresh\n' });
    expect(await box.file('new/b.md')).toBe('fresh\n');
    await box.write('c.md', 'was here\n');
    const error = await box.call('doc.create', { path: 'office/c.md', text: 'mine\n' }).catch((e: unknown) => e);
    expect(isJinguError(error) && error.code).toBe('DOC_EXISTS');
    await box.call('doc.undo', { path: 'office/new/b.md' });
    await box.room.settled();
    expect(await readdir(join(box.root, 'new'))).toEqual([]);
    await box.call('doc.redo', { path: 'office/new/b.md' });
    expect(await box.file('new/b.md')).toBe('fresh\n');
  });

  it('a text that became binary is not written over', async () => {
    const png = Buffer.from('89504e470d0a1a0a0000', 'hex');
    await writeFile(join(box.root, 'a.md'), png);
    await edit(1, 1, 'LINE 1').catch(() => undefined);
    await box.room.settled();
    expect(await readFile(join(box.root, 'a.md'))).toEqual(png);
  });

  it('many saves racing many edits: every save is a version byte for byte, and nothing is left behind', async () => {
    const saved = new Set<string>();
    const person = async (): Promise<void> => {
      for (let i = 0; i < 25; i++) {
        const now = await readFile(join(box.root, 'a.md'), 'utf8');
        const text = now.replace(/^line 9.*$|^saved \d+$/m, `saved ${i}`);
        const temporary = join(box.root, `save-${i}.tmp`);
        await writeFile(temporary, text);
        await rename(temporary, join(box.root, 'a.md'));
        saved.add(createHash('sha256').update(text).digest('hex'));
        for (let done = false; !done; ) {
          done = await box.call('doc.import', { path: 'office/a.md' }).then(
            () => true,
            (error: unknown) => {
              if (!isJinguError(error) || error.code !== 'DOC_BUSY') throw error;
              return false;
            },
          );
        }
      }
    };
    const agent = async (): Promise<void> => {
      for (let i = 0; i < 25; i++) {
        const { version } = await box.call<{ version: number }>('doc.read', { path: 'office/a.md' });
        await edit(version, 2, `edited ${i}`).catch((error: unknown) => {
          if (!isJinguError(error)) throw error;
        });
      }
    };
    await Promise.all([person(), agent()]);
    await box.room.settled();
    await box.room.scan(box.room.workspace('office'));
    await box.room.settled();
    const { ok, problems } = await box.call<{ ok: boolean; problems: unknown }>('doc.verify', {
      path: 'office/a.md',
      full: true,
    });
    expect([ok, problems]).toEqual([true, []]);
    const { version } = await box.call<{ version: number }>('doc.read', { path: 'office/a.md' });
    const kept = new Set<string>();
    for (let v = 1; v <= version; v++) {
      const { sha256 } = await box.call<{ sha256: string }>('doc.replay', { path: 'office/a.md', to: `v${v}` });
      kept.add(sha256);
    }
    const head = await box.text('office/a.md');
    expect(`${head}\n`).toBe(await box.file('a.md'));
    // A save that was replaced by the next save before anybody looked is the only kind that may be missing; here each
    // was looked at by name before the next one.
    for (const digest of saved) expect(kept.has(digest)).toBe(true);
    await box.room.stop();
    expect(await leftovers()).toEqual([]);
  });
});

describe('the watcher', () => {
  it('notices a save, a new file and a deletion by itself', async () => {
    await start({ watch: true });
    const created = box.door.event((e) => e.kind === 'version-created' && e.data['path'] === 'office/b.md');
    await box.write('b.md', 'new\n');
    await created;
    const changed = box.door.event(
      (e) => e.kind === 'version-created' && e.data['path'] === 'office/a.md' && e.data['version'] === 2,
    );
    await writeFile(join(box.root, 'a.md'), TEN.replace('line 3', 'saved'));
    await changed;
    const gone = box.door.event((e) => e.kind === 'version-created' && e.data['source'] === 'delete');
    await rm(join(box.root, 'b.md'));
    await gone;
    expect(await box.text('office/a.md')).toContain('saved');
  });

  it('the rename dance of an editor is a save, not a deletion', async () => {
    await start({ watch: true });
    const changed = box.door.event((e) => e.kind === 'version-created' && e.data['version'] === 2);
    await writeFile(join(box.root, 'a.md~'), TEN.replace('line 3', 'danced'));
    await rename(join(box.root, 'a.md'), join(box.root, '~WRL0001.tmp'));
    await rename(join(box.root, 'a.md~'), join(box.root, 'a.md'));
    await unlink(join(box.root, '~WRL0001.tmp'));
    expect((await changed).data['source']).toBe('import');
    expect(await sources()).toEqual(['import', 'import']);
  });

  it('our own writing, as fast as it goes and looked at all the while, is never taken for a save', async () => {
    await start({ watch: true });
    let done = false;
    const looking = (async () => {
      while (!done) await box.room.scan(box.room.workspace('office'));
    })();
    for (let i = 1; i <= 40; i++) await edit(i, 1 + (i % 10), `edit ${i}`);
    done = true;
    await looking;
    await box.room.settled();
    expect((await sources()).filter((source) => source !== 'edit')).toEqual(['import']);
    expect(await box.file('a.md')).toBe(`${await box.text('office/a.md')}\n`);
  });

  it('our own writing is not taken for a save', async () => {
    await start({ watch: true });
    await edit(1, 2, 'x');
    await box.room.settled();
    const seen = box.door.event((e) => e.data['path'] === 'office/marker.md');
    await box.write('marker.md', 'm\n');
    await seen;
    expect(await sources()).toEqual(['import', 'edit']);
  });
});

describe('files that are no text, over time', () => {
  beforeEach(() => start());

  it('a text that is saved as a picture keeps both in its history, and is a text again when it goes back', async () => {
    const png = Buffer.from('89504e470d0a1a0a0000', 'hex');
    await writeFile(join(box.root, 'a.md'), png);
    await expect(box.call('doc.read', { path: 'office/a.md' })).rejects.toMatchObject({ code: 'DOC_READ_ONLY_KIND' });
    const imports = (): number => box.door.calls.filter((call) => call.operation === 'doc.import').length;
    const before = imports();
    await expect(edit(1, 1, 'LINE 1')).rejects.toMatchObject({ code: 'DOC_READ_ONLY_KIND' });
    await box.room.scan(box.room.workspace('office'));
    await box.room.scan(box.room.workspace('office'));
    expect(imports()).toBeLessThanOrEqual(before + 1);
    await box.call('doc.rollback', { path: 'office/a.md', to: 'v1' });
    expect(await box.file('a.md')).toBe(TEN);
    expect(await box.text('office/a.md')).toBe(TEN.trimEnd());
    await box.call('doc.rollback', { path: 'office/a.md', to: 'v2' });
    await box.room.settled();
    expect(await readFile(join(box.root, 'a.md'))).toEqual(png);
    await writeFile(join(box.root, 'a.md'), TEN.replace('line 9', 'text again'));
    await box.room.scan(box.room.workspace('office'));
    expect(await box.text('office/a.md')).toContain('text again');
    expect(await sources()).toEqual(['import', 'import', 'rollback', 'rollback', 'import']);
    expect(await box.call('doc.verify', { path: 'office', full: true })).toMatchObject({ ok: true });
  });

  it('a picture that is emptied and saved again loses no save', async () => {
    const picture = (n: number): Buffer =>
      Buffer.concat([Buffer.from('89504e470d0a1a0a0000', 'hex'), Buffer.alloc(400, n)]);
    for (const bytes of [picture(1), Buffer.alloc(0), picture(2), picture(3)]) {
      await box.write('logo.png', bytes);
      await box.room.scan(box.room.workspace('office'));
    }
    const { versions } = await box.call<{ versions: { version: number }[] }>('doc.log', { path: 'office/logo.png' });
    expect(versions.map((v) => v.version)).toEqual([4, 3, 2, 1]);
    await box.call('doc.rollback', { path: 'office/logo.png', to: 'v3' });
    await box.room.settled();
    expect(await readFile(join(box.root, 'logo.png'))).toEqual(picture(2));
  });

  it('a binary file that becomes text becomes a document, and one that goes leaves the list', async () => {
    await box.write('b.txt', Buffer.from('a\0b'));
    await box.write('c.bin', Buffer.from('a\0b'));
    const names = async (): Promise<string[]> => {
      await box.room.scan(box.room.workspace('office'));
      const { documents } = await box.call<{ documents: { path: string; kind: string }[] }>('doc.list', {
        workspace: 'office',
      });
      return documents.map((d) => `${d.path} ${d.kind}`);
    };
    expect(await names()).toEqual(['office/a.md text', 'office/b.txt opaque', 'office/c.bin opaque']);
    await writeFile(join(box.root, 'b.txt'), 'plain\n');
    await rm(join(box.root, 'c.bin'));
    expect(await names()).toEqual(['office/a.md text', 'office/b.txt text']);
    expect(await box.text('office/b.txt')).toBe('plain');
  });
});

describe('a file that comes back', () => {
  beforeEach(() => start());

  it('after a deletion that overtook an edit, the edit is merged into it', async () => {
    await hold();
    await edit(1, 2, 'by the box');
    await box.room.settled();
    await rm(join(box.root, 'a.md'));
    await box.call('doc.import', { path: 'office/a.md' });
    await writeFile(join(box.root, 'a.md'), TEN.replace('line 9', 'by a person'));
    await box.room.scan(box.room.workspace('office'));
    expect(await box.file('a.md')).toBe(TEN.replace('line 9', 'by a person').replace('line 2', 'by the box'));
    expect(await sources()).toEqual(['import', 'edit', 'delete', 'import', 'merge']);
  });
});
