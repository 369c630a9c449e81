import { expect, it } from 'vitest';
import type { Verb } from '../../../../src/realdoc/edit/verbs.ts';
import { docx } from '../../../../src/realdoc/office/docx/index.ts';
import type { Part } from '../../../../src/realdoc/office/kind.ts';
import { inflateEntry, readZip } from '../../../../src/realdoc/office/zip.ts';
import { docxFile, p, run } from '../../../support/docx-file.ts';
import { edit, lines, textOf } from '../../../support/office-parts.ts';

function partsOf(body: string): Part[] {
  const file = docxFile({ body });
  return readZip(file).entries.map((entry) => ({ name: entry.name, bytes: inflateEntry(file, entry) }));
}

function bodyAfter(body: string, verb: Verb): string {
  const xml = textOf(edit(docx, partsOf(body), verb), 'word/document.xml');
  return xml.slice(xml.indexOf('<w:body>') + 8, xml.indexOf('<w:sectPr/></w:body>'));
}

it('never cut what no line shows: a picture goes along when its paragraph moves, and is not cut', () => {
  const unsafe = (what: string): unknown =>
    expect.objectContaining({ code: 'DOC_UNSAFE_SPAN', details: expect.objectContaining({ what }) });
  const picture = p('<w:r><w:drawing/></w:r>');
  const body = p('a') + picture + p('b');
  expect(lines(docx, partsOf(body))).toEqual(['a', '', 'b']);
  expect(() => edit(docx, partsOf(body), { cut: '2' })).toThrow(unsafe('a drawing'));
  expect(() => edit(docx, partsOf(body), { set: '1-2', text: ['a'] })).toThrow(unsafe('a drawing'));
  expect(() => edit(docx, partsOf(p(`${run('x')}<w:r><w:object/></w:r>`) + p('b')), { cut: '1' })).toThrow(
    unsafe('an embedded object'),
  );
  expect(() => edit(docx, partsOf(p('<w:r><w:br w:type="page"/></w:r>') + p('b')), { cut: '1' })).toThrow(
    unsafe('a page or column break'),
  );
  expect(bodyAfter(body, { move: '2', to: '>3' })).toBe(p('a') + p('b') + picture);
  expect(bodyAfter(p('') + p('b'), { cut: '1' })).toBe(p('b'));
});

it('leave locked controls and results of fields alone, whatever the verb', () => {
  const locked = (content: string): string =>
    `<w:sdt><w:sdtPr><w:lock w:val="sdtContentLocked"/></w:sdtPr><w:sdtContent>${content}</w:sdtContent></w:sdt>`;
  const field = (type: string): string => `<w:r><w:fldChar w:fldCharType="${type}"/></w:r>`;
  const code = '<w:r><w:instrText> TOC </w:instrText></w:r>';
  const toc =
    p(`${field('begin')}${code}${field('separate')}${run('One 1')}`) +
    p('Two 2') +
    p(`${run('Three 3')}${field('end')}`);
  const zotero = p(`<w:fldSimple w:instr=" ADDIN ZOTERO_ITEM CSL_CITATION {} ">${run('Smith 2020')}</w:fldSimple>`);
  const cell = (text: string): string => `<w:tc>${p(text)}${p('more')}</w:tc>`;
  const table = `<w:tbl><w:tr>${locked(cell('k'))}${cell('l')}</w:tr></w:tbl>`;
  const refused: [string, Verb][] = [
    [p('a') + locked(p('b') + p('c')), { set: '2', text: ['x'] }],
    [p('a') + locked(p('b') + p('c')), { cut: '2' }],
    [p('a') + locked(p('b') + p('c')), { put: '>2', text: ['x'] }],
    [p('a') + locked(p('b') + p('c')), { put: '<2', text: ['x'] }],
    [p('a') + locked(p('b') + p('c')), { move: '2', to: '>0' }],
    [p('a') + locked(p('b') + p('c')), { move: '1', to: '>2' }],
    [p(`${run('a')}${locked(run('b'))}`) + p('c'), { cut: '1' }],
    [table, { cut: '1' }],
    [zotero, { set: '1', text: ['Smith 2021'] }],
    [toc + p('a'), { cut: '1' }],
    [toc + p('a'), { cut: '2' }],
    [toc + p('a'), { put: '>1', text: ['x'] }],
    [toc + p('a'), { put: '<3', text: ['x'] }],
    [toc + p('a'), { move: '4', to: '>2' }],
  ];
  for (const [body, verb] of refused) {
    expect(() => edit(docx, partsOf(body), verb), JSON.stringify(verb)).toThrow(
      expect.objectContaining({ code: 'DOC_UNSAFE_SPAN' }),
    );
  }
  expect(
    lines(docx, edit(docx, partsOf(p('a') + toc + p('b')), { put: '>1', text: ['x'] }, { put: '>4', text: ['y'] })),
  ).toEqual(['a', 'x', 'One 1', 'Two 2', 'Three 3', 'y', 'b']);
  expect(lines(docx, edit(docx, partsOf(table), { cut: '3' }))).toEqual(['T1!A1|k', 'T1!A1|more', 'T1!B1|more']);
});
