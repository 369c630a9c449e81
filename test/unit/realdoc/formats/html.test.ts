import fc from 'fast-check';
import { type DefaultTreeAdapterTypes, parseFragment } from 'parse5';
import { describe, expect, it } from 'vitest';
import type { Ask, Doc, Landing } from '../../../../src/realdoc/formats/ask.ts';
import { landInMarkup, outlineOfMarkup } from '../../../../src/realdoc/formats/html/edit.ts';
import { parseXml } from '../../../../src/realdoc/office/xml.ts';
import { docOf, patched, refusalOf } from './land.ts';

const PAGE = `<!doctype html>
<title>Büro</title>
<body>
  <h1>Our prices</h1>
  <p id="intro">Two &amp; <b>more</b></p>
  <ul id=list>
    <li>One
    <li class="x">Two
  </ul>
  <h2>Contact</h2>
  <p id="end">Call us</p>
  <script>let a = "<p>";</script>
</body>
`;
const POM = `<?xml version="1.0"?>
<project xmlns="urn:x">
  <version>1.0</version>
  <deps>
    <dep scope='test'><name>a</name></dep>
    <dep><name>b</name></dep>
    <raw><![CDATA[x < y]]></raw>
  </deps>
</project>
`;
const at =
  (path: string) =>
  (text: string, act: Ask['act'], address: string, ...lines: string[]): string => {
    const landing = landInMarkup(docOf(text, path), { verb: 1, act, address, text: lines });
    return patched(text, landing);
  };
const html = at('w/a.html');
const xml = at('w/pom.xml');

describe('HTML', () => {
  it('sets the words of an element and touches no tag', () => {
    expect(html(PAGE, 'set', '#end', 'Write < to us')).toBe(PAGE.replace('Call us', 'Write &lt; to us'));
    expect(html(PAGE, 'set', '# Our prices', 'Preise ä')).toBe(PAGE.replace('Our prices', 'Preise ä'));
    expect(html(PAGE, 'set', '/html/head/title', 'Shop')).toBe(PAGE.replace('Büro', 'Shop'));
    expect(html(PAGE, 'set', '#list/li[2]', 'Zwei')).toBe(PAGE.replace('>Two\n', '>Zwei\n'));
    expect(html(PAGE, 'set', '#intro/b', 'less')).toBe(PAGE.replace('more', 'less'));
    expect(html(PAGE, 'set', '#list/li[2]/@class', 'a"b')).toBe(PAGE.replace('"x"', '"a&quot;b"'));
    expect(html(PAGE, 'set', '/html/body/script', 'let b;')).toBe(PAGE.replace('let a = "<p>";', 'let b;'));
  });

  it('takes elements out and puts markup in, if all else stays where it is', async () => {
    expect(html(PAGE, 'cut', '#end')).toBe(PAGE.replace('  <p id="end">Call us</p>\n', ''));
    expect(html(PAGE, 'after', '#end', '<p>New</p>')).toBe(PAGE.replace('us</p>\n', 'us</p>\n  <p>New</p>\n'));
    expect(html(PAGE, 'before', '#intro/b', '<i>x</i>')).toBe(PAGE.replace('<b>', '<i>x</i><b>'));
    expect(await refusalOf(() => html(PAGE, 'before', '#intro', '<div>'))).toMatchObject({ code: 'DOC_VERB_INVALID' });
    expect(await refusalOf(() => html(PAGE, 'set', '#intro', 'x'))).toMatchObject({ code: 'DOC_VERB_INVALID' });
    expect((await refusalOf(() => html(PAGE, 'cut', '#ende'))).details['near']).toContain('#end');
    expect(await refusalOf(() => html('<p id=a></p><p id=a></p>', 'cut', '#a'))).toMatchObject({
      code: 'DOC_AMBIGUOUS',
    });
  });

  it('outlines headings and ids', () => {
    expect(outlineOfMarkup(docOf(PAGE, 'w/a.html')).map((e) => [e.line, e.level, e.address])).toEqual([
      [4, 1, '# Our prices'],
      [5, 2, '#intro'],
      [6, 2, '#list'],
      [10, 2, '## Contact'],
      [11, 3, '#end'],
    ]);
  });

  it('does not mind depth', () => {
    const deep = `${'<div>'.repeat(20_000)}<p id="x">a</p>`;
    expect(html(deep, 'set', '#x', 'b')).toBe(deep.replace('>a<', '>b<'));
  });
});

/** Words as people may write them, down to what means something in markup. */
const words = fc.string({
  unit: fc.constantFrom('a', 'ü', '<', '>', '&', '"', "'", ' ', ']', '/', '&amp;', '会'),
  minLength: 1,
});
const nested = fc.array(fc.constantFrom('<i>', '</i>', 'x', '<br>', '<!-- <p> -->', '<p>', '&lt;', '<li>'), {
  maxLength: 8,
});

it('words set at an id are read back as they are, and every other byte stays', () => {
  fc.assert(
    fc.property(nested, nested, words, (before, after, text) => {
      const [head, tail] = [before.join(''), after.join('')];
      const page = `${head}<b id="x">old</b>${tail}`;
      const changed = html(page, 'set', '#x', text);
      expect([changed.startsWith(`${head}<b id="x">`), changed.endsWith(`</b>${tail}`)]).toEqual([true, true]);
      const root = parseFragment(changed);
      expect(textAt(root.childNodes)).toBe(text);
      const feed = `<a>${'<b>1</b>'.repeat(before.length)}<c>old</c></a>`;
      const read = parseXml(Buffer.from(xml(feed, 'set', '/a/c', text)));
      expect(read.first('c')!.text).toBe(text);
    }),
    { numRuns: 300 },
  );
});

type Nodes = readonly DefaultTreeAdapterTypes.ChildNode[];

/** What the element with the id says. */
function textAt(nodes: Nodes): string | undefined {
  for (const node of nodes) {
    if (!('childNodes' in node)) continue;
    if (node.attrs.some(({ value }) => value === 'x'))
      return node.childNodes.map((kid) => ('value' in kid ? kid.value : '')).join('');
    const found = textAt(node.childNodes);
    if (found !== undefined) return found;
  }
  return undefined;
}

describe('XML', () => {
  it('is addressed by names from the top', async () => {
    expect(xml(POM, 'set', '/project/version', '1.1')).toBe(POM.replace('1.0</v', '1.1</v'));
    expect(xml(POM, 'set', '/project/deps/dep[2]/name', 'c')).toBe(POM.replace('>b<', '>c<'));
    expect(xml(POM, 'set', '/project/deps/dep[1]/@scope', "it's")).toBe(POM.replace("'test'", "'it&#39;s'"));
    expect(xml(POM, 'set', '/project/deps/raw', 'x > z')).toBe(POM.replace('x < y', 'x > z'));
    expect(xml(POM, 'cut', '/project/deps/dep[2]')).toBe(POM.replace('    <dep><name>b</name></dep>\n', ''));
    expect(xml(POM, 'after', '/project/deps/dep[2]', '<dep/>')).toBe(
      POM.replace('b</name></dep>\n', 'b</name></dep>\n    <dep/>\n'),
    );
    expect(await refusalOf(() => xml(POM, 'set', '/project/deps/dep/name', 'c'))).toMatchObject({
      code: 'DOC_AMBIGUOUS',
    });
    expect(await refusalOf(() => xml(POM, 'after', '/project/version', '<a>'))).toMatchObject({
      code: 'DOC_VERB_INVALID',
    });
    expect((await refusalOf(() => xml(POM, 'cut', '/project/versio'))).details['near']).toContain('/project/version');
  });

  it('refuses what is no XML, or a bomb', async () => {
    const land = (text: string): Landing =>
      landInMarkup(docOf(text, 'w/a.xml') satisfies Doc, { verb: 1, act: 'show', address: '/a' });
    expect(await refusalOf(() => land('<a>\n<b></a>'))).toMatchObject({ code: 'DOC_SYNTAX' });
    const bomb = '<!DOCTYPE a [<!ENTITY x "xxxx"><!ENTITY y "&x;&x;">]><a>&y;</a>';
    expect(await refusalOf(() => land(bomb))).toMatchObject({ code: 'DOC_PARSE_REFUSED' });
    expect(await refusalOf(() => land('<a>'.repeat(5000)))).toMatchObject({ code: 'DOC_PARSE_REFUSED' });
  });
});

describe('what a text cannot hold or must not lose', () => {
  const refused = async (run: () => unknown) => (await refusalOf(run)).code;

  it('is no character that XML does not have', async () => {
    for (const act of ['set', 'after'] as const)
      expect(await refused(() => xml(POM, act, '/project/version', '<a>\u0001</a>'))).toBe('DOC_VERB_INVALID');
    expect(await refused(() => xml(POM, 'set', '/project/deps/dep[1]/@scope', '\ufffe'))).toBe('DOC_VERB_INVALID');
  });

  it('is no comment or instruction', async () => {
    const text = '<a><b>x <!-- why --></b><c>x<?y z?></c><d><![CDATA[x]]><!-- y --><![CDATA[z]]></d><e>x < </e></a>';
    const good = text.replace('x < ', 'x');
    for (const name of ['b', 'c', 'd'])
      expect(await refused(() => xml(good, 'set', `/a/${name}`, 'new'))).toBe('DOC_VERB_INVALID');
    expect(xml(good, 'set', '/a/e', 'new')).toBe(good.replace('<e>x', '<e>new'));
    expect(await refused(() => html('<p>x <!-- why --></p>', 'set', '/p', 'new'))).toBe('DOC_VERB_INVALID');
    expect(html('<p>1 < 2</p>', 'set', '/p', 'new')).toBe('<p>new</p>');
    expect(html('<title><!-- x --></title>', 'set', '/title', 'new')).toBe('<title>new</title>');
    expect(xml('<a>x<![CDATA[y]]></a>', 'set', '/a', 'new')).toBe('<a>new</a>');
  });
});
