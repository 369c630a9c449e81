import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DocBox } from '../support/doc-box.ts';

let box: DocBox;
beforeEach(async () => {
  box = await DocBox.open();
});
afterEach(() => box.destroy());

const png = (bytes: Uint8Array): Buffer => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), bytes]);
const verified = async (): Promise<unknown[]> =>
  (await box.call<{ problems: unknown[] }>('doc.verify', { path: 'office', full: true })).problems;
const blobFiles = (): string[] => {
  const folder = join(box.base, 'data', 'document-blobs');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
};

describe('long leaves in files', () => {
  it('are named by what they hold, checked when they are read, and missed by verify when they are gone', async () => {
    await box.write('a.png', png(randomBytes(2_000_000)));
    await box.addWorkspace();
    const files = blobFiles();
    expect(files.length).toBeGreaterThan(3);
    expect(box.store.get<{ n: number }>('SELECT count(*) AS n FROM doc_blob')!.n).toBe(files.length);
    expect(await verified()).toEqual([]);
    expect(await box.room.blobs.sweep()).toBe(0);
    const bytes = statSync(files[0]!).size;
    writeFileSync(files[0]!, randomBytes(bytes));
    expect(await verified()).toMatchObject([{ problem: expect.stringContaining('is not what was stored') }]);
  });

  it('that no row names go after a while, young and pinned ones stay', async () => {
    await box.addWorkspace();
    const [name] = await box.room.blobs.put([randomBytes(100)]);
    const [young] = await box.room.blobs.put([randomBytes(100)]);
    box.room.blobs.release([young!]);
    const age = (path: string): void => utimesSync(path, 1000, 1000);
    for (const path of blobFiles()) if (!path.endsWith(young!)) age(path);
    writeFileSync(join(box.base, 'data', 'document-blobs', 'incoming', 'half'), 'half');
    age(join(box.base, 'data', 'document-blobs', 'incoming', 'half'));
    expect(await box.room.blobs.sweep()).toBe(1);
    expect(blobFiles().length).toBe(2);
    box.room.blobs.release([name!]);
    expect(await box.room.blobs.sweep()).toBe(1);
    expect(blobFiles().map((path) => path.slice(-64))).toEqual([young]);
  });
});

describe('leaves in terms of older ones', () => {
  it('take a fraction of the bytes, and every version reads back', async () => {
    const lines = Array.from({ length: 6000 }, (_, i) => `line ${i} ${randomBytes(20).toString('hex')}`);
    await box.write('a.txt', `${lines.join('\n')}\n`);
    await box.addWorkspace();
    const size = (): number => box.store.get<{ n: number }>('SELECT sum(length(z)) AS n FROM doc_leaf')!.n;
    const first = size();
    for (let version = 1; version < 514; version++) {
      const line = 1 + ((version * 7919) % lines.length);
      lines[line - 1] = `changed in ${version}`;
      await box.call('doc.edit', {
        path: 'office/a.txt',
        base: version,
        verbs: [{ set: `${line}`, text: [lines[line - 1]] }],
      });
    }
    await box.room.settled();
    expect(box.store.all('SELECT v FROM doc_tree ORDER BY v')).toEqual([{ v: 1 }, { v: 256 }, { v: 512 }]);
    expect(
      box.store.get<{ n: number }>('SELECT count(*) AS n FROM doc_leaf WHERE dict IS NOT NULL')!.n,
    ).toBeGreaterThan(10);
    expect(size() - first).toBeLessThan(first / 4);
    expect(await verified()).toEqual([]);
  });
});
