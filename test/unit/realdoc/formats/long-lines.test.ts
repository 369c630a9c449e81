import { describe, expect, it } from 'vitest';
import { outlineOfMarkdown } from '../../../../src/realdoc/formats/markdown/edit.ts';
import { outlineOf } from '../../../../src/realdoc/kinds/outline.ts';

const N = 1_000_000;
const blanks = ' '.repeat(N);

/** Lines that are slow to refuse for a pattern that tries every way to share them out. That these tests end is what they say. */
const LINES: Record<string, string> = {
  heading: `# a${blanks}b`,
  'heading that is nearly closed': `# a${' #'.repeat(N / 2)}b`,
  'marks after a heading': `# ${'#'.repeat(N)}b`,
  paragraph: `a${blanks}b`,
  'tag with blanks': `<a${blanks}b`,
  'tag with attributes': `<a${' b=c'.repeat(N / 4)}<`,
  'tag with open values': `<a${' b="'.repeat(N / 4)}<`,
  rule: `${'- '.repeat(N / 2)}b`,
  fence: `${'`'.repeat(N)}b`,
  item: `- ${blanks}`,
  definition: `[a]: b${blanks}"c`,
  'row of a table': `|${'-|'.repeat(N / 2)}b`,
  'row with blanks': `|-${blanks}b`,
  'row that is nearly empty': `| ${blanks}| ${blanks}`,
  key: `"${'\\'.repeat(N)}`,
  'key of YAML': `a${':b'.repeat(N / 2)}`,
  code: `${'pub '.repeat(N / 4)}`,
  chapter: `第${'一'.repeat(N)}`,
};

describe('a line as long as a file', () => {
  for (const [name, line] of Object.entries(LINES)) {
    it(`is read in one go: ${name}`, () => {
      // As a line of text, below a line of text (an underline, a row of a table) and above one.
      const text = `# Begin\n\n${line}\n${line}\n---\n\na|b\n${line}\n\n# End\n`;
      expect(outlineOfMarkdown(Buffer.from(text)).length).toBeGreaterThan(0);
      for (const path of ['a.md', 'a.txt', 'a.yaml', 'a.json', 'a.py', 'a.csv', 'a.html'])
        expect(Array.isArray(outlineOf(text, path))).toBe(true);
    });
  }

  it('is not searched once for each table', () => {
    const many = '# a\n'.repeat(60_000);
    const tables = 'a|b\n-|-\n\n'.repeat(60_000);
    expect(outlineOfMarkdown(Buffer.from(tables + many)).length).toBe(120_000);
  });
});
