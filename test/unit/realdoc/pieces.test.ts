import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyChange, type Splice } from '../../../src/realdoc/text/splice.ts';
import { SpliceMismatch, TextTree } from '../../../src/realdoc/text/tree.ts';

const NONE = Buffer.alloc(0);
/** Keys pressed near each other: something goes, something comes, and now and then somebody reads. */
const keys = fc.array(
  fc.record({
    near: fc.integer({ min: -40, max: 40 }),
    del: fc.nat(9),
    ins: fc.constantFrom('', 'a', 'b\n', '\r\n', '期', 'seven!!'),
    isRead: fc.nat(9).map((n) => n === 0),
  }),
  { minLength: 1, maxLength: 200 },
);
const words = fc.constantFrom('some words of a text\n', 'x', 'line\r\n', '期限 ');

describe('a leaf that is typed in', () => {
  it('holds the bytes of the plain definition after each key, and older versions stay', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 100, max: 1200 }), fc.nat(), keys, (word, repeat, start, list) => {
        let plain: Uint8Array = Buffer.from(word.repeat(repeat));
        let tree = TextTree.of(plain);
        let at = start % (plain.length + 1);
        const kept: { tree: TextTree; plain: Uint8Array }[] = [];
        for (const { near, del, ins, isRead } of list) {
          at = Math.max(0, Math.min(plain.length, at + near));
          const gone = plain.subarray(at, Math.min(plain.length, at + del));
          const splice: Splice = { at, del: gone, ins: Buffer.from(ins) };
          if (gone.length > 0) {
            const wrong = Buffer.from(gone);
            wrong[wrong.length - 1]! ^= 1;
            const before = tree;
            expect(() => before.apply([{ ...splice, del: wrong }])).toThrow(SpliceMismatch);
          }
          tree = tree.apply([splice]);
          plain = applyChange(plain, [splice]);
          at += splice.ins.length;
          expect([tree.bytes, tree.newlines]).toEqual([plain.length, plain.filter((byte) => byte === 10).length]);
          if (isRead)
            expect(
              Buffer.compare(tree.slice(Math.max(0, at - 5), at + 5), plain.subarray(Math.max(0, at - 5), at + 5)),
            ).toBe(0);
          kept.push({ tree, plain });
        }
        for (const one of [kept[0]!, kept[kept.length >> 1]!, kept.at(-1)!]) {
          expect(Buffer.compare(one.tree.toBuffer(), one.plain)).toBe(0);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('keeps no long buffer alive for a short text', () => {
    const long = Buffer.alloc(1_000_000, 'y');
    const tree = TextTree.of(Buffer.from('line\n'.repeat(2000))).apply([
      { at: 5, del: NONE, ins: long.subarray(7, 9) },
    ]);
    const [leaf] = [...tree.leaves()];
    expect(leaf!.pieces!.map((piece) => piece.buffer)).not.toContain(long.buffer);
    expect(tree.slice(0, 9).toString()).toBe('line\nyyli');
  });
});
