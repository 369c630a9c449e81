import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refName } from '../../../../src/realdoc/office/cell-address.ts';
import { movedFormula } from '../../../../src/realdoc/office/xlsx/formula.ts';
import { xlsx } from '../../../../src/realdoc/office/xlsx/index.ts';
import { aimsOf, applyAfter, applyAims, edit, lines, textOf } from '../../../support/office-parts.ts';
import { rows, workbook } from '../../../support/xlsx-parts.ts';

const SHEET1 = 'xl/worksheets/sheet1.xml';
const refused = (code: string): object => expect.objectContaining({ code });

const sales = workbook(
  [
    {
      name: 'Sales 2026',
      inner: `<dimension ref="A1:C3"/><cols><col min="4" max="4" width="9" style="2"/></cols>${rows(
        '<row r="1" spans="1:3"><c r="A1" t="s"><v>0</v></c><c r="B1" s="1"><v>45000</v></c><c r="C1" t="inlineStr"><is><t>a &lt; b</t></is></c></row>' +
          '<row r="3" spans="1:3"><c r="A3"><v>0.10000000000000001</v></c><c r="B3"><f>A3*2</f><v>0.2</v></c><c r="C3" s="3"/></row>',
      )}`,
    },
    {
      name: 'Hidden',
      hidden: true,
      inner: rows('<row r="1"><c r="A1" t="b"><v>1</v></c><c r="B1" t="e"><v>#N/A</v></c></row>'),
    },
  ],
  {
    strings:
      '<si><r><t>Net </t></r><r><rPr><b/></rPr><t>sales</t></r><r><rPr><i/></rPr><t> in EUR</t></r><rPh sb="0" eb="1"><t>x</t></rPh></si>',
    styles: '<cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="10"/><xf numFmtId="49"/></cellXfs>',
    chain: '<c r="B3" i="1"/>',
    names: '<definedNames><definedName name="Rate">\'Sales 2026\'!$A$3</definedName></definedNames>',
    book: '<calcPr calcId="191029"/>',
  },
);

describe('the view of a workbook', () => {
  it('shows every filled cell with its address, sheets in order, hidden ones marked', () => {
    expect(lines(xlsx, sales)).toEqual([
      '# Sales 2026',
      "'Sales 2026'!A1|Net sales in EUR",
      "'Sales 2026'!B1|2023-03-15",
      "'Sales 2026'!C1|a < b",
      "'Sales 2026'!A3|0.1",
      "'Sales 2026'!B3|0.2|=A3*2",
      '# Hidden (hidden)',
      'Hidden!A1|TRUE',
      'Hidden!B1|#N/A',
      "Rate|='Sales 2026'!$A$3",
    ]);
  });

  it('declares the address of each line', () => {
    expect(xlsx.view(sales)[1]).toMatchObject({ prefix: "'Sales 2026'!A1|", address: "'Sales 2026'!A1" });
  });

  it('goes by namespace, not by prefix', () => {
    const parts = workbook(
      [{ name: 'S', inner: '<x:sheetData><x:row r="1"><x:c r="A1"><x:v>7</x:v></x:c></x:row></x:sheetData>' }],
      { prefix: 'x:' },
    );
    expect(lines(xlsx, parts)).toEqual(['# S', 'S!A1|7']);
    const after = edit(xlsx, parts, { set: 'S!A1', text: ['seven'] }, { put: '>S!B2', text: ['8'] });
    expect(lines(xlsx, after)).toEqual(['# S', 'S!A1|seven', 'S!B2|8']);
    expect(textOf(after, SHEET1)).toContain(
      '<x:row r="1"><x:c r="A1" t="inlineStr"><x:is><x:t>seven</x:t></x:is></x:c></x:row><x:row r="2"><x:c r="B2"><x:v>8</x:v></x:c></x:row>',
    );
  });

  it('shows a shared formula as it reads in each cell', () => {
    expect(movedFormula('A1+$B$2*Sheet2!C3&"A1"&LOG10(A$1)', 1, 2)).toBe('C2+$B$2*Sheet2!E4&"A1"&LOG10(C$1)');
    const parts = workbook([
      {
        name: 'S',
        inner: rows(
          '<row r="1"><c r="A1"><f t="shared" ref="A1:A2" si="0">B1*2</f><v>2</v></c></row><row r="2"><c r="A2"><f t="shared" si="0"/><v>4</v></c></row>',
        ),
      },
    ]);
    expect(lines(xlsx, parts)).toEqual(['# S', 'S!A1|2|=B1*2', 'S!A2|4|=B2*2']);
    expect(() => edit(xlsx, parts, { set: 'S!A1', text: ['1'] })).toThrow(refused('DOC_UNSAFE_SPAN'));
    expect(lines(xlsx, edit(xlsx, parts, { set: 'S!A2', text: ['1'] }))).toEqual(['# S', 'S!A1|2|=B1*2', 'S!A2|1']);
  });
});

describe('an edit of cells', () => {
  it('keeps numbers numbers and texts texts, and leaves the style', () => {
    const after = edit(
      xlsx,
      sales,
      { set: "'Sales 2026'!A3", text: ['12.5'] },
      { set: "'Sales 2026'!C1", text: ['12'] },
    );
    expect(textOf(after, SHEET1)).toContain('<c r="A3"><v>12.5</v></c>');
    expect(textOf(after, SHEET1)).toContain('<c r="C1" t="inlineStr"><is><t>12</t></is></c>');
    const texts = edit(
      xlsx,
      sales,
      { set: "'Sales 2026'!A3", text: ['n/a & <none>'] },
      { set: "'Sales 2026'!C3", text: ['7'] },
    );
    expect(textOf(texts, SHEET1)).toContain('<c r="A3" t="inlineStr"><is><t>n/a &amp; &lt;none&gt;</t></is></c>');
    expect(textOf(texts, SHEET1)).toContain('<c r="C3" s="3" t="inlineStr"><is><t>7</t></is></c>');
  });

  it('never touches the shared strings, and keeps the looks of runs', () => {
    const after = edit(xlsx, sales, { sub: { find: 'sales in', replace: 'profit in', line: 2 } });
    expect(textOf(after, 'xl/sharedStrings.xml')).toBe(textOf(sales, 'xl/sharedStrings.xml'));
    expect(textOf(after, SHEET1)).toContain(
      '<c r="A1" t="inlineStr"><is><r><t xml:space="preserve">Net </t></r><r><rPr><b/></rPr><t>profit</t></r><r><rPr><i/></rPr><t xml:space="preserve"> in EUR</t></r></is></c>',
    );
    expect(lines(xlsx, after)[1]).toBe("'Sales 2026'!A1|Net profit in EUR");
  });

  it('writes a day into a cell of days as Excel counts it', () => {
    const after = edit(xlsx, sales, { set: "'Sales 2026'!B1", text: ['2023-03-16'] });
    expect(textOf(after, SHEET1)).toContain('<c r="B1" s="1"><v>45001</v></c>');
    expect(lines(xlsx, after)[2]).toBe("'Sales 2026'!B1|2023-03-16");
  });

  it('sets formulas without a value and has them worked out when the file is opened', () => {
    const after = edit(xlsx, sales, { set: "'Sales 2026'!B3", text: ['=A3*3 & "<"'] });
    expect(textOf(after, SHEET1)).toContain('<c r="B3"><f>A3*3 &amp; "&lt;"</f></c>');
    expect(textOf(after, 'xl/workbook.xml')).toContain('<calcPr calcId="191029" fullCalcOnLoad="1"/>');
    expect(textOf(after, 'xl/calcChain.xml')).toBe(textOf(sales, 'xl/calcChain.xml'));
    const sub = edit(xlsx, sales, { sub: { find: 'A3*2', replace: 'A3*4' } });
    expect(lines(xlsx, sub)[5]).toBe("'Sales 2026'!B3||=A3*4");
  });

  it('lets go of the calculation chain when its last formula goes', () => {
    const after = edit(xlsx, sales, { set: "'Sales 2026'!B3", text: ['5'] });
    expect(textOf(after, 'xl/_rels/workbook.xml.rels')).not.toContain('calcChain');
    expect(textOf(after, '[Content_Types].xml')).not.toContain('calcChain');
  });

  it('takes one formula out of the chain and hands its sheet on', () => {
    const parts = workbook(
      [
        { name: 'A', inner: rows('<row r="1"><c r="A1"><f>1</f></c><c r="B1"><f>2</f></c></row>') },
        { name: 'B', inner: rows('<row r="1"><c r="A1"><f>3</f></c></row>') },
      ],
      { chain: '<c r="A1" i="2"/><c r="A1" i="1"/><c r="B1" l="1"/>' },
    );
    const after = edit(xlsx, parts, { cut: 'A!A1' });
    expect(textOf(after, 'xl/calcChain.xml')).toContain('><c r="A1" i="2"/><c i="1" r="B1" l="1"/></calcChain>');
    expect(textOf(after, 'xl/workbook.xml')).toContain('<calcPr fullCalcOnLoad="1"/></workbook>');
  });

  it('puts new cells in order into rows that are there and rows that are not', () => {
    const after = edit(
      xlsx,
      sales,
      { put: ">'Sales 2026'!B2", text: ['x\t=1+1', '\t3'] },
      { set: "'Sales 2026'!D1", text: ['0.5'] },
    );
    expect(textOf(after, SHEET1)).toContain('<dimension ref="A1:D3"/>');
    expect(textOf(after, SHEET1)).toContain('spans="1:4"');
    expect(textOf(after, SHEET1)).toContain('</is></c><c r="D1" s="2"><v>0.5</v></c></row><row r="2">');
    expect(textOf(after, SHEET1)).toContain(
      '<row r="2"><c r="B2" t="inlineStr"><is><t>x</t></is></c><c r="C2"><f>1+1</f></c></row><row r="3"',
    );
    expect(textOf(after, SHEET1)).toContain('<c r="C3" s="3" t="inlineStr"><is><t>3</t></is></c>');
  });

  it('fills a sheet that has nothing yet', () => {
    const parts = workbook([{ name: 'S', inner: '<sheetData/>' }]);
    expect(lines(xlsx, edit(xlsx, parts, { set: 'B7:C8', text: ['1\ttwo', '=B7\t'] }))).toEqual([
      '# S',
      'S!B7|1',
      'S!C7|two',
      'S!B8||=B7',
    ]);
  });

  it('clears cells and keeps their style', () => {
    const after = edit(xlsx, sales, { cut: "'Sales 2026'!A1:B3" });
    expect(textOf(after, SHEET1)).toContain('<c r="A1"/><c r="B1" s="1"/>');
    expect(lines(xlsx, after).slice(0, 2)).toEqual(['# Sales 2026', "'Sales 2026'!C1|a < b"]);
  });

  it('keeps line breaks and spaces, and characters that XML cannot hold', () => {
    const after = edit(xlsx, sales, { set: "'Sales 2026'!C1", text: [' two↵lines _x0041_ '] });
    expect(textOf(after, SHEET1)).toContain('<t xml:space="preserve"> two\nlines _x005F_x0041_ </t>');
    expect(lines(xlsx, after)[3]).toBe("'Sales 2026'!C1| two↵lines _x0041_ ");
  });

  it('refuses what cannot be done alone, and says what can', () => {
    const parts = workbook([
      {
        name: 'S',
        inner: `${rows('<row r="1"><c r="A1"><v>1</v></c><c r="D1"><f t="array" ref="D1:E1">A1:B1</f><v>1</v></c><c r="E1"><v>2</v></c></row>')}<mergeCells><mergeCell ref="A1:B2"/></mergeCells>`,
      },
    ]);
    const check = (address: string, what: string): void => {
      expect(() => edit(xlsx, parts, { set: address, text: ['9'] })).toThrow(
        expect.objectContaining({
          code: 'DOC_UNSAFE_SPAN',
          details: expect.objectContaining({ what: expect.stringContaining(what) }),
        }),
      );
    };
    check('S!B2', 'merged');
    check('S!E1', 'array');
    expect(() => edit(xlsx, sales, { set: '1', text: ['New'] })).toThrow(refused('DOC_UNSAFE_SPAN'));
    expect(() => edit(xlsx, sales, { sub: { find: '0.2', replace: '0.3' } })).toThrow(refused('DOC_UNSAFE_SPAN'));
    expect(() => edit(xlsx, sales, { set: 'Nowhere!A1', text: ['x'] })).toThrow(refused('DOC_ADDRESS_UNKNOWN'));
    expect(() => edit(xlsx, sales, { put: ">'Sales 2026'!A1", text: ['x'] })).toThrow(refused('DOC_VERB_INVALID'));
    expect(() => edit(xlsx, sales, { set: '2', text: ['x'], was: 'gross' })).toThrow(refused('DOC_GUARD_FAILED'));
    expect(() => edit(xlsx, sales, { set: "'Sales 2026'!A1", text: ['x'], was: 'gross' })).toThrow(
      refused('DOC_GUARD_FAILED'),
    );
    expect(() => edit(xlsx, sales, { set: '2', text: ['x'] }, { cut: "'Sales 2026'!A1" })).toThrow(
      refused('DOC_VERB_INVALID'),
    );
  });

  it('keeps table headers and their cells in step, unless formulas speak of them', () => {
    const table = (extra: string): string =>
      `<table xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" displayName="T" ref="A1:B2"><tableColumns><tableColumn id="1" name="Item"/><tableColumn id="2" name="Price"/>${extra}</tableColumns></table>`;
    const inner = (formula: string): string =>
      rows(
        `<row r="1"><c r="A1" t="inlineStr"><is><t>Item</t></is></c><c r="B1" t="inlineStr"><is><t>Price</t></is></c></row><row r="2"><c r="A2"><v>1</v></c><c r="B2"><f>${formula}</f></c></row>`,
      );
    const parts = workbook([{ name: 'S', inner: inner('SUM(T[Price])'), table: table('') }]);
    const after = edit(xlsx, parts, { set: 'S!A1', text: ['2026'] });
    expect(textOf(after, 'xl/tables/table1.xml')).toContain('<tableColumn id="1" name="2026"/>');
    expect(textOf(after, SHEET1)).toContain('<c r="A1" t="inlineStr"><is><t>2026</t></is></c>');
    for (const [cell, text] of [
      ['S!B1', 'Cost'],
      ['S!A1', 'price'],
      ['S!A1', '=1+1'],
    ] as const) {
      expect(() => edit(xlsx, parts, { set: cell, text: [text] })).toThrow(refused('DOC_UNSAFE_SPAN'));
    }
  });
});

describe('a large sheet', () => {
  it('of 100,000 cells is read whole, and one edit touches one cell', () => {
    let inner = '';
    for (let r = 1; r <= 10_000; r++) {
      const cells = Array.from(
        { length: 10 },
        (_, c) => `<c r="${refName({ row: r, column: c + 1 })}"><v>${r * c}</v></c>`,
      );
      inner += `<row r="${r}">${cells.join('')}</row>`;
    }
    const large = workbook([{ name: 'S', inner: rows(inner) }]);
    expect(lines(xlsx, large)).toHaveLength(100_001);
    const aims = aimsOf(xlsx, large, [{ set: 'S!C5000', text: ['7'] }]);
    expect(aims).toHaveLength(1);
    expect(aims[0]!.splices).toEqual([expect.objectContaining({ del: 5, ins: '7' })]);
    expect(aims[0]!.lines).toEqual({ from: 49_994, to: 49_994 });
  });
});

const cellText = fc.stringMatching(/^[a-z<&>"'é你 ]{1,8}$/).filter((text) => text.trim() !== '');

describe('random workbooks', () => {
  const grid = fc.uniqueArray(
    fc.record({ row: fc.integer({ min: 1, max: 6 }), column: fc.integer({ min: 1, max: 6 }), text: cellText }),
    {
      selector: (cell) => refName(cell),
      minLength: 1,
      maxLength: 12,
    },
  );
  const fill = (cells: readonly { row: number; column: number; text: string }[], start: ReturnType<typeof workbook>) =>
    cells.reduce((parts, cell) => edit(xlsx, parts, { set: `S!${refName(cell)}`, text: [cell.text] }), start);
  const expected = (cells: readonly { row: number; column: number; text: string }[]): string[] => [
    '# S',
    ...cells.toSorted((a, b) => a.row - b.row || a.column - b.column).map((cell) => `S!${refName(cell)}|${cell.text}`),
  ];

  it('show what was put into them, in any order of putting', () => {
    fc.assert(
      fc.property(grid, (cells) => {
        const parts = fill(cells, workbook([{ name: 'S', inner: '<sheetData></sheetData>' }]));
        expect(lines(xlsx, parts)).toEqual(expected(cells));
        const at = cells[0]!;
        const after = edit(xlsx, parts, { set: `S!${refName(at)}`, text: ['changed'] });
        expect(lines(xlsx, after)).toEqual(expected([{ ...at, text: 'changed' }, ...cells.slice(1)]));
      }),
      { numRuns: 100 },
    );
  });

  it('take two edits of different cells in either order, with formulas to be worked out again', () => {
    fc.assert(
      fc.property(grid, cellText, cellText, (cells, one, two) => {
        fc.pre(cells.length > 1);
        const start = workbook([
          { name: 'S', inner: '<sheetData><row r="9"><c r="A9"><f>A1</f></c></row></sheetData>' },
        ]);
        const parts = fill(cells, start);
        const without = parts.map((part, i) => (part.name === 'xl/workbook.xml' ? start[i]! : part));
        const a = aimsOf(xlsx, without, [{ set: `S!${refName(cells[0]!)}`, text: [one] }]);
        const b = aimsOf(xlsx, without, [{ set: `S!${refName(cells[1]!)}`, text: [two] }]);
        const ab = applyAfter(without, a, b);
        expect(ab && lines(xlsx, ab)).toEqual(lines(xlsx, applyAfter(without, b, a)!));
        if (one !== cells[0]!.text) expect(textOf(ab!, 'xl/workbook.xml').match(/fullCalcOnLoad/g)).toHaveLength(1);
        expect(applyAims(without, a).length).toBe(without.length);
      }),
      { numRuns: 60 },
    );
  });
});
