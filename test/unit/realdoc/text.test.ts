import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packChange, parseChange, plainChange, unpackChange } from '../../../src/realdoc/text/codec.ts';
import { compose, composeAll } from '../../../src/realdoc/text/compose.ts';
import { diffBytes, diffLines } from '../../../src/realdoc/text/diff.ts';
import { mapRange } from '../../../src/realdoc/text/map.ts';
import { applyChange, type Change, invert, type Splice } from '../../../src/realdoc/text/splice.ts';
import { tighten } from '../../../src/realdoc/text/tighten.ts';
import { TextTree } from '../../../src/realdoc/text/tree.ts';
import { applyUnified, unified } from '../../../src/realdoc/text/unified.ts';
import { wordDiff } from '../../../src/realdoc/text/word-diff.ts';

/** Few symbols, many line ends: texts in which everything collides. */
const smallText = fc.array(fc.constantFrom('a', 'b', '1', ' ', '\n', '\n', '\r\n', '期', 'ü', '\u0000'), {
  maxLength: 60,
});
const bytesOf = (parts: string[]): Buffer => Buffer.from(parts.join(''));
const anyBytes = fc.uint8Array({ maxLength: 400 });

/** A random valid change of `text`. */
function changeOf(text: Uint8Array, picks: { at: number; del: number; ins: string[] }[]): Change {
  const out: Splice[] = [];
  let end = 0;
  for (const pick of picks) {
    const at = end + Math.floor(pick.at * (text.length - end + 1));
    const stop = Math.min(text.length, at + pick.del);
    if (out.length > 0 && at === end) continue;
    const ins = bytesOf(pick.ins);
    if (stop === at && ins.length === 0) continue;
    out.push({ at, del: text.subarray(at, stop), ins });
    end = stop;
    if (end >= text.length) break;
  }
  return out;
}
const picks = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 0.999, noNaN: true }),
    del: fc.nat(12),
    ins: fc.array(fc.constantFrom('x', 'y', '\n', '天', '12'), { maxLength: 6 }),
  }),
  { maxLength: 4 },
);

describe('changes', () => {
  it('an inverted change restores every byte', () => {
    fc.assert(
      fc.property(smallText, picks, (parts, p) => {
        const text = bytesOf(parts);
        const change = changeOf(text, p);
        const after = applyChange(text, change);
        expect(applyChange(after, invert(change))).toEqual(text);
        expect(invert(invert(change))).toEqual(change);
      }),
    );
  });

  it('tightening keeps the effect and removes what changes nothing', () => {
    fc.assert(
      fc.property(smallText, picks, (parts, p) => {
        const text = bytesOf(parts);
        const change = changeOf(text, p);
        expect(applyChange(text, tighten(change))).toEqual(applyChange(text, change));
      }),
    );
    expect(tighten([{ at: 3, del: Buffer.from('same'), ins: Buffer.from('same') }])).toEqual([]);
  });

  it('tightening never cuts a number or a word', () => {
    const [s] = tighten([{ at: 0, del: Buffer.from('within 130 days'), ins: Buffer.from('within 230 days') }]);
    expect(Buffer.from(s!.del).toString()).toBe('130');
    const [clock] = tighten([{ at: 0, del: Buffer.from('at 12:30.'), ins: Buffer.from('at 12:45.') }]);
    expect(Buffer.from(clock!.ins).toString()).toBe('12:45');
    const [name] = tighten([{ at: 0, del: Buffer.from('Herr Müller'), ins: Buffer.from('Herr Möller') }]);
    expect(Buffer.from(name!.del).toString()).toBe('Müller');
    const [han] = tighten([{ at: 0, del: Buffer.from('通知期30天'), ins: Buffer.from('通知期60天') }]);
    expect(Buffer.from(han!.del).toString()).toBe('30');
  });

  it('composition is one change with the effect of two, and an edit with its undo is nothing', () => {
    fc.assert(
      fc.property(smallText, picks, picks, picks, (parts, p, q, r) => {
        const text = bytesOf(parts);
        const first = changeOf(text, p);
        const middle = applyChange(text, first);
        const second = changeOf(middle, q);
        const end = applyChange(middle, second);
        expect(applyChange(text, compose(first, second))).toEqual(end);
        expect(compose(first, invert(first))).toEqual([]);
        const third = changeOf(end, r);
        const all = composeAll([first, second, third]);
        expect(applyChange(text, all)).toEqual(applyChange(end, third));
        for (let i = 1; i < all.length; i++)
          expect(all[i]!.at).toBeGreaterThan(all[i - 1]!.at + all[i - 1]!.del.length - 1);
      }),
    );
  });

  it('the stored form reads back as written, and cut bytes are refused', () => {
    fc.assert(
      fc.property(anyBytes, picks, (text, p) => {
        const change = changeOf(text, p);
        const plain = plainChange(change);
        const back = unpackChange(packChange(plain));
        expect(back.map((s) => [s.at, [...s.del], [...s.ins]])).toEqual(
          change.map((s) => [s.at, [...s.del], [...s.ins]]),
        );
        if (change.length > 0) expect(() => parseChange(plain.subarray(0, plain.length - 1))).toThrow(RangeError);
      }),
    );
  });
});

describe('text tree', () => {
  it('random edits give the same bytes, lines and offsets as a plain string', () => {
    fc.assert(
      fc.property(fc.array(picks, { maxLength: 12 }), smallText, fc.nat(3000), (edits, parts, repeat) => {
        let plain: Uint8Array = Buffer.concat(Array.from({ length: 1 + repeat }, () => bytesOf(parts)));
        let tree = TextTree.of(plain);
        for (const p of edits) {
          const change = changeOf(plain, p);
          tree = tree.apply(change);
          plain = applyChange(plain, change);
        }
        expect(Buffer.compare(tree.toBuffer(), plain)).toBe(0);
        const starts = [0];
        for (let i = 0; i < plain.length; i++) if (plain[i] === 10 && i + 1 < plain.length) starts.push(i + 1);
        const lines = plain.length === 0 ? 0 : starts.length;
        expect(tree.lines).toBe(lines);
        const step = Math.max(1, Math.floor(lines / 17));
        for (let line = 1; line <= lines; line += step) {
          expect(tree.offsetOfLine(line)).toBe(starts[line - 1]);
          expect(tree.lineAt(starts[line - 1]!)).toBe(line);
          expect(tree.isLineStart(starts[line - 1]!)).toBe(true);
        }
        expect(tree.offsetOfLine(lines + 1)).toBe(plain.length);
      }),
      { numRuns: 60 },
    );
  });

  it('old versions stay as they were while new ones are made', () => {
    const first = TextTree.of(Buffer.from('a\nb\nc\n'.repeat(20_000)));
    const before = first.toBuffer().toString('latin1');
    const second = first.apply([{ at: 2, del: Buffer.from('b'), ins: Buffer.from('B\nB') }]);
    expect(first.toBuffer().toString('latin1')).toBe(before);
    expect(second.lines).toBe(first.lines + 1);
  });

  it('holds one line of four million bytes', () => {
    const tree = TextTree.of(Buffer.alloc(4_000_000, 120));
    expect(tree.lines).toBe(1);
    const after = tree.apply([{ at: 2_000_000, del: Buffer.alloc(0), ins: Buffer.from('\n') }]);
    expect(after.offsetOfLine(2)).toBe(2_000_001);
  });

  it('refuses a change whose old bytes are not there', () => {
    expect(() =>
      TextTree.of(Buffer.from('abc')).apply([{ at: 1, del: Buffer.from('x'), ins: Buffer.from('y') }]),
    ).toThrow();
  });
});

describe('diff', () => {
  it('the change found leads from one text to the other, byte for byte', () => {
    fc.assert(
      fc.property(smallText, smallText, (x, y) => {
        const [a, b] = [bytesOf(x), bytesOf(y)];
        expect(applyChange(a, diffBytes(a, b))).toEqual(b);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(anyBytes, anyBytes, (a, b) => {
        expect(Buffer.compare(applyChange(a, diffBytes(a, b)), b)).toBe(0);
      }),
    );
  });

  it('an edited long text gives hunks about as small as the edit', () => {
    const a = Array.from({ length: 20_000 }, (_, i) => `§ ${i % 977} ${i % 3 === 0 ? 'Absatz' : 'Satz'} ${i % 31}`);
    const b = [...a];
    b.splice(15_000, 3, 'neu');
    b.splice(7_000, 0, 'eingefügt', 'zweimal');
    b[200] = 'geändert';
    const { hunks } = diffLines(Buffer.from(a.join('\n')), Buffer.from(b.join('\n')));
    const cost = hunks.reduce((sum, h) => sum + h.aTo - h.aFrom + h.bTo - h.bFrom, 0);
    expect(cost).toBe(3 + 1 + 2 + 2);
  });

  it('a printed unified diff applies to the old text and gives the new one', () => {
    const line = fc.constantFrom('a', 'b', 'c', '- x', '+ y', '@@ z', '');
    const text = fc.tuple(fc.array(line, { maxLength: 30 }), fc.boolean());
    fc.assert(
      fc.property(text, text, ([x, openX], [y, openY]) => {
        const make = (lines: string[], open: boolean) =>
          Buffer.from(lines.join('\n') + (open || lines.length === 0 ? '' : '\n'));
        const [a, b] = [make(x, openX), make(y, openY)];
        const patch = unified(diffLines(a, b), { from: 'a', to: 'b' });
        expect(Buffer.from(applyUnified(a, patch)).toString()).toBe(b.toString());
      }),
      { numRuns: 500 },
    );
  });

  it('a word diff holds both texts and shows the smallest words', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
        const runs = wordDiff(a, b);
        expect(
          runs
            .filter((r) => r.op !== '+')
            .map((r) => r.text)
            .join(''),
        ).toBe(a);
        expect(
          runs
            .filter((r) => r.op !== '-')
            .map((r) => r.text)
            .join(''),
        ).toBe(b);
      }),
    );
    expect(wordDiff('通知期为 30 天', '通知期为 60 天')).toEqual([
      { op: '=', text: '通知期为 ' },
      { op: '-', text: '30' },
      { op: '+', text: '60' },
      { op: '=', text: ' 天' },
    ]);
  });
});

describe('mapping a place through later changes', () => {
  const text = Buffer.from('one\ntwo\nthree\n');
  const isLineStart = (at: number): boolean => at === 0 || text[at - 1] === 10;
  const two = { from: 4, to: 8 };

  it('whole lines put in before or after do not touch a line', () => {
    expect(mapRange(two, [{ at: 4, del: Buffer.alloc(0), ins: Buffer.from('new\n') }], isLineStart)).toEqual({
      range: { from: 8, to: 12 },
    });
    expect(mapRange(two, [{ at: 8, del: Buffer.from('three\n'), ins: Buffer.alloc(0) }], isLineStart)).toEqual({
      range: two,
    });
  });

  it('text that runs into the line, or joins it to its neighbour, touches it', () => {
    for (const change of [
      [{ at: 4, del: Buffer.alloc(0), ins: Buffer.from('x') }],
      [{ at: 3, del: Buffer.from('\n'), ins: Buffer.alloc(0) }],
      [{ at: 7, del: Buffer.from('\n'), ins: Buffer.alloc(0) }],
      [{ at: 5, del: Buffer.from('w'), ins: Buffer.from('v') }],
    ]) {
      expect(mapRange(two, change, isLineStart)).toHaveProperty('touchedBy');
    }
  });

  it('commutes: where mapping says untouched, the lines are found there, by an independent count', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.nat(40),
        fc.nat(3),
        fc.array(fc.constantFrom('p', 'q', ''), { maxLength: 3 }),
        (line, at, cut, add) => {
          const lines = Array.from({ length: 30 }, (_, i) => `line ${i}`);
          const target = line % lines.length;
          const start = at % lines.length;
          const stop = Math.min(lines.length, start + cut);
          const whole = Buffer.from(`${lines.join('\n')}\n`);
          const offset = (n: number): number => lines.slice(0, n).join('\n').length + (n > 0 ? 1 : 0);
          const change = [
            {
              at: offset(start),
              del: whole.subarray(offset(start), offset(stop)),
              ins: Buffer.from(add.map((t) => `${t}\n`).join('')),
            },
          ];
          const mapped = mapRange(
            { from: offset(target), to: offset(target + 1) },
            change,
            (o) => o === 0 || whole[o - 1] === 10,
          );
          const model = [...lines];
          model.splice(start, stop - start, ...add);
          if (target >= start && target < stop) expect(mapped).toHaveProperty('touchedBy');
          else {
            expect('range' in mapped).toBe(true);
            const { range } = mapped as { range: { from: number; to: number } };
            expect(applyChange(whole, change).subarray(range.from, range.to).toString()).toBe(`line ${target}\n`);
          }
        },
      ),
    );
  });
});
