import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refName } from '../../../../src/realdoc/office/cell-address.ts';
import type { Part } from '../../../../src/realdoc/office/kind.ts';
import { ods } from '../../../../src/realdoc/office/odf/index.ts';
import { shownFormula, storedFormula } from '../../../../src/realdoc/office/odf/open-formula.ts';
import { aimsOf, applyAfter, edit, lines, partsFrom, textOf } from '../../../support/office-parts.ts';

const NS =
  'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"';
const book = (tables: string, styles = ''): Part[] =>
  partsFrom({
    'content.xml': `<office:document-content ${NS}><office:automatic-styles>${styles}</office:automatic-styles><office:body><office:spreadsheet>${tables}</office:spreadsheet></office:body></office:document-content>`,
  });
const content = (parts: Part[]): string => textOf(parts, 'content.xml');

const parts = book(
  '<table:table table:name="Data"><table:table-column/>' +
    '<table:table-row><table:table-cell table:number-columns-repeated="3" office:value-type="float" office:value="1.5" table:style-name="c"><text:p>1,50</text:p></table:table-cell><table:table-cell office:value-type="string"><text:p>net <text:span text:style-name="B">sales</text:span></text:p></table:table-cell></table:table-row>' +
    '<table:table-row table:number-rows-repeated="3"><table:table-cell/><table:table-cell office:value-type="date" office:date-value="2026-01-31"><text:p>31.01.26</text:p></table:table-cell></table:table-row>' +
    '<table:table-row><table:table-cell table:formula="of:=SUM([.A1:.C1];[$Other.A1])" office:value-type="float" office:value="4.5"><text:p>4.5</text:p></table:table-cell><table:table-cell table:number-columns-spanned="2" office:value-type="percentage" office:value="0.5"><text:p>50%</text:p></table:table-cell><table:covered-table-cell/></table:table-row>' +
    '</table:table><table:table table:name="Other" table:style-name="h"/>',
  '<style:style style:name="h"><style:table-properties table:display="false"/></style:style>',
);

describe('a spreadsheet of OpenDocument', () => {
  it('shows each cell once, however it is written', () => {
    expect(lines(ods, parts)).toEqual([
      '# Data',
      'Data!A1|1.5',
      'Data!B1|1.5',
      'Data!C1|1.5',
      'Data!D1|net sales',
      'Data!B2|2026-01-31',
      'Data!B3|2026-01-31',
      'Data!B4|2026-01-31',
      'Data!A5|4.5|=SUM(A1:C1,Other!A1)',
      'Data!B5|0.5',
      '# Other (hidden)',
    ]);
  });

  it('splits what stands for several cells where one of them changes', () => {
    const after = edit(ods, parts, { set: 'Data!B1', text: ['2'] }, { set: 'Data!B3', text: ['2026-02-01'] });
    expect(lines(ods, after)).toEqual(lines(ods, parts).with(2, 'Data!B1|2').with(6, 'Data!B3|2026-02-01'));
    const cell =
      '<table:table-cell office:value-type="float" office:value="1.5" table:style-name="c"><text:p>1,50</text:p></table:table-cell>';
    expect(content(after)).toContain(
      `<table:table-row>${cell}<table:table-cell table:style-name="c" office:value-type="float" office:value="2"><text:p>2</text:p></table:table-cell>${cell}<table:table-cell`,
    );
    expect(content(after)).toContain('office:date-value="2026-02-01"><text:p>2026-02-01</text:p>');
  });

  it('keeps spans of a text, and the value and the text of a number together', () => {
    const after = edit(ods, parts, { sub: { find: 'net', replace: 'gross' } }, { set: 'Data!B5', text: ['75%'] });
    expect(content(after)).toContain('<text:p>gross <text:span text:style-name="B">sales</text:span></text:p>');
    expect(content(after)).toContain('office:value-type="percentage" office:value="0.75"><text:p>75%</text:p>');
  });

  it('sets formulas in the form of OpenDocument, without a value', () => {
    for (const formula of ['=SUM(A1:C1,Other!A1)', '=IF(A1>"a;b, c",$B$2,\'My S\'!C3:D4)', '=LOG10(A1)&"x"']) {
      expect(shownFormula(storedFormula(formula))).toBe(formula);
    }
    expect(storedFormula('=IF(A1>"a;b, c",$B$2)')).toBe('of:=IF([.A1]>"a;b, c";[.$B$2])');
    const after = edit(ods, parts, { sub: { find: 'C1', replace: 'B1' } });
    expect(content(after)).toContain('<table:table-cell table:formula="of:=SUM([.A1:.B1];[$Other.A1])"/>');
  });

  it('puts cells behind the last one, rows below the last one, and into an empty sheet', () => {
    const after = edit(
      ods,
      parts,
      { put: '>Data!F1', text: ['far'] },
      { put: '>Data!B8', text: ['low\t3'] },
      { set: 'Other!C2', text: ['=1+1'] },
    );
    expect(lines(ods, after)).toEqual([
      ...lines(ods, parts).slice(0, 5),
      'Data!F1|far',
      ...lines(ods, parts).slice(5, 10),
      'Data!B8|low',
      'Data!C8|3',
      '# Other (hidden)',
      'Other!C2||=1+1',
    ]);
  });

  it('clears cells, and refuses those inside merged ones', () => {
    const after = edit(ods, parts, { cut: 'Data!A1:D1' });
    expect(lines(ods, after)).toEqual(lines(ods, parts).toSpliced(1, 4));
    expect(() => edit(ods, parts, { set: 'Data!C5', text: ['x'] })).toThrow(
      expect.objectContaining({ code: 'DOC_UNSAFE_SPAN' }),
    );
    expect(() => edit(ods, parts, { set: 'Data!A5', text: ['5|=SUM(A1:C1,Other!A1)'] })).toThrow(
      expect.objectContaining({ code: 'DOC_UNSAFE_SPAN' }),
    );
  });
});

describe('random spreadsheets', () => {
  const text = fc.stringMatching(/^[a-z<&"é你]{1,6}$/);
  const cell = fc.record({ row: fc.integer({ min: 1, max: 7 }), column: fc.integer({ min: 1, max: 7 }), text });
  const start = book(
    '<table:table table:name="S"><table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="4"/></table:table-row><table:table-row/></table:table>',
  );

  it('show what was put into them, in any order of putting', () => {
    fc.assert(
      fc.property(fc.uniqueArray(cell, { selector: refName, minLength: 2, maxLength: 10 }), (cells) => {
        const expected = cells
          .toSorted((a, b) => a.row - b.row || a.column - b.column)
          .map((each) => `S!${refName(each)}|${each.text}`);
        const set = (each: (typeof cells)[number]) => ({ set: `S!${refName(each)}`, text: [each.text] });
        const oneByOne = cells.reduce((at, each) => edit(ods, at, set(each)), start);
        expect(lines(ods, oneByOne).slice(1)).toEqual(expected);
        expect(lines(ods, edit(ods, start, ...cells.map(set))).slice(1)).toEqual(expected);
        const [a, b] = cells.map((each) => aimsOf(ods, oneByOne, [{ set: `S!${refName(each)}`, text: ['changed'] }]));
        const ab = applyAfter(oneByOne, a!, b!);
        expect(ab && lines(ods, ab)).toEqual(lines(ods, applyAfter(oneByOne, b!, a!)!));
      }),
      { numRuns: 150 },
    );
  });
});
