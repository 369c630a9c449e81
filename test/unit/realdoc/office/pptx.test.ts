import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Part } from '../../../../src/realdoc/office/kind.ts';
import { pptx } from '../../../../src/realdoc/office/pptx/index.ts';
import { aimsOf, applyAfter, edit, lines, partsFrom, textOf } from '../../../support/office-parts.ts';

const A = 'http://schemas.openxmlformats.org/drawingml/2006/main';
const P = 'http://schemas.openxmlformats.org/presentationml/2006/main';
const R = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const RELS = 'http://schemas.openxmlformats.org/package/2006/relationships';
const SLIDE = 'ppt/slides/slide1.xml';

const rels = (...list: [string, string, string][]): string =>
  `<Relationships xmlns="${RELS}">${list.map(([id, type, target]) => `<Relationship Id="${id}" Type="${R}/${type}" Target="${target}"/>`).join('')}</Relationships>`;
const shape = (name: string, paragraphs: string, ph = ''): string =>
  `<p:sp><p:nvSpPr><p:cNvPr id="2" name="${name}"/><p:cNvSpPr/><p:nvPr>${ph}</p:nvPr></p:nvSpPr><p:txBody><a:bodyPr/>${paragraphs}</p:txBody></p:sp>`;
const slide = (shapes: string, root = 'p:sld', extra = ''): string =>
  `<${root} xmlns:a="${A}" xmlns:p="${P}" xmlns:r="${R}"${extra}><p:cSld><p:spTree>${shapes}</p:spTree></p:cSld></${root}>`;

/** Slides in the order given by the presentation, which is not that of the part names. */
function deck(first: string): Part[] {
  return partsFrom({
    '_rels/.rels': rels(['rId1', 'officeDocument', 'ppt/presentation.xml']),
    'ppt/presentation.xml': `<p:presentation xmlns:p="${P}" xmlns:r="${R}"><p:sldIdLst><p:sldId id="256" r:id="rId9"/><p:sldId id="257" r:id="rId2"/></p:sldIdLst></p:presentation>`,
    'ppt/_rels/presentation.xml.rels': rels(
      ['rId2', 'slide', 'slides/slide2.xml'],
      ['rId9', 'slide', '/ppt/slides/slide1.xml'],
    ),
    [SLIDE]: slide(first),
    'ppt/slides/slide2.xml': slide(shape('Title 1', '<a:p><a:r><a:t>Second</a:t></a:r></a:p>'), 'p:sld', ' show="0"'),
    'ppt/slides/_rels/slide1.xml.rels': rels(['rId1', 'notesSlide', '../notesSlides/notesSlide1.xml']),
    'ppt/notesSlides/notesSlide1.xml': slide(
      shape('Slide Number', '<a:p><a:fld id="1" type="slidenum"><a:t>1</a:t></a:fld></a:p>', '<p:ph type="sldNum"/>') +
        shape('Notes', '<a:p><a:r><a:t>Say hello</a:t></a:r></a:p>', '<p:ph type="body"/>'),
      'p:notes',
    ),
  });
}

const runs =
  '<a:p><a:pPr lvl="1"/><a:r><a:rPr b="1"/><a:t>Net</a:t></a:r><a:r><a:rPr i="1"/><a:t> sales &amp; </a:t></a:r><a:r><a:t>costs</a:t></a:r><a:br/><a:fld id="{1}" type="slidenum"><a:rPr/><a:t>12</a:t></a:fld><a:endParaRPr sz="900"/></a:p>';
const parts = deck(
  shape('Title 1', '<a:p><a:r><a:t>Report</a:t></a:r></a:p>', '<p:ph type="title"/>') +
    `<p:grpSp>${shape('Text', runs)}${shape('Text', '<a:p><a:endParaRPr sz="900"/></a:p><a:p/>')}</p:grpSp>` +
    '<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="5" name="T"/></p:nvGraphicFramePr><a:graphic><a:graphicData><a:tbl><a:tr><a:tc gridSpan="2"><a:txBody><a:p><a:r><a:t>wide</a:t></a:r></a:p></a:txBody></a:tc><a:tc hMerge="1"><a:txBody><a:p/></a:txBody></a:tc></a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame>',
);

describe('a presentation', () => {
  it('is read in the order in which it is shown, notes after their slide', () => {
    expect(lines(pptx, parts)).toEqual([
      'slide 1 / Title 1|Report',
      'slide 1 / Text|Net sales & costs↵12',
      'slide 1 / Text #2|',
      'slide 1 / Text #2|',
      'slide 1 / T A1|wide',
      'slide 1 / notes|Say hello',
      'slide 2 / Title 1 (hidden)|Second',
    ]);
    expect(pptx.view(parts)[0]).toMatchObject({ level: 1, address: 'slide 1 / Title 1' });
  });

  it('changes words across runs and leaves every other run as it looks', () => {
    const after = edit(pptx, parts, { sub: { find: 'Net sales & costs', replace: 'Gross sales < costs' } });
    expect(textOf(after, SLIDE)).toContain(
      '<a:r><a:rPr b="1"/><a:t>Gross</a:t></a:r><a:r><a:rPr i="1"/><a:t> sales &lt; </a:t></a:r><a:r><a:t>costs</a:t></a:r><a:br/>',
    );
    const joined = edit(pptx, parts, { sub: { find: 'Net sales &', replace: 'All' } });
    expect(textOf(joined, SLIDE)).toContain(
      '<a:r><a:rPr b="1"/><a:t>All</a:t></a:r><a:r><a:rPr i="1"/><a:t> </a:t></a:r>',
    );
  });

  it('refuses to change a field, and says what can be changed', () => {
    expect(() => edit(pptx, parts, { sub: { find: '12', replace: '13' } })).toThrow(
      expect.objectContaining({
        code: 'DOC_UNSAFE_SPAN',
        details: expect.objectContaining({ safe: '"Net", " sales & ", "costs"' }),
      }),
    );
  });

  it('fills empty paragraphs in the look they hold ready', () => {
    const after = edit(pptx, parts, { set: '3-4', text: ['one', 'two↵lines'] });
    expect(textOf(after, SLIDE)).toContain(
      '<a:p><a:r><a:rPr sz="900"/><a:t>one</a:t></a:r><a:endParaRPr sz="900"/></a:p>',
    );
    expect(textOf(after, SLIDE)).toContain(
      '<a:p><a:r><a:t>two</a:t></a:r><a:br></a:br><a:r><a:t>lines</a:t></a:r></a:p>',
    );
  });

  it('puts, cuts and moves paragraphs by address, and keeps one in each shape', () => {
    const put = edit(pptx, parts, { put: '>slide 1 / Text', text: ['more', 'slide 1 / Text|still more'] });
    expect(lines(pptx, put).slice(1, 4)).toEqual([
      'slide 1 / Text|Net sales & costs↵12',
      'slide 1 / Text|more',
      'slide 1 / Text|still more',
    ]);
    expect(textOf(put, SLIDE)).toContain(
      '<a:p><a:pPr lvl="1"/><a:r><a:rPr b="1"/><a:t>more</a:t></a:r><a:endParaRPr sz="900"/></a:p>',
    );
    const cut = edit(pptx, put, { cut: '3' }, { cut: 'slide 1 / T A1' });
    expect(lines(pptx, cut)).toEqual(
      lines(pptx, parts).with(4, 'slide 1 / T A1|').toSpliced(2, 0, 'slide 1 / Text|still more'),
    );
    const moved = edit(pptx, put, { move: '2', to: '>4' });
    expect(lines(pptx, moved).slice(1, 4)).toEqual([
      'slide 1 / Text|more',
      'slide 1 / Text|still more',
      'slide 1 / Text|Net sales & costs↵12',
    ]);
  });

  it('takes characters of a line as an address', () => {
    expect(lines(pptx, edit(pptx, parts, { set: '1:19-24', text: ['Summary'], was: 'port' }))[0]).toBe(
      'slide 1 / Title 1|Summary',
    );
    expect(() => edit(pptx, parts, { set: '1:3-20', text: ['x'] })).toThrow(
      expect.objectContaining({ code: 'DOC_ADDRESS_UNKNOWN' }),
    );
  });
});

describe('random paragraphs', () => {
  const word = fc.stringMatching(/^[a-z<&"é你]{1,5}$/);
  const paragraph = fc.array(fc.array(word, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 });
  const write = (p: string[][]): string =>
    `<a:p>${p.map((r, i) => `<a:r><a:rPr sz="${i}"/><a:t>${r.join(' ').replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</a:t></a:r>`).join('')}</a:p>`;

  it('say what they were set to, and two edits of different paragraphs fit in either order', () => {
    fc.assert(
      fc.property(paragraph, paragraph, paragraph, paragraph, (a, b, c, d) => {
        const start = deck(shape('S', write(a) + write(b)));
        const text = (p: string[][]): string => p.map((r) => r.join(' ')).join('');
        const one = aimsOf(pptx, start, [{ set: '1', text: [text(c)] }]);
        const two = aimsOf(pptx, start, [{ set: '2', text: [text(d)] }]);
        for (const after of [applyAfter(start, one, two), applyAfter(start, two, one)]) {
          expect(after && lines(pptx, after).slice(0, 2)).toEqual([`slide 1 / S|${text(c)}`, `slide 1 / S|${text(d)}`]);
        }
      }),
      { numRuns: 150 },
    );
  });
});
