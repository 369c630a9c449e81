import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger, systemClock } from '../../src/common/index.ts';
import { Supervisor } from '../../src/guest/index.ts';
import { PrepareAgain } from '../../src/protocol/index.ts';
import { settle, stillSettled } from '../../src/realdoc/operations/settling.ts';
import { Parser } from '../../src/realdoc/parse/parser.ts';
import type { Blobs } from '../../src/store/index.ts';
import { withBlobs } from '../crash/crash-box.ts';
import { DocBox } from '../support/doc-box.ts';
import { docxFile, p, run } from '../support/docx-file.ts';

const supervisor = new Supervisor({ clock: systemClock, log: silentLogger });
const parser = new Parser({ supervisor, log: silentLogger });
beforeAll(() => parser.start());
afterAll(() => supervisor.stop());

let box: DocBox;
let blobs: Blobs;
beforeEach(async () => {
  box = await DocBox.open({ parser });
  blobs = await withBlobs(box);
});
afterEach(() => box.destroy());

const docx = (words: string): Buffer => docxFile({ body: `${p('Contract')}${p(run(words))}` });
const PATH = 'office/a.docx';
const save = async (bytes: Uint8Array, rel = 'a.docx'): Promise<void> => {
  await box.write(rel, bytes);
  await box.room.scan(box.room.workspace('office'));
  await box.room.settled();
};
const onShare = async (rel = 'a.docx'): Promise<Buffer> => {
  await box.room.settled();
  return readFileSync(join(box.root, rel));
};
const kindNow = async (): Promise<string> => {
  const { documents } = await box.call<{ documents: { kind: string }[] }>('doc.list', { workspace: 'office' });
  return documents.map((d) => d.kind).join();
};
const download = async (at: string, path = PATH): Promise<Buffer> => {
  const { sha256 } = await box.call<{ sha256: string }>('doc.download', { path, at });
  return await blobs.bytes(sha256);
};
const sources = async (path = PATH): Promise<string[]> => {
  const { versions } = await box.call<{ versions: { source: string }[] }>('doc.log', { path });
  return versions.map((v) => v.source).reverse();
};
const verified = async (): Promise<void> => {
  const { problems } = await box.call<{ problems: unknown[] }>('doc.verify', { path: 'office', full: true });
  expect(problems).toEqual([]);
};

describe('an Office file that no program opens any more', () => {
  it.each([
    ['broken', (file: Buffer) => Buffer.concat([file.subarray(0, file.length - 30), Buffer.alloc(30)])],
    ['behind a password', () => Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(2000, 7)])],
  ])('is a version like any other: %s', async (_what, spoil) => {
    const good = docx('The notice period is 30 days.');
    await box.write('a.docx', good);
    await box.addWorkspace();
    const verbs = [{ sub: { find: '30 days', replace: '60 days' } }];
    await box.call('doc.edit', { path: PATH, base: 1, verbs });
    const edited = await onShare();
    const bad = spoil(edited);
    await save(bad);
    expect(await sources()).toEqual(['import', 'edit', 'import']);
    await expect(box.call('doc.edit', { path: PATH, base: 2, verbs })).rejects.toMatchObject({
      code: expect.stringMatching(/^DOC_(PARSE_REFUSED|READ_ONLY_KIND)$/),
    });
    expect(await onShare()).toEqual(bad);
    const { lines } = await box.call<{ lines: { text: string }[] }>('doc.read', { path: PATH, at: 'v2' });
    expect(lines.map((line) => line.text)).toEqual(['Contract', 'The notice period is 60 days.']);
    const { unified } = await box.call<{ unified: string }>('doc.diff', { path: PATH, from: 'v1', to: 'v2' });
    expect(unified).toContain('+The notice period is 60 days.');
    await expect(box.call('doc.diff', { path: PATH })).rejects.toMatchObject({
      code: expect.stringMatching(/^DOC_(PARSE_REFUSED|READ_ONLY_KIND)$/),
    });
    await box.call('doc.undo', { path: PATH });
    expect((await onShare()).equals(edited)).toBe(true);
    await box.call('doc.redo', { path: PATH });
    expect((await onShare()).equals(bad)).toBe(true);
    await box.call('doc.rollback', { path: PATH, to: 'v2' });
    expect((await onShare()).equals(edited)).toBe(true);
    await box.call('doc.edit', { path: PATH, base: 6, verbs: [{ sub: { find: '60', replace: '90' } }] });
    await box.call('doc.undo', { path: PATH });
    await verified();
    expect(await download('v3')).toEqual(bad);
  });

  it('a save that puts it right goes on with its one history; the time before it can be edited against', async () => {
    await box.write('a.docx', docx('one'));
    await box.addWorkspace();
    await save(Buffer.from('PK\x03\x04 half of a save'));
    await save(docx('one, repaired'));
    expect([await kindNow(), await sources()]).toEqual(['package', ['import', 'import', 'import']]);
    await expect(
      box.call('doc.edit', { path: PATH, base: 2, verbs: [{ set: '1', text: ['x'] }] }),
    ).rejects.toMatchObject({ code: 'DOC_STALE_TARGET' });
    await box.call('doc.edit', { path: PATH, base: 3, verbs: [{ set: '2', text: ['two'] }] });
    expect(await box.text(PATH)).toBe('Contract\ntwo');
    await verified();
  });
});

it('a document goes through all kinds of files and keeps one history, in which every version comes back', async () => {
  const word = (n: number): Buffer => docx(`text ${n}`);
  const text = (n: number): Buffer => Buffer.from(`plain ${n}\nof two lines\n`);
  const image = (n: number): Buffer => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(90_000, n)]);
  const saves = [text(1), word(2), text(3), image(4), word(5), image(6), text(7)];
  const kinds = ['text', 'package', 'text', 'opaque', 'package', 'opaque', 'text'];
  await box.write('a.docx', saves[0]!);
  await box.addWorkspace();
  for (const [i, bytes] of saves.entries()) {
    if (i > 0) await save(bytes);
    expect([i, await kindNow()]).toEqual([i, kinds[i]]);
  }
  expect(await sources()).toEqual(saves.map(() => 'import'));
  for (const [i, bytes] of saves.entries()) {
    expect((await download(`v${i + 1}`)).equals(bytes)).toBe(true);
    if (kinds[i] === 'text') expect(await box.text(PATH, `v${i + 1}`)).toBe(bytes.toString().trimEnd());
    if (kinds[i] === 'package') expect(await box.text(PATH, `v${i + 1}`)).toBe(`Contract\ntext ${i + 1}`);
    const read = box.text(PATH, `v${i + 1}`);
    if (kinds[i] === 'opaque') await expect(read).rejects.toMatchObject({ code: 'DOC_READ_ONLY_KIND' });
    else await read;
  }
  const { unified } = await box.call<{ unified: string }>('doc.diff', { path: PATH, from: 'v1', to: 'v2' });
  expect(unified).toContain('-plain 1\n-of two lines\n+Contract\n+text 2\n');
  await expect(box.call('doc.blame', { path: PATH })).resolves.toMatchObject({
    lines: [{ version: 7 }, { version: 7 }],
  });
  for (const to of [5, 4, 2, 7, 6, 1]) {
    await box.call('doc.rollback', { path: PATH, to: `v${to}` });
    expect((await onShare()).equals(saves[to - 1]!)).toBe(true);
    expect(await kindNow()).toBe(kinds[to - 1]);
  }
  for (const before of [6, 7, 2, 4, 5, 7]) {
    await box.call('doc.undo', { path: PATH });
    expect((await onShare()).equals(saves[before - 1]!)).toBe(true);
  }
  await verified();
  await box.close();
  const again = await DocBox.open({ base: box.base, parser });
  expect(await again.text(PATH, 'v2')).toBe('Contract\ntext 2');
  expect(await again.call('doc.replay', { path: PATH })).toMatchObject({ equal: true });
  await again.close();
});

describe('a text whose encoding changed', () => {
  const GB = Buffer.from('b5dad2bbd0d00ab5dab6fed0d00a', 'hex');
  const path = 'office/a.txt';

  it('is shown, compared and blamed in the encoding of each version, and goes back to it', async () => {
    await box.write('a.txt', GB);
    await box.addWorkspace();
    expect(await box.text(path)).toBe('第一行\n第二行');
    await save(Buffer.from('第一行\n第三行\n'), 'a.txt');
    expect(await box.text(path, 'v1')).toBe('第一行\n第二行');
    expect(await box.text(path)).toBe('第一行\n第三行');
    const { unified } = await box.call<{ unified: string }>('doc.diff', { path });
    expect(unified).toContain(' 第一行\n-第二行\n+第三行\n');
    const read = await box.call<{ utf8: boolean }>('doc.read', { path, at: 'v1' });
    expect(read.utf8).toBe(false);
    await box.call('doc.rollback', { path, to: 'v1' });
    expect((await onShare('a.txt')).equals(GB)).toBe(true);
    expect(await box.text(path)).toBe('第一行\n第二行');
    await box.call('doc.edit', { path, base: 3, verbs: [{ set: '2', text: ['第四行'] }] });
    expect(new TextDecoder('gb18030').decode(await onShare('a.txt'))).toBe('第一行\n第四行\n');
    await box.call('doc.undo', { path });
    await box.call('doc.undo', { path });
    expect((await onShare('a.txt')).toString()).toBe('第一行\n第三行\n');
    expect(await box.text(path)).toBe('第一行\n第三行');
    await verified();
  });

  it('an edit against a version of another encoding puts no letters of that one into it', async () => {
    await box.write('a.txt', Buffer.concat([Buffer.from('plain\n'), GB]));
    await box.addWorkspace();
    await save(Buffer.from('plain\n第一行\n第二行\n'), 'a.txt');
    await expect(
      box.call('doc.edit', { path, base: 1, verbs: [{ set: '1', text: ['第零行'] }] }),
    ).rejects.toMatchObject({ code: 'DOC_STALE_TARGET' });
    await box.call('doc.edit', { path, base: 1, verbs: [{ set: '1', text: ['simple'] }] });
    expect((await onShare('a.txt')).toString()).toBe('simple\n第一行\n第二行\n');
  });

  it('UTF-16 is read at any version', async () => {
    await box.write('a.txt', Buffer.from('\ufeffone\ntwo\n', 'utf16le'));
    await box.addWorkspace();
    await save(Buffer.from('one\ntwo\n'), 'a.txt');
    expect(await box.text(path, 'v1')).toBe('one\ntwo');
    await box.call('doc.rollback', { path, to: 'v1' });
    expect(await box.text(path)).toBe('one\ntwo');
  });
});

describe('an Office file that is put together from pieces', () => {
  it('is tried before it comes back, unless it was there before', async () => {
    await box.write('a.docx', docx('one'));
    await box.addWorkspace();
    const file = await box.room.locate(PATH);
    const before = box.room.documents.at(file, 1);
    const at = before.toBuffer().lastIndexOf('</w:p>');
    const change = [{ at, del: Buffer.from('</w:p>'), ins: Buffer.alloc(0) }];
    const coming = { before, after: before.apply(change), change };
    await expect(settle(box.room, file, { ...coming, isVersion: false })).rejects.toMatchObject({
      code: 'DOC_PARSE_REFUSED',
      details: { path: PATH },
    });
    expect(await settle(box.room, file, { ...coming, isVersion: true })).toEqual({ head: 1 });
    expect(() => stillSettled({ ...file, head: 2 }, { head: 1 })).toThrow(PrepareAgain);
  });

  it('is tried again where another edit came first, and both edits land', async () => {
    const body = Array.from({ length: 8 }, (_, i) => p(run(`line ${i + 1}`))).join('');
    await box.write('a.docx', docxFile({ body }));
    await box.addWorkspace();
    const edit = (n: number) =>
      box.call('doc.edit', { path: PATH, base: 1, verbs: [{ set: `${n}`, text: [`LINE ${n}`], was: `line ${n}` }] });
    await Promise.all([edit(1), edit(4), edit(8)]);
    expect(await box.text(PATH)).toBe('LINE 1\nline 2\nline 3\nLINE 4\nline 5\nline 6\nline 7\nLINE 8');
    await Promise.all([box.call('doc.undo', { path: PATH }), edit(2)]);
    expect(await sources()).toHaveLength(6);
    await verified();
  });
});
