import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDiff } from '../../../src/common/unified-diff.ts';
import { visible } from '../../../src/web/parts/visible.ts';

const DIFF = `--- office/a.md v1
+++ office/a.md v2
@@ -2,4 +2,4 @@
 ## 第三条

-可提前 30 天书面通知。
+可提前 60 天书面通知。
 完
--- office/b.md v1
+++ office/b.md v2
@@ -1 +1,2 @@
 one
+--- not a header
`;

describe('a unified diff', () => {
  it('is read as hunks with the file, the line and what differs', () => {
    const [first, second] = parseDiff(DIFF);
    expect(first).toMatchObject({ file: 'office/a.md v2', line: 2 });
    expect(first!.lines.map((l) => l.kind)).toEqual(['same', 'same', 'del', 'add', 'same']);
    const marked = first!.lines.filter((l) => l.mark).map((l) => l.text.slice(...l.mark!));
    expect(marked).toEqual(['30', '60']);
    expect(second).toMatchObject({
      file: 'office/b.md v2',
      line: 1,
      lines: [{ kind: 'same' }, { kind: 'add', text: '--- not a header' }],
    });
  });

  it('in the short form of a card is read too', () => {
    const [hunk] = parseDiff('--- office/a.md\n+++ office/a.md\n@@ line 5 @@\n before\n-30 天\n+60 天\n after');
    expect(hunk).toMatchObject({ file: 'office/a.md', line: 5 });
    expect(hunk!.lines.map((l) => l.kind)).toEqual(['same', 'del', 'add', 'same']);
  });

  it('shows every line that is not a header, whatever its form: a person says yes to what is shown', () => {
    expect(parseDiff('+just this')).toMatchObject([{ line: 0, lines: [{ kind: 'add', text: 'just this' }] }]);
    const sneaky = '@@ -1,1 +1,1 @@\n-a\n+b\n+and more than the header says\nand prose';
    const shown = parseDiff(sneaky).flatMap((h) => h.lines.map((l) => l.text));
    expect(shown).toEqual(['a', 'b', 'and more than the header says', 'and prose']);
    const line = fc.string({ minLength: 1 }).map((text) => text.replaceAll('\n', ' '));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('+', '-', ' ', ''), line), { minLength: 1, maxLength: 12 }),
        (lines) => {
          const raw = lines.map(([sign, text]) => sign + text);
          fc.pre(!raw.some((one) => /^(@@|---|\+\+\+)/.test(one)));
          const all = parseDiff(raw.join('\n')).flatMap((h) => h.lines);
          expect(all.map((l) => ({ add: '+', del: '-', same: '' })[l.kind] + l.text)).toEqual(
            raw.map((one) => one.replace(/^ /, '')),
          );
        },
      ),
    );
  });

  it('never throws, and marks only inside a line', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('+', '-', ' ', '@@ -1,9 +1,9 @@'), fc.string({ unit: 'grapheme' })), {
          maxLength: 20,
        }),
        (lines) => {
          for (const hunk of parseDiff(lines.map(([sign, text]) => sign + text.replaceAll('\n', '')).join('\n'))) {
            for (const { text, mark } of hunk.lines) {
              if (!mark) continue;
              expect(mark[0]).toBeGreaterThanOrEqual(0);
              expect(mark[1]).toBeGreaterThanOrEqual(mark[0]);
              expect(mark[1]).toBeLessThanOrEqual(text.length);
            }
          }
        },
      ),
    );
  });
});

describe('shown text', () => {
  it('has no hidden character left in it', () => {
    expect(visible('invoice\u202efdp.exe')).toBe('invoice⟨U+202E⟩fdp.exe');
    expect(visible('a\u200bb\u0007c\u{e0041}')).toBe('a⟨U+200B⟩b⟨U+0007⟩c⟨U+E0041⟩');
    expect(visible('通知期\t60 天\n')).toBe('通知期\t60 天\n');
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        (text) => ![...visible(text)].some((c) => /\p{Cf}|\p{Cc}/u.test(c) && c !== '\t' && c !== '\n'),
      ),
    );
  });
});
