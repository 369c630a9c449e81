import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger, systemClock } from '../../src/common/index.ts';
import { Supervisor } from '../../src/guest/index.ts';
import { Parser } from '../../src/realdoc/index.ts';
import { DocBox } from '../support/doc-box.ts';
import { refusalOf } from '../unit/realdoc/formats/land.ts';
import { pdfOf } from '../unit/realdoc/formats/pdf-of.ts';

interface Entry {
  line: number;
  address?: string;
}

describe('formats, by the operations and the real guest', () => {
  const supervisor = new Supervisor({ clock: systemClock, log: silentLogger });
  const parser = new Parser({ supervisor, log: silentLogger });
  let box: DocBox;

  beforeAll(async () => {
    parser.start();
    box = await DocBox.open({ parser });
    await box.write('a.yaml', 'server:\n  port: 8080 # here\nuse: &u 1\ncopy: *u\n');
    await box.write('a.py', 'class A:\n    # why\n    def m(self):\n        return 1\n');
    await box.write('a.html', '<h1>Title</h1>\n<p id="x">Old</p>\n');
    await box.write('a.csv', 'Item,Price\n"Tea\nbag",2\nMilk,1\n');
    await box.write('prices.csv', 'Item,Price\nTea,2\nMilk,1\n');
    await box.write('a.json', '{\n  "name": "box",\n  "deps": {"a": 1}\n}\n');
    await box.write('a.md', '# One\n\nText.\n\n## Two\n\nMore.\n');
    await box.addWorkspace();
  });

  afterAll(async () => {
    await box.destroy();
    await parser.stop();
    await supervisor.stop();
  });

  const edit = async (name: string, verbs: unknown): Promise<{ version: number; advisory?: unknown }> => {
    const { version } = await box.call<{ version: number }>('doc.read', { path: `office/${name}` });
    return box.call('doc.edit', { path: `office/${name}`, base: version, verbs });
  };

  it.each([
    [
      'a.yaml',
      [{ set: '/server/port', text: ['8081'], was: '8080' }],
      'server:\n  port: 8081 # here\nuse: &u 1\ncopy: *u\n',
    ],
    ['a.yaml', 'put >/server/port\n+tls: true', 'server:\n  port: 8081 # here\n  tls: true\nuse: &u 1\ncopy: *u\n'],
    [
      'a.py',
      [{ set: '@A.m', text: ['def m(self):', '    return 2'] }],
      'class A:\n    # why\n    def m(self):\n        return 2\n',
    ],
    ['a.html', 'set #x\n+New', '<h1>Title</h1>\n<p id="x">New</p>\n'],
    ['a.csv', 'set Price@2\n+3', 'Item,Price\n"Tea\nbag",3\nMilk,1\n'],
    ['a.json', [{ cut: '/deps/a' }, { set: '/name', text: ['new'] }], '{\n  "name": "new",\n  "deps": {}\n}\n'],
    ['a.md', 'set ## Two\n+Less.', '# One\n\nText.\n\n## Two\n\nLess.\n'],
  ])('%s: %j', async (name, verbs, wanted) => {
    await edit(name, verbs);
    expect(await box.file(name)).toBe(wanted);
  });

  it('outline, section and candidates speak in the same addresses', async () => {
    const outline = await box.call<{ entries: Entry[] }>('doc.outline', { path: 'office/a.py' });
    expect(outline.entries.map((e) => e.address)).toEqual(['@A', '@A.m']);
    const section = await box.call<{ lines: { n: number }[] }>('doc.read', { path: 'office/a.py', section: '@A.m' });
    expect(section.lines.map((line) => line.n)).toEqual([2, 3, 4]);
    const { candidates } = await box.call<{ candidates: Entry[] }>('doc.candidates', { path: 'office/a.yaml' });
    expect(candidates.find((c) => c.line === 2)?.address).toBe('/server/port');
    const rows = await box.call<{ candidates: Entry[] }>('doc.candidates', { path: 'office/a.csv', query: 'Milk' });
    expect(rows.candidates.find((c) => c.line === 4)?.address).toBe('row 3');
  });

  it('refusals keep their codes on the way out of the guest, and name the document', async () => {
    expect(await refusalOf(() => edit('a.yaml', 'set /copy\n+2'))).toMatchObject({
      code: 'DOC_ALIAS',
      details: { anchor: 'u' },
    });
    const unknown = await refusalOf(() => edit('a.py', 'cut @A.n'));
    expect(unknown).toMatchObject({
      code: 'DOC_ADDRESS_UNKNOWN',
      details: { path: 'office/a.py', near: ['@A.m', '@A'] },
    });
    expect(await refusalOf(() => edit('a.md', 'cut @A'))).toMatchObject({ code: 'DOC_VERB_INVALID' });
  });

  it('a PDF and a picture can be read, and are not edited', async () => {
    await box.write('a.pdf', pdfOf([['Hello', 'World']]));
    await box.write('a.gif', Buffer.from('4749463839618002e001', 'hex'));
    await box.write('broken.pdf', '%PDF-1.4\nnothing');
    expect(await box.text('office/a.pdf')).toBe('[page 1 of 1]\nHello\nWorld');
    expect(await box.text('office/a.gif')).toContain('640 x 480');
    expect(await refusalOf(() => box.text('office/broken.pdf'))).toMatchObject({
      code: 'DOC_PARSE_REFUSED',
      details: { path: 'office/broken.pdf' },
    });
    const edited = await refusalOf(() =>
      box.call('doc.edit', { path: 'office/a.pdf', base: 1, verbs: [{ cut: '1' }] }),
    );
    expect(edited).toMatchObject({ code: 'DOC_READ_ONLY_KIND', details: { kind: 'pdf' } });
    expect(edited.details['possible']).toContain('doc.read');
  });

  it('says when a text is no longer what its name says, and only then', async () => {
    expect(await edit('a.py', [{ set: '3', text: ['    def m(self:'] }])).toMatchObject({
      advisory: { code: 'PARSE_ADVISORY' },
    });
    expect(await edit('a.py', [{ set: '4', text: ['        return 3'] }])).not.toHaveProperty('advisory');
    expect(await edit('a.json', [{ set: '1', text: ['{,'] }])).toMatchObject({ advisory: { line: 1 } });
    expect(await edit('a.csv', [{ set: 'row 3', text: ['Milk'] }])).toMatchObject({ advisory: { line: 4 } });
  });

  it('tells the change of a table by cells, or by lines for those who want them', async () => {
    await edit('prices.csv', 'set B3\n+7');
    const diff = await box.call<Record<string, unknown>>('doc.diff', { path: 'office/prices.csv' });
    expect([diff['cells'], diff['cellsCut']]).toEqual([[{ address: 'B3', from: '1', to: '7' }], undefined]);
    expect(diff['unified']).toContain('+Milk,7');
    const lines = await box.call<Record<string, unknown>>('doc.diff', { path: 'office/prices.csv', lines: true });
    expect([lines['cells'], lines['unified']]).toEqual([undefined, diff['unified']]);
  });
});
