import { describe, expect, it } from 'vitest';
import type { Part } from '../../../../src/realdoc/office/kind.ts';
import { ods } from '../../../../src/realdoc/office/odf/index.ts';
import { shownFormula, storedFormula } from '../../../../src/realdoc/office/odf/open-formula.ts';
import { movedFormula } from '../../../../src/realdoc/office/xlsx/formula.ts';
import { xlsx } from '../../../../src/realdoc/office/xlsx/index.ts';
import { aimsOf, edit, lines, partsFrom, textOf } from '../../../support/office-parts.ts';
import { rows, workbook } from '../../../support/xlsx-parts.ts';

const SHEET1 = 'xl/worksheets/sheet1.xml';
const refused = (code: string): object => expect.objectContaining({ code });
const NS =
  'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"';
const excel = (cells: string, names = ''): Part[] =>
  workbook([{ name: 'S', inner: rows(`<row r="1">${cells}</row>`) }], { names });
const calc = (cells: string): Part[] =>
  partsFrom({
    'content.xml': `<office:document-content ${NS}><office:body><office:spreadsheet><table:table table:name="S"><table:table-row>${cells}</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>`,
  });
const typed = (text: string): string => `<c r="A1" t="inlineStr"><is><t>${text}</t></is></c>`;

describe('a cell of Excel', () => {
  it('keeps characters that are shown as others, in set as in sub', () => {
    const odd = 'one_x000D_two ↵ three _xD83D_';
    const parts = excel(typed(odd));
    const [, line] = lines(xlsx, parts);
    for (const verb of [
      { set: 'S!A1', text: [`${line!.slice('S!A1|'.length)} four`] },
      { sub: { find: 'three', replace: 'three' } },
      { set: 'S!A1', text: [`${line!.slice('S!A1|'.length).replace('two', 'more')}`] },
    ]) {
      const after = edit(xlsx, parts, verb);
      expect(textOf(after, SHEET1)).toContain('one_x000D_');
      expect(textOf(after, SHEET1)).toContain(' ↵ three _xD83D_');
    }
  });

  it('is not touched by what says the same again', () => {
    const cells =
      '<c r="A1" t="str"><v>=no formula</v></c><c r="B1"><v>0.10000000000000001</v></c><c r="C1"><f>B1*2</f><v>0.2</v></c>';
    const parts = excel(cells);
    const said = ['=no formula', '0.1', '0.2|=B1*2'];
    for (const [i, text] of said.entries())
      expect(aimsOf(xlsx, parts, [{ set: `${i + 2}`, text: [text] }])).toEqual([]);
    expect(aimsOf(xlsx, parts, [{ set: 'S!C1', text: ['=B1*2'] }])).toEqual([]);
    const after = edit(xlsx, parts, { sub: { find: 'no', replace: 'a' } });
    expect(textOf(after, SHEET1)).toContain('<t>=a formula</t>');
    expect(textOf(edit(xlsx, parts, { set: 'S!C1', text: ['0.2'] }), SHEET1)).toContain('<c r="C1"><v>0.2</v></c>');
  });

  it('with an array formula of its own keeps it one', () => {
    const parts = excel('<c r="A1" cm="1"><f t="array" ref="A1">SUM(B1:B2*2)</f><v>2</v></c>');
    expect(textOf(edit(xlsx, parts, { sub: { find: '*2', replace: '*3' } }), SHEET1)).toContain(
      '<c r="A1" cm="1"><f t="array" ref="A1">SUM(B1:B2*3)</f></c>',
    );
    expect(textOf(edit(xlsx, parts, { set: 'S!A1', text: ['5'] }), SHEET1)).toContain('<c r="A1"><v>5</v></c>');
    const table = excel('<c r="A1"><f t="dataTable" ref="A1" r1="B1"/><v>2</v></c>');
    expect(() => edit(xlsx, table, { set: 'S!A1', text: ['=B1'] })).toThrow(refused('DOC_UNSAFE_SPAN'));
  });

  it('follows a shared formula over whole columns and rows', () => {
    expect(movedFormula('SUM(A:A,$B:C,1:1,$2:3)+AB12+"A:A"', 1, 2)).toBe('SUM(C:C,$B:E,2:2,$2:4)+AD13+"A:A"');
    expect(movedFormula("'A:A'!B1+Sheet1!B:B+R2D2x+LOG10(A1)+1E5", 1, 1)).toBe(
      "'A:A'!C2+Sheet1!C:C+R2D2x+LOG10(B2)+1E5",
    );
  });
});

it('a name that two sheets have is nobody: the line says which', () => {
  const names =
    '<definedNames><definedName name="Total" localSheetId="0">S!$A$1</definedName><definedName name="Total" localSheetId="1">S!$B$1</definedName></definedNames>';
  const parts = excel('<c r="A1"><v>1</v></c>', names);
  expect(() => edit(xlsx, parts, { set: 'Total', text: ['=S!$C$1'] })).toThrow(refused('DOC_ADDRESS_UNKNOWN'));
  expect(() => edit(xlsx, parts, { sub: { find: '1', replace: '2', range: 'Total' } })).toThrow(
    refused('DOC_ADDRESS_UNKNOWN'),
  );
  const after = edit(xlsx, parts, { set: '4', text: ['=S!$C$1'] });
  expect(lines(xlsx, after).slice(2)).toEqual(['Total|=S!$A$1', 'Total|=S!$C$1']);
  expect(() => edit(xlsx, parts, { set: '4', text: ['="\u0001"'] })).toThrow(refused('DOC_UNSAFE_SPAN'));
});

describe('a cell of Calc', () => {
  it('takes numbers, arrays, whole columns and rows in formulas', () => {
    for (const [said, stored] of [
      ['=A1*1E5+.5e-3+B2', 'of:=[.A1]*1E5+.5e-3+[.B2]'],
      ['=SUM({1,2;3,"a;b,|}"})', 'of:=SUM({1;2|3;"a;b,|}"})'],
      ['=SUM(A:A,S!$1:2,B$1:C3)', 'of:=SUM([.A:.A];[$S.$1:.2];[.B$1:.C3])'],
    ] as const) {
      expect(storedFormula(said)).toBe(stored);
      expect(shownFormula(stored)).toBe(said);
    }
  });

  it('is not touched by what says the same again, and keeps an array formula one', () => {
    const matrix =
      'table:number-matrix-columns-spanned="1" table:number-matrix-rows-spanned="1" table:formula="of:=SUM([.A1]*2)"';
    const parts = calc(
      `<table:table-cell office:value-type="float" office:value="1.5"><text:p>1,50</text:p></table:table-cell><table:table-cell ${matrix}/><table:table-cell office:value-type="string"><text:p>=no formula</text:p></table:table-cell>`,
    );
    expect(lines(ods, parts)).toEqual(['# S', 'S!A1|1.5', 'S!B1||=SUM(A1*2)', 'S!C1|=no formula']);
    const echo = [{ set: '2-4', text: ['1.5', '=SUM(A1*2)', '=no formula'] }];
    expect(aimsOf(ods, parts, echo)).toEqual([]);
    const after = textOf(edit(ods, parts, { sub: { find: '*2', replace: '*3' } }), 'content.xml');
    expect(after).toContain('table:number-matrix-columns-spanned="1" table:number-matrix-rows-spanned="1"');
    expect(after).toContain('table:formula="of:=SUM([.A1]*3)"');
    expect(lines(ods, edit(ods, parts, { sub: { find: 'no', replace: 'a' } }))[3]).toBe('S!C1|=a formula');
  });

  it('says which verb has a character that no document can hold', () => {
    const parts = calc('<table:table-cell office:value-type="string"><text:p>a</text:p></table:table-cell>');
    for (const text of ['\u0001', '\uffff', '\ud800']) {
      expect(() => edit(ods, parts, { set: 'S!A1', text: ['b'] }, { set: 'S!B1', text: [text] })).toThrow(
        expect.objectContaining({ code: 'DOC_VERB_INVALID', details: expect.objectContaining({ verb: 2 }) }),
      );
    }
  });
});
