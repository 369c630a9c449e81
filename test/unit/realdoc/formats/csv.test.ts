import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sourceOf } from '../../../../src/realdoc/formats/ask.ts';
import { checkCsv, outlineOfCsv } from '../../../../src/realdoc/formats/csv/check.ts';
import { landInCsv } from '../../../../src/realdoc/formats/csv/edit.ts';
import { CsvText } from '../../../../src/realdoc/formats/csv/records.ts';
import { columnName, columnNumber } from '../../../../src/realdoc/office/cell-address.ts';
import { TextTree } from '../../../../src/realdoc/text/tree.ts';
import { docOf, edited, patched, refusalOf, shownAt } from './land.ts';

const BILLS = '\ufeffName;Amount;Note\r\n"Müller";10,50;paid\r\nLi;"7";"two\r\nlines; ""ok"""\r\nKim;5" pipe;\r\n';
const csv = (act: Parameters<typeof edited>[2], address: string, ...lines: string[]): string =>
  edited(landInCsv, BILLS, act, address, ...lines);
const parse = (text: string): string[][] => {
  const own = new CsvText(sourceOf(Buffer.from(text)));
  return Array.from({ length: own.count() }, (_, i) => own.fields(own.record(i + 1)!).map((f) => own.value(f)));
};

describe('CSV by cell', () => {
  it('reads records as they are meant', () => {
    expect(parse(BILLS)).toEqual([
      ['Name', 'Amount', 'Note'],
      ['Müller', '10,50', 'paid'],
      ['Li', '7', 'two\r\nlines; "ok"'],
      ['Kim', '5" pipe', ''],
    ]);
    expect(shownAt(landInCsv, BILLS, 'C3')).toBe('"two\r\nlines; ""ok"""');
    expect(shownAt(landInCsv, BILLS, 'Amount@4')).toBe('5" pipe');
    expect(parse('a,b\n"x,1\n2,3\n')).toEqual([
      ['a', 'b'],
      ['"x', '1'],
      ['2', '3'],
    ]);
    expect(parse('sep=|\na|b,c\n')).toEqual([['a', 'b,c']]);
    expect(parse('a\tb,c\td\n1\t2\t3,4')).toEqual([
      ['a', 'b,c', 'd'],
      ['1', '2', '3,4'],
    ]);
  });

  it('a cell keeps its quotes, and gets them where it needs them', () => {
    expect(csv('set', 'A2', 'Maier')).toBe(BILLS.replace('Müller', 'Maier'));
    expect(csv('set', 'B2', '11,00')).toBe(BILLS.replace('10,50', '11,00'));
    expect(csv('set', 'C2', 'a;b')).toBe(BILLS.replace('paid', '"a;b"'));
    expect(csv('set', 'Amount@3', '8')).toBe(BILLS.replace('"7"', '"8"'));
    expect(csv('set', 'A2:B3', 'Ann;1', '"B;o";"2"')).toBe(
      BILLS.replace('"Müller";10,50', '"Ann";1').replace('Li;"7"', '"B;o";"2"'),
    );
    expect(csv('set', 'A2:A4', 'x', 'y', 'z')).toBe(
      BILLS.replace('Müller', 'x').replace('Li', 'y').replace('Kim', 'z'),
    );
    expect(csv('cut', 'A2')).toBe(BILLS.replace('Müller', ''));
    expect(csv('set', 'C4', 'last')).toBe(BILLS.replace('pipe;', 'pipe;last'));
  });

  it('puts rows in and takes rows out, also those that span lines', () => {
    expect(csv('cut', 'row 3')).toBe(BILLS.replace('Li;"7";"two\r\nlines; ""ok"""\r\n', ''));
    expect(csv('after', 'A3', 'Zoe;1;')).toBe(BILLS.replace('Kim', 'Zoe;1;\r\nKim'));
    expect(csv('before', 'row 2', 'Zoe;1;')).toBe(BILLS.replace('"Müller', 'Zoe;1;\r\n"Müller'));
    expect(edited(landInCsv, 'a,b\n1,2', 'after', 'row 2', '3,4')).toBe('a,b\n1,2\n3,4');
  });

  it('refuses what is not there', async () => {
    const unknown = await refusalOf(() => csv('set', 'B9', 'x'));
    expect(unknown).toMatchObject({ code: 'DOC_ADDRESS_UNKNOWN', details: { near: ['B4'] } });
    expect(await refusalOf(() => csv('set', 'D2', 'x'))).toMatchObject({ code: 'DOC_ADDRESS_UNKNOWN' });
    expect((await refusalOf(() => csv('set', 'Amout@2', 'x'))).details['near']).toContain('Amount@2');
    expect(await refusalOf(() => csv('set', 'A2:B3', 'x'))).toMatchObject({ code: 'DOC_VERB_INVALID' });
    expect(await refusalOf(() => csv('after', 'A2', '"open'))).toMatchObject({ code: 'DOC_VERB_INVALID' });
    expect(await refusalOf(() => edited(landInCsv, 'a,a\n1,2\n', 'set', 'a@2', 'x'))).toMatchObject({
      code: 'DOC_AMBIGUOUS',
    });
  });

  it('says which record is ragged', () => {
    const check = (text: string): unknown => checkCsv(new CsvText(sourceOf(Buffer.from(text))));
    expect(check(BILLS)).toBeUndefined();
    expect(check('a,b\n1,"2\n"\n3\n')).toMatchObject({ line: 4 });
    expect(check('a,b\n1,"2\n')).toMatchObject({ reason: 'a quote is not closed' });
    expect(outlineOfCsv(new CsvText(docOf(BILLS).source)).map((e) => [e.title, e.address])).toEqual([
      ['Name', 'A1'],
      ['Amount', 'B1'],
      ['Note', 'C1'],
    ]);
  });

  it('finds a far cell in a tree without making one string of it', () => {
    const rows = Array.from({ length: 200_000 }, (_, i) =>
      i % 97 === 0 ? `${i},"a\nb, ""c""",${i}\n` : `${i},x,${i}\n`,
    );
    const tree = TextTree.of(Buffer.from(rows.join('')));
    const doc = { path: 'w/a.csv', version: 1, source: tree };
    const { region } = landInCsv(doc, { verb: 1, act: 'show', address: 'C199999' });
    expect(tree.slice(region.from, region.to).toString()).toBe('199998');
    const [patch] = landInCsv(doc, { verb: 1, act: 'set', address: 'B1', text: ['y'] }).patches;
    expect(patch).toEqual({ at: 2, del: 12, ins: '"y"' });
  });

  it('parse(print(x)) is x, and a set cell is the only one that changes', () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', 'é', ',', ';', '"', '\n', '\r\n', '\t', ' ', '1'),
      maxLength: 6,
    });
    const table = fc
      .integer({ min: 2, max: 4 })
      .chain((width) =>
        fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 2, maxLength: 5 }),
      );
    const quote = (value: string, always: boolean): string =>
      always || /[",;\t|\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
    fc.assert(
      fc.property(table, fc.nat(), fc.nat(), cell, fc.boolean(), fc.boolean(), (rows, r, c, next, always, open) => {
        const header = rows[0]!.map((_, i) => `h${i}`);
        const all = [header, ...rows];
        const text = all.map((row) => row.map((v) => quote(v, always)).join(',')).join('\n') + (open ? '' : '\n');
        expect(parse(text)).toEqual(all);
        const [row, column] = [1 + (r % rows.length), c % header.length];
        const address = `${columnName(column + 1)}${row + 1}`;
        const lines = next.split(/\r?\n/);
        const after = edited(landInCsv, text, 'set', address, ...lines);
        const wanted = structuredClone(all);
        wanted[row]![column] = lines.join('\n');
        expect(parse(after)).toEqual(wanted);
        const landing = landInCsv(docOf(text), { verb: 1, act: 'set', address, text: lines });
        expect(landing.patches).toHaveLength(1);
        expect(patched(text, landing)).toBe(after);
      }),
      { numRuns: 500 },
    );
    fc.assert(fc.property(fc.integer({ min: 1, max: 400_000 }), (n) => columnNumber(columnName(n)) === n));
  });
});
