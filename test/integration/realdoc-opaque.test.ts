import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { documentBlobOperations } from '../../src/realdoc/index.ts';
import { documentsBelow } from '../../src/realdoc/operations/below.ts';
import { DocBox } from '../support/doc-box.ts';

let box: DocBox;
/** What doc.download put up, by digest. */
let put: Map<string, Buffer>;
beforeEach(async () => {
  box = await DocBox.open();
  put = new Map();
  const blobs = {
    put: async (chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) => {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(chunk);
      const bytes = Buffer.concat(parts);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      put.set(sha256, bytes);
      return { sha256, bytes: bytes.length };
    },
    bytes: () => Promise.reject(new Error('not here')),
  };
  box.door.register(documentBlobOperations(box.room, blobs));
});
afterEach(() => box.destroy());

const PATH = 'office/scan.png';
const png = (bytes: Uint8Array): Buffer => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), bytes]);
const save = async (bytes: Uint8Array): Promise<void> => {
  await box.write('scan.png', bytes);
  await box.room.scan(box.room.workspace('office'));
  await box.room.settled();
};
const onShare = async (): Promise<Buffer> => {
  await box.room.settled();
  return await readFile(join(box.root, 'scan.png'));
};
const download = async (at: string): Promise<Buffer> => {
  const { sha256 } = await box.call<{ sha256: string }>('doc.download', { path: PATH, at });
  return put.get(sha256)!;
};
const verified = async (): Promise<void> => {
  const found = await box.call<{ ok: boolean; problems: unknown[]; documents: number }>('doc.verify', {
    path: 'office',
    full: true,
  });
  expect([found.problems, found.ok, found.documents]).toEqual([[], true, 1]);
};

describe('files that nobody edits', () => {
  it('have versions that share what is equal, are listed, downloaded, compared by nobody and verified', async () => {
    const first = png(randomBytes(1_500_000));
    const second = Buffer.concat([first.subarray(0, 700_000), randomBytes(10), first.subarray(700_000)]);
    await box.write('scan.png', first);
    await box.addWorkspace();
    const leaves = (): number => box.store.get<{ n: number }>('SELECT sum(bytes) AS n FROM doc_leaf')!.n;
    const one = leaves();
    await save(second);
    expect(leaves() - one).toBeLessThan(600_000);
    await save(first);
    expect(leaves() - one).toBeLessThan(600_000);
    const { versions } = await box.call<{ versions: { version: number; source: string }[] }>('doc.log', { path: PATH });
    expect(versions.map((v) => [v.version, v.source])).toEqual([
      [3, 'import'],
      [2, 'import'],
      [1, 'import'],
    ]);
    expect((await download('v1')).equals(first)).toBe(true);
    expect((await download('v2')).equals(second)).toBe(true);
    expect((await download('v3')).equals(first)).toBe(true);
    for (const [operation, input] of [
      ['doc.read', { path: PATH }],
      ['doc.diff', { path: PATH }],
      ['doc.blame', { path: PATH }],
      ['doc.edit', { path: PATH, base: 3, verbs: [{ cut: '1' }] }],
      ['doc.rewrite', { path: PATH, base: 3, from: 1, to: 1, text: 'x' }],
    ] as const) {
      await expect(box.call(operation, input)).rejects.toMatchObject({ code: 'DOC_READ_ONLY_KIND' });
    }
    await verified();
  });

  it('roll back, undo and redo to the byte, and the share follows', async () => {
    const texts = [0, 1, 2].map((n) => png(Buffer.concat([Buffer.alloc(300_000, n), randomBytes(50_000)])));
    await box.write('scan.png', texts[0]!);
    await box.addWorkspace();
    await save(texts[1]!);
    await save(texts[2]!);
    await box.call('doc.rollback', { path: PATH, to: 'v1' });
    expect((await onShare()).equals(texts[0]!)).toBe(true);
    await box.call('doc.undo', { path: PATH });
    expect((await onShare()).equals(texts[2]!)).toBe(true);
    await box.call('doc.undo', { path: PATH });
    expect((await onShare()).equals(texts[1]!)).toBe(true);
    await box.call('doc.redo', { path: PATH });
    expect((await onShare()).equals(texts[2]!)).toBe(true);
    await expect(box.call('doc.rollback', { path: PATH, to: 'v3' })).rejects.toMatchObject({ code: 'DOC_NO_CHANGE' });
    await verified();
  });

  it('come back after a deletion, keep their history over a rename, and are read again after a restart', async () => {
    const { rename, rm } = await import('node:fs/promises');
    const bytes = png(randomBytes(400_000));
    await box.write('scan.png', bytes);
    await box.addWorkspace();
    await rm(join(box.root, 'scan.png'));
    await box.room.scan(box.room.workspace('office'));
    await box.room.settled();
    await expect(box.call('doc.download', { path: PATH })).rejects.toMatchObject({ code: 'DOC_DELETED' });
    await box.call('doc.rollback', { path: PATH, to: 'v1' });
    expect((await onShare()).equals(bytes)).toBe(true);
    await rename(join(box.root, 'scan.png'), join(box.root, 'photo.png'));
    await box.room.scan(box.room.workspace('office'));
    await box.room.settled();
    const { versions } = await box.call<{ versions: { source: string }[] }>('doc.log', { path: 'office/photo.png' });
    expect(versions.map((v) => v.source)).toEqual(['move', 'rollback', 'delete', 'import']);
    await verified();
    await box.close();
    const again = await DocBox.open({ base: box.base });
    const { equal } = await again.call<{ equal: boolean }>('doc.replay', { path: 'office/photo.png' });
    expect(equal).toBe(true);
    await again.close();
  });

  it('a save of another kind goes on with the same history while bytes stay bytes', async () => {
    await box.write('scan.png', png(randomBytes(1000)));
    await box.addWorkspace();
    await save(Buffer.from('now a text\nof two lines\n'));
    expect(await box.text(PATH)).toBe('now a text\nof two lines');
    await box.call('doc.edit', { path: PATH, base: 2, verbs: [{ set: '1', text: ['now an edited text'] }] });
    expect((await onShare()).toString()).toBe('now an edited text\nof two lines\n');
    await verified();
  });
});

describe('texts that are rewritten as a whole', () => {
  it('are kept as a text; reading, comparing, blaming, undo and rollback go across', async () => {
    const page = (word: string): string => Array.from({ length: 4000 }, (_, i) => `${word} line ${i} of it\n`).join('');
    await box.write('a.md', page('first'));
    await box.addWorkspace();
    const path = 'office/a.md';
    await box.call('doc.edit', { path, base: 1, verbs: [{ set: '7', text: ['before the rewrite'] }] });
    await box.room.settled();
    const rewritten = page('second').replace('second line 9 of it\n', 'first line 9 of it\n');
    await box.write('a.md', rewritten);
    await box.room.scan(box.room.workspace('office'));
    await box.room.settled();
    expect(box.store.all('SELECT v FROM doc_tree WHERE is_full = 1')).toEqual([{ v: 3 }]);
    await box.call('doc.edit', { path, base: 3, verbs: [{ set: '1', text: ['after the rewrite'] }] });
    expect(await box.file('a.md')).toBe(rewritten.replace('second line 0 of it', 'after the rewrite'));
    const blamed = await box.call<{ lines: { line: number; version: number }[] }>('doc.blame', {
      path,
      from: 1,
      to: 10,
    });
    expect(blamed.lines.map((l) => l.version)).toEqual([4, 3, 3, 3, 3, 3, 3, 3, 3, 1]);
    const { added, removed } = await box.call<{ added: number; removed: number }>('doc.diff', {
      path,
      from: 'v2',
      to: 'v4',
    });
    expect([added, removed]).toEqual([3999, 3999]);
    // An edit against the text before: its line is gone.
    await expect(box.call('doc.edit', { path, base: 2, verbs: [{ set: '20', text: ['late'] }] })).rejects.toMatchObject(
      { code: 'DOC_STALE_TARGET' },
    );
    await box.call('doc.edit', { path, base: 2, verbs: [{ set: '10', text: ['the line that stayed'] }] });
    await box.call('doc.rollback', { path, to: 'v2' });
    expect(await box.file('a.md')).toBe(page('first').replace('first line 6 of it', 'before the rewrite'));
    await box.call('doc.undo', { path });
    await box.call('doc.undo', { path });
    expect(await box.file('a.md')).toBe(rewritten.replace('second line 0 of it', 'after the rewrite'));
    await verified();
  });
});

it('a new file that two take in at the same moment becomes one document', async () => {
  await box.addWorkspace();
  await box.write('scan.png', png(randomBytes(400)));
  const take = async (): Promise<string | undefined> =>
    (await box.call<{ documents: { change: string }[] }>('doc.import', { path: PATH })).documents[0]?.change;
  // The other one comes between the look at the file and the transaction.
  const write = box.store.write.bind(box.store);
  let first: string | undefined;
  box.store.write = async (fn) => {
    box.store.write = write;
    first = await take();
    return await write(fn);
  };
  const second = await take();
  expect([first, second]).toEqual(['new', 'same']);
  expect(box.store.all('SELECT head FROM doc_file')).toEqual([{ head: 1 }]);
});

describe('a folder of files that nobody edits', () => {
  it('hides no text that comes after those', async () => {
    for (const name of ['a.png', 'b.png', 'c.png']) await box.write(name, png(randomBytes(9)));
    await box.write('z.md', 'the notice period\n');
    await box.addWorkspace();
    const found = await documentsBelow(box.room, box.room.db, 'office', 2);
    expect(found.map(({ path }) => path)).toEqual(['office/z.md']);
  });
});
