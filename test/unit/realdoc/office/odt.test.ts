import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Part } from '../../../../src/realdoc/office/kind.ts';
import { odt } from '../../../../src/realdoc/office/odf/index.ts';
import { aimsOf, applyAfter, edit, lines, partsFrom, textOf } from '../../../support/office-parts.ts';

const NS =
  'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"';
const document = (body: string, master = ''): Part[] =>
  partsFrom({
    'content.xml': `<office:document-content ${NS}><office:body><office:text>${body}</office:text></office:body></office:document-content>`,
    'styles.xml': `<office:document-styles ${NS}><office:master-styles><style:master-page style:name="Standard">${master}</style:master-page></office:master-styles></office:document-styles>`,
  });

const parts = document(
  '<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion></text:changed-region></text:tracked-changes>' +
    '<text:h text:style-name="H1" text:outline-level="2">Opening  hours</text:h>' +
    '<text:p text:style-name="P1">\n  Staffed <text:span text:style-name="B">from 7</text:span><text:span text:style-name="I"> to 17</text:span> &amp;<text:s text:c="3"/>later<text:tab/>x<text:line-break/>y<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body><text:p>Not on Sundays.</text:p></text:note-body></text:note></text:p>' +
    '<text:list><text:list-item><text:p text:style-name="L">first</text:p></text:list-item><text:list-item><text:p text:style-name="L">second</text:p></text:list-item></text:list>' +
    '<table:table table:name="T"><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell><table:table-cell><text:p>page <text:page-number>3</text:page-number></text:p></table:table-cell></table:table-row></table:table>' +
    '<text:table-of-content><text:index-body><text:p>Opening hours 1</text:p></text:index-body></text:table-of-content>' +
    '<text:p text:style-name="P1"/>',
  '<style:header><text:p>Acme</text:p></style:header>',
);

describe('a text document', () => {
  it('is read in its order, white space counted as OpenDocument counts it', () => {
    expect(lines(odt, parts)).toEqual([
      'Opening hours',
      'Staffed from 7 to 17 &   later\tx↵y',
      'first',
      'second',
      'T A1|a',
      'T B1|page 3',
      '',
      'footnote 1|Not on Sundays.',
      'header Standard|Acme',
    ]);
    expect(odt.view(parts)[0]).toMatchObject({ level: 2 });
  });

  it('changes words across spans and leaves the others as they look', () => {
    const after = edit(odt, parts, { sub: { find: 'from 7 to 17', replace: 'from 8 to 18' } });
    expect(textOf(after, 'content.xml')).toContain(
      '<text:span text:style-name="B">from 8</text:span><text:span text:style-name="I"> to 18</text:span>',
    );
  });

  it('writes spaces, tabs and breaks as OpenDocument needs them', () => {
    const after = edit(odt, parts, { set: '7', text: [' a  b\tc↵<d> '] }, { sub: { find: 'later', replace: '' } });
    expect(textOf(after, 'content.xml')).toContain(
      '<text:p text:style-name="P1"><text:s/>a <text:s/>b<text:tab/>c<text:line-break/>&lt;d&gt;<text:s/></text:p>',
    );
    expect(lines(odt, after)[6]).toBe(' a  b\tc↵<d> ');
    const gap = edit(odt, parts, { sub: { find: 'to', replace: '' } }, { sub: { find: 'Staffed', replace: '' } });
    expect(lines(odt, gap)[1]).toBe(' from 7  17 &   later\tx↵y');
  });

  it('keeps a picture that no line shows: its paragraph moves whole and is not cut', () => {
    const frame =
      '<text:p><d:frame xmlns:d="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"><d:image/></d:frame></text:p>';
    const pictured = document(`<text:p>a</text:p>${frame}<text:p>b</text:p>`);
    for (const verb of [{ cut: '2' }, { set: '1-2', text: ['a'] }]) {
      expect(() => edit(odt, pictured, verb)).toThrow(expect.objectContaining({ code: 'DOC_UNSAFE_SPAN' }));
    }
    expect(textOf(edit(odt, pictured, { move: '2', to: '>3' }), 'content.xml')).toContain(`<text:p>b</text:p>${frame}`);
  });

  it('refuses a character that XML cannot hold', () => {
    for (const verb of [{ set: '1', text: ['\u0001'] }, { sub: { find: 'Opening', replace: '\uffff' } }]) {
      expect(() => edit(odt, parts, verb)).toThrow(expect.objectContaining({ code: 'DOC_VERB_INVALID' }));
    }
  });

  it('puts text after a heading, list items into lists, and cuts them whole', () => {
    const after = edit(odt, parts, { put: '>1', text: ['new'] }, { put: '>3', text: ['between'] }, { cut: '4' });
    expect(lines(odt, after).slice(0, 5)).toEqual(['Opening hours', 'new', lines(odt, parts)[1], 'first', 'between']);
    expect(textOf(after, 'content.xml')).toContain('</text:h><text:p text:style-name="P1">new</text:p>');
    expect(textOf(after, 'content.xml')).toContain(
      'first</text:p></text:list-item><text:list-item><text:p text:style-name="L">between</text:p></text:list-item></text:list>',
    );
  });

  it('refuses to change what the program fills in', () => {
    expect(() => edit(odt, parts, { set: 'T B1', text: ['page 4'] })).toThrow(
      expect.objectContaining({ code: 'DOC_UNSAFE_SPAN' }),
    );
    expect(lines(odt, edit(odt, parts, { set: 'T B1', text: ['p. 3'] }))[5]).toBe('T B1|p. 3');
  });

  it('changes headers in their own part', () => {
    const after = edit(odt, parts, { set: 'header Standard', text: ['Acme GmbH'] });
    expect(textOf(after, 'styles.xml')).toContain('<text:p>Acme GmbH</text:p>');
    expect(textOf(after, 'content.xml')).toBe(textOf(parts, 'content.xml'));
  });
});

describe('random paragraphs', () => {
  const piece = fc.stringMatching(/^[ab<&\t你↵ ]{0,8}$/);
  it('say what they were set to, whatever white space is in it', () => {
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 3 }), piece, piece, (spans, one, two) => {
        const written = spans
          .map((s) => `<text:span>${s.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text:span>`)
          .join(' ');
        const start = document(`<text:p>${written}</text:p><text:p/>`);
        const a = aimsOf(odt, start, [{ set: '1', text: [one] }]);
        const b = aimsOf(odt, start, [{ set: '2', text: [two] }]);
        for (const after of [applyAfter(start, a, b), applyAfter(start, b, a)]) {
          expect(after && lines(odt, after).slice(0, 2)).toEqual([one, two]);
        }
      }),
      { numRuns: 500 },
    );
  });
});
