import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fail } from '../../src/common/index.ts';
import { documentBlobOperations } from '../../src/realdoc/index.ts';
import * as rows from '../../src/realdoc/repository/index.ts';
import type { FileRow } from '../../src/realdoc/rows.ts';
import { DocBox } from '../support/doc-box.ts';

let box: DocBox;
beforeEach(async () => {
  box = await DocBox.open();
  await box.addWorkspace();
  const none = { put: () => Promise.reject(new Error('none')), bytes: () => Promise.reject(new Error('none')) };
  box.door.register(documentBlobOperations(box.room, none));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await box.destroy();
});

const count = (sql: string): number => box.store.get<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`)!.n;
const running = (): number => count("doc_job WHERE state = 'running'");
const blobFiles = (): number => {
  const folder = join(box.base, 'data', 'document-blobs');
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
};
const longText = (): string => Array.from({ length: 3000 }, () => randomBytes(40).toString('hex')).join('\n');
const png = (): string =>
  Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), randomBytes(500_000)]).toString('base64');
const sound = async (): Promise<void> => {
  const { problems } = await box.call<{ problems: unknown[] }>('doc.verify', { path: 'office', full: true });
  expect(problems).toEqual([]);
};

describe('what was stored ahead and is not used', () => {
  it('goes with the end of a dry run', async () => {
    await box.invoke('doc.create', { path: 'office/a.md', text: longText() }, undefined, true);
    await box.invoke('doc.add', { path: 'office/a.png', base64: png() }, undefined, true);
    expect([count('doc_leaf'), running(), count('doc_blob'), blobFiles()]).toEqual([0, 0, 0, 0]);
  });

  it('goes where another was first, and nothing of what the other stored goes with it', async () => {
    const same = png();
    const add = (base64: string) => box.call('doc.add', { path: 'office/a.png', base64 });
    const ended = await Promise.allSettled([add(same), add(same), add(png())]);
    expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(running()).toBe(0);
    expect(blobFiles()).toBe(count('doc_blob'));
    expect(count('doc_leaf WHERE job NOT IN (SELECT seq FROM doc_job)')).toBe(0);
    await sound();
  });

  it('goes where the disk is full in the middle of it', async () => {
    await box.call('doc.create', { path: 'office/a.md', text: 'first\n' });
    const put = box.room.blobs.put.bind(box.room.blobs);
    const before = count('doc_leaf');
    let batches = 0;
    vi.spyOn(box.room.blobs, 'put').mockImplementation(async (list) => {
      if (++batches === 3) throw fail('DISK_FULL', {});
      return await put(list);
    });
    const text = Array.from({ length: 15 }, longText).join('\n');
    await expect(box.call('doc.create', { path: 'office/b.md', text })).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(batches).toBe(3);
    expect([count('doc_leaf'), running()]).toEqual([before, 0]);
  });

  it('goes once: its number may be that of another by then', async () => {
    const { write } = box.store;
    let isOver = false;
    vi.spyOn(box.store, 'write').mockImplementation(async (fn) => {
      const out = await write.call(box.store, fn);
      if (isOver) await write.call(box.store, (tx) => rows.startJob(tx, 'leaves', null, 1));
      isOver = false;
      return out;
    });
    vi.spyOn(box.room.contents, 'view').mockImplementationOnce(() => {
      isOver = true;
      return Promise.reject(fail('DISK_FULL', {}));
    });
    const created = box.call('doc.create', { path: 'office/a.md', text: longText() });
    await expect(created).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect([count('doc_leaf'), running()]).toEqual([0, 1]);
  });

  it('goes with the next one where it could not go at once', async () => {
    const { write } = box.store;
    let isFull = false;
    vi.spyOn(box.store, 'write').mockImplementation((fn) =>
      isFull ? Promise.reject(fail('DISK_FULL', {})) : write.call(box.store, fn),
    );
    vi.spyOn(box.room.contents, 'view').mockImplementationOnce(() => {
      isFull = true;
      return Promise.reject(fail('DISK_FULL', {}));
    });
    const create = (path: string) => box.call('doc.create', { path, text: longText() });
    await expect(create('office/a.md')).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(running()).toBe(1);
    isFull = false;
    await create('office/b.md');
    expect(running()).toBe(0);
    await sound();
  });
});

describe('a leaf that goes while a text that shares it is stored', () => {
  it('is stored anew', async () => {
    const text = longText();
    await box.call('doc.create', { path: 'office/a.md', text });
    const put = box.room.blobs.put.bind(box.room.blobs);
    vi.spyOn(box.room.blobs, 'put').mockImplementationOnce(async (list) => {
      await box.store.write((tx) => tx.run('DELETE FROM doc_leaf WHERE id = (SELECT min(id) FROM doc_leaf)'));
      return await put(list);
    });
    await box.call('doc.create', { path: 'office/b.md', text });
    box.room.documents.forgetAll();
    box.room.leaves.forget();
    const file = await box.room.locate('office/b.md');
    expect(box.room.documents.at(file, 1).toBuffer().toString()).toBe(text);
  });

  it('is not named by a text that is kept', async () => {
    await box.call('doc.create', { path: 'office/a.md', text: longText() });
    const file: FileRow = await box.room.locate('office/a.md');
    const tree = box.room.documents.at(file, 1);
    await box.store.write((tx) => tx.run('DELETE FROM doc_leaf WHERE id = (SELECT min(id) FROM doc_leaf)'));
    const kept = box.store.write((tx) => box.room.leaves.keep(tx, file.id, 2, { tree, sha256: '' }));
    await expect(kept).rejects.toThrow();
    expect(count('doc_tree')).toBe(1);
  });
});
