import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Format } from '../support/look-reader.ts';
import { OfficeDesk } from '../support/office-desk.ts';
import { acrossRunTrials, compare, keywordTrials, verbOf } from '../support/office-trials.ts';
import { readPlainZip } from '../support/plain-zip.ts';
import { readTarZst } from '../support/tar-zst.ts';
import { testData } from '../support/test-data.ts';
import { rows, workbook } from '../support/xlsx-parts.ts';
import { zipOf } from '../support/zip-writer.ts';

const set = testData('office/open-xml-sample.tar.zst');

/** Some of the files of the acceptance: charts, pivots, tables, tracked changes, tables in slides. */
const SOME = /^(?:\.\/)?(?:[^/]+\/)?(?:063|088|170|067|074|064|114|120)-/;

describe.skipIf(set === undefined)('real Office files through the room and its guest', () => {
  const files = new Map<string, Buffer>();
  let desk: OfficeDesk;

  beforeAll(async () => {
    for (const [name, content] of readTarZst(set!)) {
      const format = /\.(docx|xlsx|pptx)$/.exec(name)?.[1];
      if (SOME.test(name) && format) files.set(`${files.size}.${format}`, content);
    }
    desk = await OfficeDesk.open(files);
  });
  afterAll(() => desk.close());

  it('one edit changes nothing but the words it names, and undo gives the very file', async () => {
    let edits = 0;
    for (const [name, before] of files) {
      const format = name.split('.').at(-1) as Format;
      const trials = [...keywordTrials(before, format).slice(0, 1), ...acrossRunTrials(before, format, 1)];
      for (const trial of trials.filter((each) => each.across !== 'holders')) {
        const read = await desk.lines(name);
        if ('code' in read) throw new Error(`${name}: ${read.code} ${read.what}`);
        expect(await desk.edit(name, read.version, verbOf(trial)), `${name} ${trial.find}`).toBeUndefined();
        if (format === 'xlsx' && trial.address) {
          const [cell] = await desk.cells(name);
          expect(cell, name).toMatchObject({ address: trial.address, to: expect.stringContaining(trial.replace) });
        }
        const counts = compare(before, await desk.file(name), format, trial);
        expect(counts.identical, name).toBe(counts.parts);
        await desk.undo(name);
        expect((await desk.file(name)).equals(before), `${name} after undo`).toBe(true);
        edits++;
      }
    }
    expect(edits).toBeGreaterThan(8);
  });
});

describe('files written by the test, through the room and its guest', () => {
  const parts = workbook(
    [
      {
        name: 'S',
        inner: rows('<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c><c r="C1"><f>A1+B1</f><v>3</v></c></row>'),
      },
    ],
    { book: '<calcPr calcId="1"/>', types: true },
  );
  const NS =
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"';
  const table =
    '<table:table table:name="S"><table:table-row><table:table-cell table:number-columns-repeated="3" office:value-type="float" office:value="1"><text:p>1</text:p></table:table-cell></table:table-row></table:table>';
  const ods = zipOf([
    { name: 'mimetype', content: 'application/vnd.oasis.opendocument.spreadsheet', stored: true },
    {
      name: 'content.xml',
      content: `<office:document-content ${NS}><office:body><office:spreadsheet>${table}</office:spreadsheet></office:body></office:document-content>`,
    },
  ]);
  let desk: OfficeDesk;

  beforeAll(async () => {
    const xlsx = zipOf(parts.map((part) => ({ name: part.name, content: part.bytes })));
    desk = await OfficeDesk.open(
      new Map([
        ['a.xlsx', xlsx],
        ['a.ods', ods],
      ]),
    );
  });
  afterAll(() => desk.close());

  it('two who change different cells of one version both get their way, and the file asks once to be worked out', async () => {
    expect(await desk.edit('a.xlsx', 1, { set: 'S!A1', text: ['10'], was: '1' })).toBeUndefined();
    expect(await desk.edit('a.xlsx', 1, { set: 'S!B1', text: ['20'], was: '2' })).toBeUndefined();
    expect(await desk.lines('a.xlsx')).toMatchObject({ lines: ['# S', 'S!A1|10', 'S!B1|20', 'S!C1|3|=A1+B1'] });
    const book = readPlainZip(await desk.file('a.xlsx')).find((entry) => entry.name === 'xl/workbook.xml')!;
    expect(
      book
        .content()
        .toString('utf8')
        .match(/fullCalcOnLoad="1"/g),
    ).toHaveLength(1);
    expect(await desk.edit('a.xlsx', 1, { set: 'S!A1', text: ['11'], was: '1' })).toMatchObject({
      code: 'DOC_STALE_TARGET',
    });
  });

  it('a spreadsheet of OpenDocument keeps its type first and stored', async () => {
    expect(await desk.edit('a.ods', 1, { set: 'S!B1', text: ['7'], was: '1' })).toBeUndefined();
    expect(await desk.lines('a.ods')).toMatchObject({ lines: ['# S', 'S!A1|1', 'S!B1|7', 'S!C1|1'] });
    const file = await desk.file('a.ods');
    expect(file.subarray(0, 84)).toEqual(ods.subarray(0, 84));
    await desk.undo('a.ods');
    expect((await desk.file('a.ods')).equals(ods)).toBe(true);
  });
});
