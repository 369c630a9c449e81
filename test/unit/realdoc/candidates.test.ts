import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candidatesOf } from '../../../src/realdoc/edit/candidates.ts';
import { narrow } from '../../../src/realdoc/edit/narrow.ts';
import { spansOf } from '../../../src/realdoc/edit/spans.ts';
import { outlineOf } from '../../../src/realdoc/kinds/outline.ts';

const HANDBOOK = `# Office handbook

## Canteen
- Lunch: 11:30 to 12:30, first floor
1. 周五供应面条,不供应米饭
2) 打印机在三楼
第三条 通知期为三十天。

| item | price |
|------|-------|
| tea  | 2 CNY |
---
`;

describe('candidates for small models', () => {
  it('markers are kept aside, headings and header rows are left out', () => {
    expect(candidatesOf(HANDBOOK, { path: 'w/handbook.md' })).toEqual([
      { line: 4, prefix: '- ', text: 'Lunch: 11:30 to 12:30, first floor' },
      { line: 5, prefix: '1. ', text: '周五供应面条,不供应米饭' },
      { line: 6, prefix: '2) ', text: '打印机在三楼' },
      { line: 7, prefix: '第三条 ', text: '通知期为三十天。' },
      { line: 11, prefix: '', text: '| tea  | 2 CNY |' },
    ]);
  });

  it('headings and header rows are offered to an instruction that speaks of them', () => {
    const texts = (instruction: string, path = 'w/a.md', text = HANDBOOK): string[] =>
      candidatesOf(text, { instruction, path }).map((c) => c.text);
    expect(texts('Change the title to Staff handbook')).toContain('# Office handbook');
    expect(texts('把标题改成员工手册')).toContain('# Office handbook');
    expect(texts('把表头的价格列名改成单价')).toContain('| item | price |');
    expect(texts('pens cost 3', 'w/a.csv', 'item,price\npens,2\n')).toEqual(['pens,2']);
    expect(texts('rename the column price', 'w/a.csv', 'item,price\npens,2\n')).toEqual(['item,price', 'pens,2']);
  });

  it('a value that only looks like a number of a list stays in the text', () => {
    expect(
      candidatesOf('3 pens\n12.5 kg flour\n1.234.567 EUR\n2026-11-21 meeting\n', { path: 'w/a.txt' }).every(
        (c) => c.prefix === '',
      ),
    ).toBe(true);
    expect(candidatesOf('\uff08二\uff09通知\n', { path: 'w/a.txt' })).toEqual([
      { line: 1, prefix: '\uff08二\uff09', text: '通知' },
    ]);
    expect(candidatesOf('3.1 Payment within 30 days\n3.2 Notice\n', { path: 'w/a.txt' }).map((c) => c.prefix)).toEqual([
      '3.1 ',
      '3.2 ',
    ]);
  });

  it('prefix and text together are always the line', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom('- ', '1. ', 'x', '  ', '\n', '# ', '第二条', '|', '---', '3.2 ', '文', '[ ] ', '> ', '\r\n'),
        ),
        (parts) => {
          const text = parts.join('');
          const lines = text.split('\n');
          for (const c of candidatesOf(text, { path: 'w/a.md' }))
            expect(c.prefix + c.text).toBe(lines[c.line - 1]!.replace(/\r$/, ''));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('spans occur exactly once, hold whole words and never end in a space', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('a', 'b', ' ', '1', '0', ':', ',', '天', '三', '楼', '。', 'é'),
          maxLength: 60,
        }),
        (line) => {
          for (const span of spansOf(line)) {
            expect(line.split(span)).toHaveLength(2);
            expect(span).toBe(span.trim());
          }
        },
      ),
    );
    expect(spansOf('Opening: 08:00 to 17:00')).toEqual(
      expect.arrayContaining(['08:00', '17:00', 'Opening', '08:00 to 17:00']),
    );
    expect(spansOf('会议室\uff1a二楼\uff0c孙磊负责')).toEqual(expect.arrayContaining(['二楼', '孙磊', '二']));
    expect(spansOf('会议室\uff1a二楼').some((s) => s.endsWith('\uff1a') || s.startsWith('\uff1a'))).toBe(false);
    expect(spansOf('a a')).toEqual(['a a']);
    expect(spansOf('长'.repeat(10) + '很长的一行'.repeat(100)).length).toBeLessThanOrEqual(600);
  });

  it('a long document narrows to the lines that share the most telling words', () => {
    const lines = Array.from({ length: 2000 }, (_, i) => `Clause about topic ${i} and general duties of the parties`);
    lines[1234] = 'The notice period is 30 days';
    lines[777] = '报销上限为每天 300 元';
    const all = candidatesOf(lines.join('\n'), { path: 'w/long.md' });
    expect(narrow(all, 'Set the notice period to 60 days', 40).map((c) => c.line)).toContain(1235);
    expect(narrow(all, '把报销上限改成 400 元', 40).map((c) => c.line)).toContain(778);
    expect(narrow(all, '把报销上限改成 400 元', 40).length).toBeLessThanOrEqual(40);
  });
});

describe('outline', () => {
  it('finds headings, chapters, keys and symbols', () => {
    expect(
      outlineOf('# A\ntext\n## B\n```\n# no\n```\nTitle\n=====\n', 'w/a.md').map((e) => [e.line, e.level, e.title]),
    ).toEqual([
      [1, 1, 'A'],
      [3, 2, 'B'],
      [7, 1, 'Title'],
    ]);
    expect(outlineOf('第一章 总则\n第一条 目的\n', 'w/law.txt').map((e) => e.level)).toEqual([1, 3]);
    expect(outlineOf('a: 1\nb:\n  c: 2\n', 'w/a.yaml').map((e) => e.title)).toEqual(['a', 'b', 'c']);
    expect(outlineOf('def f():\n  pass\nclass C:\n', 'w/a.py').map((e) => e.line)).toEqual([1, 3]);
  });
});
