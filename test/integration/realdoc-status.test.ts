import { chmod, mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { DocBox } from '../support/doc-box.ts';

interface Answer {
  documents: { path: string; state: string }[];
  next?: string;
}

let box: DocBox | undefined;
afterEach(async () => {
  await box?.close();
  box = undefined;
});

const name = (i: number) => `d${String(i).padStart(4, '0')}.txt`;
async function share(count: number): Promise<DocBox> {
  box = await DocBox.open();
  await mkdir(join(box.root, 'deep'));
  const files = Array.from({ length: count }, (_, i) => `deep/${name(i)}`);
  await Promise.all([...files, 'a.txt', 'z.txt'].map((rel) => writeFile(join(box!.root, rel), `${rel}\n`)));
  await box.addWorkspace();
  await box.call('doc.list', { workspace: 'office' });
  await box.room.settled();
  return box;
}
async function pages(path: string, max?: number): Promise<Answer[]> {
  const out: Answer[] = [];
  for (let after: string | undefined; ; ) {
    const page = await box!.call<Answer>('doc.status', { path, ...(max ? { max } : {}), ...(after ? { after } : {}) });
    out.push(page);
    if (page.next === undefined) return out;
    after = page.next;
  }
}

it('the state of more documents than an answer holds comes in pages, each document once', async () => {
  await share(501);
  const all = await pages('office');
  expect(all.map((page) => page.documents.length)).toEqual([500, 3]);
  const paths = all.flatMap((page) => page.documents.map((one) => one.path));
  expect(paths).toEqual([
    'office/a.txt',
    ...Array.from({ length: 501 }, (_, i) => `office/deep/${name(i)}`),
    'office/z.txt',
  ]);
  expect(all[0]!.next).toBe(`deep/${name(498)}`);
  const inFolder = await pages('office/deep', 250);
  expect(inFolder.map((page) => page.documents.length)).toEqual([250, 250, 1]);
  // What is said to be sound was looked at, to the last document.
  expect(await box!.call('doc.verify', { path: 'office' })).toMatchObject({ ok: true, documents: 503, versions: 503 });
  await box!.store.write((tx) => tx.run("UPDATE doc_file SET digest = '0' WHERE rel = 'z.txt'"));
  // Where a folder cannot be read the workspace never counts as walked: that is asked once, not for every page.
  vi.spyOn(box!.room, 'isScanned').mockReturnValue(false);
  const scan = vi.spyOn(box!.room, 'scan');
  const { problems } = await box!.call<{ problems: { path: string }[] }>('doc.verify', { path: 'office' });
  expect(problems.map((one) => one.path)).toEqual(['office/z.txt']);
  expect(scan).toHaveBeenCalledTimes(1);
}, 60_000);

it('a page that holds all of them says nothing of more, also where it is just full', async () => {
  await share(3);
  expect((await pages('office/deep', 3)).length).toBe(1);
  expect((await pages('office/deep', 2)).map((page) => page.documents.length)).toEqual([2, 1]);
  expect(await box!.call('doc.status', { path: 'office/a.txt' })).not.toHaveProperty('next');
  expect(await box!.call('doc.status', { path: 'office/deep', after: 'deep/zzz' })).toEqual({ documents: [] });
  await expect(box!.call('doc.status', { path: 'office/nowhere' })).rejects.toMatchObject({ code: 'DOC_NOT_FOUND' });
});

it('who waits for a document waits for a program that has its file open, and not for what is held', async () => {
  await share(0);
  const edit = () => box!.call('doc.edit', { path: 'office/a.txt', base: 1, verbs: [{ set: '1', text: ['new'] }] });
  const status = (waitMs: number) => box!.call<Answer>('doc.status', { path: 'office/a.txt', waitMs });
  const handle = await open(join(box!.root, 'a.txt'), 'r+');
  await edit();
  await box!.room.settled();
  const waiting = status(60_000);
  expect((await status(1)).documents).toMatchObject([{ state: 'pending' }]);
  await handle.close();
  expect((await waiting).documents).toMatchObject([{ state: 'written', onShare: 2 }]);
  await chmod(join(box!.root, 'a.txt'), 0o444);
  await box!.call('doc.undo', { path: 'office/a.txt' });
  expect((await status(60_000)).documents).toMatchObject([{ state: 'held', reason: 'the file is read-only' }]);
});
