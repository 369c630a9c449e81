import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verb } from '../../../../src/realdoc/edit/verbs.ts';
import { docx } from '../../../../src/realdoc/office/docx/index.ts';
import type { Part } from '../../../../src/realdoc/office/kind.ts';
import { parseXml } from '../../../../src/realdoc/office/xml.ts';
import { inflateEntry, readZip } from '../../../../src/realdoc/office/zip.ts';
import { type DocxShape, docxFile, p, run, W } from '../../../support/docx-file.ts';

const OPTIONS = { author: 'Jingu', now: '2026-11-21T10:00:00.000Z' };

function partsOf(shape: DocxShape | string): Part[] {
  const file = docxFile(typeof shape === 'string' ? { body: shape } : shape);
  return readZip(file).entries.map((entry) => ({ name: entry.name, bytes: inflateEntry(file, entry) }));
}

function lines(parts: readonly Part[]): string[] {
  return docx.view(parts).map((line) => line.text);
}

function edit(parts: readonly Part[], verbs: Verb[], track?: boolean): Part[] {
  const options = track === undefined ? OPTIONS : { ...OPTIONS, track };
  const aims = docx.resolve(parts, docx.view(parts), verbs, options);
  return parts.map((part, i) => {
    const splices = aims.flatMap((aim) => (aim.part === i ? aim.splices : []));
    const sorted = splices.toSorted((a, b) => a.at - b.at || Math.sign(a.del) - Math.sign(b.del));
    let out = '';
    let at = 0;
    for (const s of sorted) {
      expect(s.at).toBeGreaterThanOrEqual(at);
      out += part.bytes.toString('latin1', at, s.at) + Buffer.from(s.ins).toString('latin1');
      at = s.at + s.del;
    }
    const bytes = Buffer.from(out + part.bytes.toString('latin1', at), 'latin1');
    parseXml(bytes, { part: part.name });
    return { name: part.name, bytes };
  });
}

function bodyOf(parts: readonly Part[]): string {
  const xml = parts.find((part) => part.name === 'word/document.xml')!.bytes.toString();
  return xml.slice(xml.indexOf('<w:body>') + 8, xml.indexOf('<w:sectPr/></w:body>'));
}

/** The body after the verbs. */
const bodyAfter = (body: string, verbs: Verb[], track?: boolean): string => bodyOf(edit(partsOf(body), verbs, track));
const t = (text: string): string => `<w:t xml:space="preserve">${text}</w:t>`;

describe('Word documents as lines', () => {
  it('shows what is inserted and hides what is deleted, marks, fields and formulas as text', () => {
    const body = p(
      `${run('a')}<w:ins w:id="1" w:author="x">${run('b')}</w:ins><w:del w:id="2" w:author="x"><w:r><w:delText>no</w:delText></w:r></w:del><w:r><w:tab/><w:t>c</w:t><w:br/><w:noBreakHyphen/></w:r><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> PAGE </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>${run('7')}<w:r><w:fldChar w:fldCharType="end"/></w:r><m:oMath xmlns:m="urn:m"><m:r><m:t>x+y</m:t></m:r></m:oMath>`,
    );
    expect(lines(partsOf(body))).toEqual(['ab\tc↵\u20117x+y']);
  });

  it('reads on where a relationship has a stray percent sign', () => {
    expect(lines(partsOf({ body: p('a'), parts: { '100%.xml': '<x/>' } }))).toEqual(['a']);
  });

  it('gives tables, notes, headers and text boxes addresses, and headings their level', () => {
    const table = `<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr>${p('a')}${p('b')}</w:tc><w:tc>${p('c')}</w:tc></w:tr></w:tbl>`;
    const box = p(`<w:r><w:pict><w:txbxContent>${p('in a box')}</w:txbxContent></w:pict></w:r>${run('around')}`);
    const parts = partsOf({
      body: p('One', '<w:pStyle w:val="Sub"/>') + table + box,
      parts: {
        'styles.xml': `<w:styles xmlns:w="${W}"><w:style w:styleId="H"><w:name w:val="heading 2"/></w:style><w:style w:styleId="Sub"><w:basedOn w:val="H"/></w:style></w:styles>`,
        'header1.xml': `<w:hdr xmlns:w="${W}">${p('Top')}</w:hdr>`,
        'footnotes.xml': `<w:footnotes xmlns:w="${W}"><w:footnote w:id="0" w:type="separator">${p('')}</w:footnote><w:footnote w:id="3">${p('See there.')}</w:footnote></w:footnotes>`,
        'comments.xml': `<w:comments xmlns:w="${W}"><w:comment w:id="9">${p('Really?')}</w:comment></w:comments>`,
      },
    });
    expect(lines(parts)).toEqual([
      'One',
      'T1!A1|a',
      'T1!A1|b',
      'T1!C1|c',
      'around',
      'box|in a box',
      'header1|Top',
      'footnote 3|See there.',
      'comment 9|Really?',
    ]);
    expect(docx.view(parts)[0]).toMatchObject({ level: 2 });
    expect(
      lines(edit(parts, [{ set: 'T1!C1', text: ['d'] }, { sub: { find: 'there', replace: 'here' } }])).slice(3),
    ).toEqual(['T1!C1|d', 'around', 'box|in a box', 'header1|Top', 'footnote 3|See here.', 'comment 9|Really?']);
  });
});

describe('edits of Word documents', () => {
  it('keep each run its look: new words take that of the first word they replace', () => {
    const body = p(
      `${run('The ', '<w:i/>')}<w:bookmarkStart w:id="1"/>${run('old ', '<w:b/>')}<w:bookmarkEnd w:id="1"/>${run('contract ends', '<w:u/>')}`,
    );
    expect(bodyAfter(body, [{ sub: { find: 'old contract', replace: 'new' } }])).toBe(
      p(
        `${run('The ', '<w:i/>')}<w:bookmarkStart w:id="1"/>${run('new', '<w:b/>')}<w:bookmarkEnd w:id="1"/>${run(' ends', '<w:u/>')}`,
      ),
    );
    expect(bodyAfter(body, [{ set: '1', text: ['The old contract begins'] }])).toBe(body.replace('ends', 'begins'));
    expect(bodyAfter(body, [{ set: '1', text: ['The contract ends'] }])).toBe(
      p(
        `${run('The ', '<w:i/>')}<w:bookmarkStart w:id="1"/><w:bookmarkEnd w:id="1"/>${run('contract ends', '<w:u/>')}`,
      ),
    );
  });

  it('write tabs, breaks, entities and outer spaces as Word does', () => {
    expect(bodyAfter(p('<w:r><w:t>a</w:t></w:r>'), [{ set: '1', text: ['a <b>\t&↵ c'] }])).toBe(
      p(`<w:r>${t('a &lt;b&gt;')}<w:tab/>${t('&amp;')}<w:br/>${t(' c')}</w:r>`),
    );
    expect(bodyAfter(p(''), [{ set: '1', text: ['x'] }])).toBe(p(run('x')));
    expect(bodyAfter('<w:p/>', [{ set: '1', text: ['x'] }])).toBe(p(run('x')));
  });

  it('strip only the white space of XML, and leave the characters beside a change as they were stored', () => {
    const body = p('<w:r><w:t>\u3000\u3000第一条 甲方\u00a0 </w:t></w:r>');
    expect(lines(partsOf(body))).toEqual(['\u3000\u3000第一条 甲方\u00a0']);
    expect(bodyAfter(body, [{ sub: { find: '甲方', replace: '乙方' } }])).toBe(p(run('\u3000\u3000第一条 乙方\u00a0')));
    const odd = p('<w:r><w:t>press ↵\u2028now</w:t></w:r>');
    const edited = bodyAfter(odd, [{ sub: { find: 'now', replace: 'then' } }]);
    expect(edited).toBe(p(run('press ↵\u2028then')));
    expect(bodyAfter(odd, [{ sub: { find: 'now', replace: 'then' } }], true)).toContain(t('press ↵\u2028'));
  });

  it('write every change beside one tab, break or hyphen', () => {
    const body = p(`<w:r><w:tab/>${t('foo')}</w:r>`);
    expect(bodyAfter(body, [{ set: '1', text: ['A\tB foo'] }])).toBe(
      p(`<w:r>${t('A')}<w:tab/>${t('B ')}${t('foo')}</w:r>`),
    );
    const broken = p('<w:r><w:br/></w:r>');
    expect(lines(edit(partsOf(broken), [{ set: '1', text: ['x↵y'] }]))).toEqual(['x↵y']);
    expect(lines(edit(partsOf(broken), [{ set: '1', text: ['x↵y'] }], true))).toEqual(['x↵y']);
  });

  it('stop at the edges of fields, links, controls and drawings, and say what may be changed', () => {
    const link = `<w:hyperlink r:id="rId9">${run('the site')}</w:hyperlink>`;
    const body = p(`${run('See ')}${link}${run(' now.')}`);
    const crossing = (): unknown => edit(partsOf(body), [{ sub: { find: 'See the', replace: 'Visitthe' } }]);
    expect(crossing).toThrow(
      expect.objectContaining({
        code: 'DOC_UNSAFE_SPAN',
        details: expect.objectContaining({
          what: 'a link',
          line: 1,
          safe: ['1:1-4 "See "', '1:5-12 "the site"', '1:13-17 " now."'],
        }),
      }),
    );
    expect(bodyAfter(body, [{ sub: { find: 'site', replace: 'page' } }])).toBe(body.replace('site', 'page'));
    // What is added at the edge of a link stays outside of it.
    expect(bodyAfter(body, [{ sub: { find: ' now', replace: ' soon' } }])).toBe(body.replace('now', 'soon'));
    expect(bodyAfter(p(link), [{ set: '1', text: ['the site here'] }])).toBe(p(`${link}${run(' here')}`));
    const field = p(`<w:fldSimple w:instr=" PAGE ">${run('7')}</w:fldSimple>`);
    expect(() => edit(partsOf(field), [{ set: '1', text: ['8'] }])).toThrow(
      expect.objectContaining({ code: 'DOC_UNSAFE_SPAN' }),
    );
  });

  it('put paragraphs with the look of their neighbour, numbering and all, but no section', () => {
    const list = p('one', '<w:numPr><w:numId w:val="4"/></w:numPr><w:sectPr/>');
    expect(bodyAfter(list, [{ put: '>1', text: ['two'] }])).toBe(
      list + p('two', '<w:numPr><w:numId w:val="4"/></w:numPr>'),
    );
    const heading = p('Title', '<w:outlineLvl w:val="0"/>') + p('text', '<w:jc w:val="both"/>');
    expect(bodyAfter(heading, [{ put: '>1', text: ['more'] }])).toBe(
      p('Title', '<w:outlineLvl w:val="0"/>') + p('more', '<w:jc w:val="both"/>') + p('text', '<w:jc w:val="both"/>'),
    );
    const table = `<w:tbl><w:tr><w:tc>${p('a')}</w:tc></w:tr></w:tbl>`;
    expect(bodyAfter(table, [{ put: '>0', text: ['before'] }])).toBe(p('before') + table);
  });

  it('cut paragraphs, but never the last of a cell, a section, or half of a bookmark', () => {
    const cell = `<w:tbl><w:tr><w:tc>${p('a')}${p('b')}</w:tc></w:tr></w:tbl>`;
    expect(bodyAfter(cell, [{ cut: '1' }])).toBe(cell.replace(p('a'), ''));
    expect(bodyAfter(cell, [{ cut: '1-2' }])).toBe(cell.replace(p('a'), '').replace(run('b'), ''));
    const section = p('end', '<w:sectPr/>');
    expect(bodyAfter(section, [{ cut: '1' }])).toBe(section.replace(run('end'), ''));
    const marks =
      p(`<w:bookmarkStart w:id="1"/>${run('a')}<w:bookmarkStart w:id="2"/><w:bookmarkEnd w:id="2"/>`) +
      p(`${run('b')}<w:bookmarkEnd w:id="1"/>`);
    expect(bodyAfter(marks, [{ cut: '1' }])).toBe(
      `<w:bookmarkStart w:id="1"/>${p(`${run('b')}<w:bookmarkEnd w:id="1"/>`)}`,
    );
  });

  it('move paragraphs as they are', () => {
    const [a, b, c] = [p(run('a', '<w:b/>')), p('b'), p('c')];
    expect(bodyAfter(a + b + c, [{ move: '1', to: '>2' }])).toBe(b + a + c);
    expect(bodyAfter(a + b + c, [{ move: '2-3', to: '>0' }])).toBe(b + c + a);
  });

  it('address sections by heading and paragraphs by id', () => {
    const heading = (text: string): string => p(text, '<w:outlineLvl w:val="0"/>');
    const body = `${heading('A')}${p('x')}${heading('B')}<w:p w14:paraId="1A2B3C4D"><w:r><w:t>y</w:t></w:r></w:p>`;
    expect(lines(edit(partsOf(body), [{ cut: '# A' }]))).toEqual(['B', 'y']);
    expect(lines(edit(partsOf(body), [{ set: '@1A2B3C4D', text: ['z'] }]))).toEqual(['A', 'x', 'B', 'z']);
  });

  it('of one call mean the same text, and may not meet', () => {
    const verbs: Verb[] = [{ sub: { find: 'a', replace: 'x' } }, { cut: '1' }];
    expect(() => edit(partsOf(p('a b')), verbs)).toThrow(expect.objectContaining({ code: 'DOC_VERB_INVALID' }));
    expect(bodyAfter(p('a b a'), [{ sub: { find: 'a', replace: 'x', all: true } }])).toBe(p('x b x'));
  });
});

describe('tracked edits', () => {
  const by = (kind: string, id: number, inner: string): string =>
    `<w:${kind} w:id="${id}" w:author="Jingu" w:date="2026-11-21T10:00:00Z">${inner}</w:${kind}>`;
  const ids = (xml: string): number[] => [...xml.matchAll(/w:id="(\d+)"/g)].map(([, id]) => Number(id));

  it('mark words as deleted and inserted and split the run around them', () => {
    const xml = bodyAfter(p(run('pay in 30 days', '<w:b/>')), [{ sub: { find: '30', replace: '60' } }], true);
    const [first] = ids(xml) as [number];
    const deleted = by('del', first, `<w:r><w:rPr><w:b/></w:rPr><w:delText xml:space="preserve">30</w:delText></w:r>`);
    expect(xml).toBe(
      p(`${run('pay in ', '<w:b/>')}${deleted}${by('ins', first + 1, run('60', '<w:b/>'))}${run(' days', '<w:b/>')}`),
    );
  });

  it('are the rule where the document says so', () => {
    const settings = `<w:settings xmlns:w="${W}"><w:trackRevisions/></w:settings>`;
    const parts = partsOf({ body: p('a'), parts: { 'settings.xml': settings } });
    expect(bodyOf(edit(parts, [{ set: '1', text: ['b'] }]))).toContain('<w:del ');
    expect(bodyOf(edit(parts, [{ set: '1', text: ['b'] }], false))).toBe(p('b'));
  });

  it('leave what others inserted to them, and take back what Jingu inserted', () => {
    const others = p(`<w:ins w:id="5" w:author="Ann">${run('thirty days')}</w:ins>`);
    const xml = bodyAfter(others, [{ sub: { find: 'thirty', replace: 'sixty' } }], true);
    expect(xml).toMatch(
      /<w:ins w:id="5" w:author="Ann"><w:del [^>]*><w:r><w:delText xml:space="preserve">thirty<\/w:delText><\/w:r><\/w:del><\/w:ins><w:ins [^>]*"Jingu"[^>]*>.*sixty.*<\/w:ins><w:ins w:id="\d+" w:author="Ann">.* days.*<\/w:ins>/,
    );
    expect(new Set(ids(xml)).size).toBe(ids(xml).length);
    const own = p(`<w:ins w:id="5" w:author="Jingu">${run('thirty days')}</w:ins>`);
    expect(bodyAfter(own, [{ sub: { find: 'thirty', replace: 'sixty' } }], true)).toBe(
      p(`<w:ins w:id="5" w:author="Jingu">${run('sixty')}${run(' days')}</w:ins>`),
    );
  });

  it('put and cut whole paragraphs', () => {
    const put = bodyAfter(p('a'), [{ put: '>1', text: ['b'] }], true);
    expect(put).toMatch(
      /^<w:p>.*<\/w:p><w:p><w:pPr><w:rPr><w:ins [^>]*\/><\/w:rPr><\/w:pPr><w:ins [^>]*>.*b.*<\/w:ins><\/w:p>$/,
    );
    const cut = edit(partsOf(p('a') + p('b')), [{ cut: '1' }], true);
    expect(bodyOf(cut)).toMatch(
      /^<w:p><w:pPr><w:rPr><w:del [^>]*\/><\/w:rPr><\/w:pPr><w:del [^>]*>.*a.*<\/w:del><\/w:p>/,
    );
    expect(lines(cut)).toEqual(['b']);
  });
});

it('any words anywhere: the lines are as asked, and all that is not text is as it was', () => {
  const word = fc.constantFrom('alpha', 'beta', ' ', '中文', 'é', '𝄞', '&', '<', '\t', '.');
  const text = fc.array(word, { maxLength: 6 }).map((words) => words.join(''));
  const runs = fc.array(fc.tuple(text, fc.constantFrom('<w:b/>', '<w:i/>', '')), { minLength: 1, maxLength: 4 });
  const spelled = (s: string): string =>
    s.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('\t', '</w:t><w:tab/><w:t xml:space="preserve">');
  fc.assert(
    fc.property(runs, text, fc.boolean(), (pieces, now, track) => {
      const body = p(pieces.map(([piece, look]) => run(spelled(piece), look)).join('<w:proofErr w:type="x"/>'));
      const parts = partsOf(body + p('end'));
      const edited = edit(parts, [{ set: '1', text: [now] }], track);
      expect(lines(edited)).toEqual([now, 'end']);
      const marks = (xml: string): number => xml.split('<w:proofErr').length;
      expect(marks(bodyOf(edited))).toBe(marks(body));
    }),
    { numRuns: 60 },
  );
});
