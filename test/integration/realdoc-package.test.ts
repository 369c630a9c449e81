import { existsSync, readFileSync } from 'node:fs';
import { rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger, systemClock } from '../../src/common/index.ts';
import { Supervisor } from '../../src/guest/index.ts';
import { inflateEntry, readZip } from '../../src/realdoc/office/zip.ts';
import { Parser } from '../../src/realdoc/parse/parser.ts';
import { withBlobs } from '../crash/crash-box.ts';
import { DocBox } from '../support/doc-box.ts';
import { docxFile, p, run, W } from '../support/docx-file.ts';
import { person } from '../support/mini-door.ts';
import { type ZipItem, zipOf } from '../support/zip-writer.ts';

interface Lines {
  version: number;
  lines: { n: number; text: string }[];
}
interface Made {
  version: number;
  changed: { n: number; text: string }[];
}

const picture = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 7919) & 255));
const body = [
  p('Supply contract', '<w:pStyle w:val="Heading1"/>'),
  p(`${run('The notice period is ')}${run('30', '<w:b/>')}${run(' days.')}`),
  p('Payment is due within two weeks.'),
  `<w:tbl><w:tr><w:tc>${p('Item')}</w:tc><w:tc>${p('Price')}</w:tc></w:tr><w:tr><w:tc>${p('Lamp')}</w:tc><w:tc>${p('29.90')}</w:tc></w:tr></w:tbl>`,
  p('Signed in duplicate.'),
].join('');
const styles = `<w:styles xmlns:w="${W}"><w:style w:styleId="Heading1"><w:name w:val="heading 1"/></w:style></w:styles>`;
const contract = (): Buffer =>
  docxFile({
    body,
    parts: { 'styles.xml': styles },
    extra: [{ name: 'word/media/image1.png', content: picture, stored: true }],
  });

describe('Office files as documents', () => {
  const supervisor = new Supervisor({ clock: systemClock, log: silentLogger });
  const parser = new Parser({ supervisor, log: silentLogger });
  let box: DocBox;

  beforeAll(async () => {
    parser.start();
    box = await DocBox.open({ parser });
    await box.addWorkspace();
  });
  afterAll(async () => {
    await box.destroy();
    await supervisor.stop();
  });

  const read = (path: string, at?: string): Promise<Lines> => box.call('doc.read', { path, ...(at ? { at } : {}) });
  const onShare = async (rel: string): Promise<Buffer> => {
    await box.room.settled();
    return readFileSync(join(box.root, rel));
  };
  const textsOf = ({ lines }: Lines): string[] => lines.map((line) => line.text);
  const begin = async (name: string, file = contract()): Promise<string> => {
    await box.write(name, file);
    await box.call('doc.import', { path: `office/${name}` });
    return `office/${name}`;
  };

  it('shows a file from the share as numbered lines and gives back its very bytes', async () => {
    const file = contract();
    const path = await begin('shown.docx', file);
    expect(textsOf(await read(path))).toEqual([
      'Supply contract',
      'The notice period is 30 days.',
      'Payment is due within two weeks.',
      'T1!A1|Item',
      'T1!B1|Price',
      'T1!A2|Lamp',
      'T1!B2|29.90',
      'Signed in duplicate.',
    ]);
    const { documents } = await box.call<{ documents: { kind: string }[] }>('doc.list', {
      workspace: 'office',
      prefix: 'shown',
    });
    expect(documents).toMatchObject([{ kind: 'package', version: 1 }]);
    expect(await box.call('doc.find', { path, words: 'notice period' })).toMatchObject({ candidates: [{ line: 2 }] });
    expect(await box.call('doc.outline', { path })).toMatchObject({ entries: [{ line: 1, level: 1, to: 8 }] });
    expect((await onShare('shown.docx')).equals(file)).toBe(true);
  });

  it('changes words across runs, keeps everything else of the file, and takes it back to the very bytes', async () => {
    const file = contract();
    const path = await begin('edited.docx', file);
    const made = await box.call<Made>('doc.edit', {
      path,
      base: 1,
      verbs: [
        { sub: { find: 'period is 30 days', replace: 'period is 60 days' } },
        { set: 'T1!B2', text: ['31.50'], was: '29.90' },
      ],
    });
    expect(made).toMatchObject({ version: 2 });
    expect(made.changed.map((line) => line.text)).toContain('The notice period is 60 days.');
    const after = await onShare('edited.docx');
    const [was, is] = [readZip(file), readZip(after)];
    for (const [i, entry] of is.entries.entries()) {
      const old = was.entries[i]!;
      if (entry.name !== 'word/document.xml') {
        expect(after.subarray(entry.local, entry.end).equals(file.subarray(old.local, old.end))).toBe(true);
        continue;
      }
      const xml = inflateEntry(after, entry).toString();
      expect(xml).toContain('<w:rPr><w:b/></w:rPr><w:t xml:space="preserve">60</w:t>');
      expect(xml.replace('>60<', '>30<').replace('31.50', '29.90')).toBe(inflateEntry(file, old).toString());
    }
    const { unified } = await box.call<{ unified: string }>('doc.diff', { path });
    expect(unified).toContain('-The notice period is 30 days.\n+The notice period is 60 days.\n');
    expect(unified).not.toContain('w:t');
    const { lines } = await box.call<{ lines: { version: number }[] }>('doc.blame', { path });
    expect(lines.map((line) => line.version)).toEqual([1, 2, 1, 1, 1, 1, 2, 1]);
    await box.call('doc.undo', { path });
    expect((await onShare('edited.docx')).equals(file)).toBe(true);
    await box.call('doc.redo', { path });
    expect(textsOf(await read(path))[1]).toBe('The notice period is 60 days.');
    await box.call('doc.rollback', { path, to: 'v1' });
    expect((await onShare('edited.docx')).equals(file)).toBe(true);
    expect(textsOf(await read(path, 'v2'))[6]).toBe('T1!B2|31.50');
    expect(await box.call('doc.verify', { path, full: true })).toMatchObject({ ok: true, versions: 5 });
    expect(await box.call('doc.replay', { path, to: 'v2' })).toMatchObject({ equal: true });
  });

  it('rewrites some lines, leaving those that stay alone', async () => {
    const path = await begin('rewritten.docx');
    await box.call('doc.rewrite', {
      path,
      base: 1,
      from: 2,
      to: 3,
      text: 'The notice period is 30 days.\nPayment is due within one week.\nInterest is 5 %.',
    });
    expect(textsOf(await read(path)).slice(1, 5)).toEqual([
      'The notice period is 30 days.',
      'Payment is due within one week.',
      'Interest is 5 %.',
      'T1!A1|Item',
    ]);
  });

  it('carries an edit of an older version over, and says what stands there where it cannot', async () => {
    const path = await begin('carried.docx');
    await box.call('doc.edit', { path, base: 1, verbs: [{ put: '>1', text: ['A new clause.'] }] });
    await box.call('doc.edit', { path, base: 1, verbs: [{ sub: { find: 'two weeks', replace: 'one week' } }] });
    expect(textsOf(await read(path)).slice(1, 4)).toEqual([
      'A new clause.',
      'The notice period is 30 days.',
      'Payment is due within one week.',
    ]);
    const stale = box.call('doc.edit', { path, base: 1, verbs: [{ set: '3', text: ['x'], was: 'two weeks' }] });
    await expect(stale).rejects.toMatchObject({
      code: 'DOC_STALE_TARGET',
      details: { current: [{ n: 4, text: 'Payment is due within one week.' }], was: [{ n: 3 }] },
    });
  });

  it('shows an agent the lines it never saw before it may change them', async () => {
    const path = await begin('unseen.docx');
    const agent = { ...person(), agent: 'writer', taskId: 'task_1' };
    const edit = { path, base: 1, verbs: [{ set: '5', text: ['T1!B1|Cost'] }] };
    await expect(box.call('doc.edit', edit, agent)).rejects.toMatchObject({
      code: 'DOC_UNSEEN_RANGE',
      details: { lines: [{ n: 5, text: 'T1!B1|Price' }] },
    });
    expect(await box.call('doc.edit', edit, agent)).toMatchObject({ version: 2 });
  });

  it('tracks changes where asked, and only there', async () => {
    const path = await begin('tracked.docx');
    const verbs = [{ sub: { find: '30', replace: '60' } }];
    await box.call('doc.edit', { path, base: 1, verbs, track: true });
    const file = await onShare('tracked.docx');
    const entry = readZip(file).entries.find((e) => e.name === 'word/document.xml')!;
    const xml = inflateEntry(file, entry).toString();
    expect(xml).toMatch(
      /<w:del [^>]*w:author="Jingu"[^>]*><w:r><w:rPr><w:b\/><\/w:rPr><w:delText xml:space="preserve">30</,
    );
    expect(xml).toMatch(/<w:ins [^>]*w:author="Jingu"[^>]*><w:r><w:rPr><w:b\/><\/w:rPr><w:t xml:space="preserve">60</);
    expect(textsOf(await read(path))[1]).toBe('The notice period is 60 days.');
  });

  it("makes a version of a program's save, tag by tag, and merges what it did not know", async () => {
    const path = await begin('saved.docx');
    // Word writes everything anew: other compression, other times, other run ids.
    const saved = docxFile({
      body: body
        .replace('Signed in duplicate.', 'Signed in triplicate.')
        .replaceAll('<w:r>', '<w:r w:rsidR="00AB12CD">'),
      parts: { 'styles.xml': styles },
      extra: [{ name: 'word/media/image1.png', content: picture, stored: true }],
    });
    // Word has the file open, so the edit waits; then the program saves what knows nothing of it.
    const owner = join(box.root, '~$saved.docx');
    await writeFile(owner, 'somebody');
    await box.call('doc.edit', { path, base: 1, verbs: [{ sub: { find: 'two weeks', replace: 'one week' } }] });
    await writeFile(join(box.root, 'save.tmp'), saved);
    await rename(join(box.root, 'save.tmp'), join(box.root, 'saved.docx'));
    await box.room.settled();
    await box.call('doc.import', { path });
    await unlink(owner);
    const lines = textsOf(await read(path));
    expect(lines.at(-1)).toBe('Signed in triplicate.');
    expect(lines[2]).toBe('Payment is due within one week.');
    const { versions } = await box.call<{ versions: { source: string }[] }>('doc.log', { path });
    expect(versions.map((version) => version.source)).toEqual(['merge', 'import', 'edit', 'import']);
    expect(await box.call('doc.verify', { path, full: true })).toMatchObject({ ok: true });
    await box.call('doc.rollback', { path, to: 'v1' });
    expect((await onShare('saved.docx')).equals(contract())).toBe(true);
  });

  it('comes in as an upload and goes out as a download', async () => {
    const blobs = await withBlobs(box);
    const file = contract();
    const { sha256 } = await blobs.put([file]);
    expect(await box.call('doc.add', { path: 'office/added.docx', sha256 })).toMatchObject({ version: 1, added: 8 });
    expect((await onShare('added.docx')).equals(file)).toBe(true);
    await box.call('doc.edit', { path: 'office/added.docx', base: 1, verbs: [{ cut: '3' }] });
    const old = await box.call<{ sha256: string }>('doc.download', { path: 'office/added.docx', at: 'v1' });
    expect(old.sha256).toBe(sha256);
    const broken = await blobs.put([file.subarray(0, 2000)]);
    await box.call('doc.add', { path: 'office/b.docx', sha256: broken.sha256 });
    expect((await onShare('b.docx')).equals(file.subarray(0, 2000))).toBe(true);
    await expect(read('office/b.docx')).rejects.toMatchObject({ code: 'DOC_PARSE_REFUSED' });
    await box.call('doc.undo', { path: 'office/b.docx' });
    await box.room.settled();
    expect(existsSync(join(box.root, 'b.docx'))).toBe(false);
    await box.call('doc.redo', { path: 'office/b.docx' });
    expect((await onShare('b.docx')).equals(file.subarray(0, 2000))).toBe(true);
  });

  it('does not break a signature', async () => {
    const extra = [{ name: '_xmlsignatures/sig1.xml', content: '<Signature/>' }];
    const path = await begin('signed.docx', docxFile({ body, extra }));
    await expect(box.call('doc.edit', { path, base: 1, verbs: [{ cut: '3' }] })).rejects.toMatchObject({
      code: 'DOC_UNSAFE_SPAN',
    });
  });

  it('keeps what cannot be taken apart as it is, with its history, and says why', async () => {
    const good = contract();
    const bad: [string, Buffer, string][] = [
      [
        'bomb.docx',
        docxFile({ body, extra: [{ name: 'word/bomb.xml', content: Buffer.alloc(9_000_000) }] }),
        'inflates too much',
      ],
      [
        'entities.docx',
        docxFile({ body, parts: { 'styles.xml': '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>' } }),
        'it declares a DOCTYPE',
      ],
      ['deep.docx', docxFile({ body: '<w:p>'.repeat(100_000) }), 'nested too deep'],
      ['cut.docx', good.subarray(0, good.length - 30), 'it has no end: cut off or not a package'],
      ['lying.docx', docxFile({ body, extra: [{ name: 'a.xml', content: 'a', lies: { crc: 7 } }] }), 'wrong checksum'],
    ];
    for (const [name, file, reason] of bad) {
      const path = await begin(name, file);
      await expect(read(path)).rejects.toMatchObject({ code: 'DOC_PARSE_REFUSED', details: { path, reason } });
      const edit = { path, base: 1, verbs: [{ set: '1', text: ['x'] }] };
      await expect(box.call('doc.edit', edit)).rejects.toMatchObject({ code: 'DOC_PARSE_REFUSED' });
      expect((await onShare(name)).equals(file)).toBe(true);
      expect(await box.call('doc.log', { path })).toMatchObject({ versions: [{ version: 1 }] });
    }
    // Nested to a depth that is allowed is no reason to refuse.
    const nested = docxFile({ body: `${'<w:customXml>'.repeat(100)}${p('deep down')}${'</w:customXml>'.repeat(100)}` });
    expect(textsOf(await read(await begin('nested.docx', nested)))).toEqual(['deep down']);
    const archive = zipOf([{ name: 'a.txt', content: 'no office file' } satisfies ZipItem]);
    const plain = await begin('plain.docx', archive);
    await expect(read(plain)).rejects.toMatchObject({ code: 'DOC_READ_ONLY_KIND', details: { kind: 'zip' } });
    expect(textsOf(await read(await begin('after.docx')))[0]).toBe('Supply contract');
  });
});
