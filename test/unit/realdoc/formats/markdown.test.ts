import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { landInMarkdown, outlineOfMarkdown } from '../../../../src/realdoc/formats/markdown/edit.ts';
import { edited, refusalOf, shownAt } from './land.ts';

const NOTES = `---
title: Notes
# no heading: yaml
---
Intro
=====

Some text.

## Setup

\`\`\`sh
# not a heading
\`\`\`

- one
- two

### Deep

Deep text.

## Prices

| Item | Price |
| ---- | ----: |
| Tea  | 2     |
| a \\| b |  |

Wide heading
over two lines
---

## Setup

Again.`;
const md = (act: Parameters<typeof edited>[2], address: string, ...lines: string[]): string =>
  edited(landInMarkdown, NOTES, act, address, ...lines);

describe('Markdown by heading', () => {
  it('finds headings and nothing that only looks like one', () => {
    expect(outlineOfMarkdown(Buffer.from(NOTES)).map((e) => [e.line, e.level, e.title, e.to, e.address])).toEqual([
      [5, 1, 'Intro', 36, '# Intro'],
      [10, 2, 'Setup', 21, undefined],
      [19, 3, 'Deep', 21, '### Deep'],
      [23, 2, 'Prices', 28, '## Prices'],
      [25, 3, 'Item | Price', 28, 'Table1!A1'],
      [30, 2, 'Wide heading over two lines', 32, '## Wide heading over two lines'],
      [34, 2, 'Setup', 36, undefined],
    ]);
    const tricky =
      '- # in a list\n  ## too\n\n> # quoted\n\n    # code\n\n<!--\n# comment\n-->\n\n# Real #\n\n#none\n####### seven\n* * *\ntext\n\n---\n';
    expect(outlineOfMarkdown(Buffer.from(tricky)).map((e) => e.title)).toEqual(['Real']);
    const titles = (text: string): string[] => outlineOfMarkdown(Buffer.from(text)).map((e) => e.title);
    expect(titles('[a]: b\n===\n# X\n')).toEqual(['X']);
    expect(titles('> quote\n<div>\n# html\n\n# X\n')).toEqual(['X']);
    expect(titles('- item\nlazy\n# X\n---\n  # Y\n')).toEqual(['X', 'Y']);
    expect(titles('text\n| a |\n|---|\n    | b |\n')).toEqual(['a']);
    expect(titles('text\n2. no list\n---\n')).toEqual(['text 2. no list']);
    expect(titles('<x-y>\n# html\n\n# X\n')).toEqual(['X']);
  });

  it('sets the body of a section and keeps the blank lines around', () => {
    expect(md('set', '### Deep', 'New.')).toBe(NOTES.replace('Deep text.', 'New.'));
    expect(md('set', '# Deep', '', 'New.', 'More.', '')).toBe(NOTES.replace('Deep text.', 'New.\nMore.'));
    expect(md('set', '### Deep', '### Deeper', '', 'New.')).toBe(
      NOTES.replace('### Deep\n\nDeep text.', '### Deeper\n\nNew.'),
    );
    expect(edited(landInMarkdown, '# A\n# B\n', 'set', '# A', 'x')).toBe('# A\n\nx\n\n# B\n');
  });

  it('adds at the end of a section and takes sections out', () => {
    expect(md('after', '### Deep', 'More.')).toBe(NOTES.replace('Deep text.\n', 'Deep text.\n\nMore.\n'));
    expect(edited(landInMarkdown, '# A\n\n- a', 'after', '# A', '- b')).toBe('# A\n\n- a\n- b');
    expect(md('cut', '### Deep')).toBe(NOTES.replace('### Deep\n\nDeep text.\n\n', ''));
    expect(md('before', '## Prices', '## New')).toBe(NOTES.replace('## Prices', '## New\n\n## Prices'));
    expect(shownAt(landInMarkdown, NOTES, '# Deep')).toBe('### Deep\n\nDeep text.\n');
  });

  it('tells apart what has the same name', async () => {
    const refusal = await refusalOf(() => md('cut', '## Setup'));
    expect(refusal).toMatchObject({ code: 'DOC_AMBIGUOUS', details: { count: 2 } });
    expect((await refusalOf(() => md('cut', '## Price'))).details['near']).toContain('## Prices');
    const two = '# A\n## Same\na\n# B\n## Same\nb\n';
    expect(outlineOfMarkdown(Buffer.from(two)).map((e) => e.address)).toEqual([
      '# A',
      '## A > Same',
      '# B',
      '## B > Same',
    ]);
    expect(edited(landInMarkdown, two, 'set', '## B > Same', 'c')).toBe(two.replace('\nb\n', '\nc\n'));
  });

  it('edits cells of tables', async () => {
    expect(md('set', 'Table1!B2', '3')).toBe(NOTES.replace('2     |', '3     |'));
    expect(md('set', 'Table1!A3', 'c|d')).toBe(NOTES.replace('a \\| b', 'c\\|d'));
    expect(md('set', 'Table1!B1', 'Cost')).toBe(NOTES.replace('Price |', 'Cost |'));
    expect(md('after', 'Table1!A1', '| Milk | 1 |')).toBe(NOTES.replace('| Tea', '| Milk | 1 |\n| Tea'));
    expect(await refusalOf(() => md('set', 'Table1!C9', 'x'))).toMatchObject({ code: 'DOC_ADDRESS_UNKNOWN' });
  });

  it('a set section shows the new body, and the rest is as it was', () => {
    const line = fc.constantFrom('text', '', '- item', '```', '> quote', '    code', '| a | b |', '|---|---|', 'ü');
    const part = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.array(line, { maxLength: 5 }));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), fc.nat(), fc.boolean(), (parts, pick, crlf) => {
        const lines = parts.flatMap(([level, body], i) => ['', `${'#'.repeat(level)} T${i}`, '', ...body]);
        const text = lines.join(crlf ? '\r\n' : '\n');
        const own = outlineOfMarkdown(Buffer.from(text)).filter((e) => e.title.startsWith('T'));
        const entry = own[pick % Math.max(1, own.length)];
        if (!entry?.address) return;
        const after = edited(landInMarkdown, text, 'set', entry.address, 'fresh', 'words');
        const shown = shownAt(landInMarkdown, after, entry.address)
          .split(/\r?\n/)
          .filter((l) => l !== '');
        expect(shown).toEqual([lines[entry.line - 1], 'fresh', 'words']);
        expect(after.split(/\r?\n/).slice(0, entry.line)).toEqual(lines.slice(0, entry.line));
        const gone = edited(landInMarkdown, text, 'cut', entry.address);
        expect(text.startsWith(gone.slice(0, text.indexOf(lines[entry.line - 1]!)))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('is linear in headings, fences and tables that never end', () => {
    const hostile = '# h\n'.repeat(100_000) + '```\n'.repeat(50_001) + '| a |\n'.repeat(10_000);
    expect(outlineOfMarkdown(Buffer.from(hostile)).length).toBe(100_000);
  });
});

it('a cell that ends in a backslash leaves the bar behind it a bar', () => {
  const table = '|a|b|\n|-|-|\n|x|y|\n';
  const once = edited(landInMarkdown, table, 'set', 'Table1!A2', 'C:\\');
  expect(once).toBe('|a|b|\n|-|-|\n|C:\\ |y|\n');
  expect(shownAt(landInMarkdown, once, 'Table1!B2')).toBe('y');
});
