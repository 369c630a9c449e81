import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Leaf, leafOf } from '../../../src/realdoc/text/leaf.ts';
import { applyChange, type Change, invert, type Splice } from '../../../src/realdoc/text/splice.ts';
import { SpliceMismatch, TextTree } from '../../../src/realdoc/text/tree.ts';

const piece = fc.array(fc.constantFrom('a', 'b', ' ', '\n', '\r\n', '期'), { minLength: 1, maxLength: 12 });
const pieces = fc.array(piece, { maxLength: 400 }).map((list) => list.map((parts) => Buffer.from(parts.join(''))));
const picks = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 0.999, noNaN: true }),
    del: fc.oneof(fc.nat(8), fc.nat(300)),
    ins: fc.array(fc.constantFrom('x', '\n', '天', '12'), { maxLength: 6 }),
  }),
  { maxLength: 12 },
);

function changeOf(text: Uint8Array, list: { at: number; del: number; ins: string[] }[]): Change {
  const out: Splice[] = [];
  let end = 0;
  for (const pick of [...list].sort((a, b) => a.at - b.at)) {
    const at = Math.max(end, Math.floor(pick.at * (text.length + 1)));
    const stop = Math.min(text.length, at + pick.del);
    const ins = Buffer.from(pick.ins.join(''));
    if ((out.length > 0 && at === end) || (stop === at && ins.length === 0) || at > text.length) continue;
    out.push({ at, del: text.subarray(at, stop), ins });
    end = stop;
  }
  return out;
}

/** A text of tiny leaves, so that a few hundred bytes make a tree of several levels, which counts what it fetches. */
function stored(list: readonly Buffer[]): { tree: TextTree; plain: Buffer; fetched: number[] } {
  const fetched: number[] = [];
  const leaves: Leaf[] = list.map((data, id) => ({ ...leafOf(data), id, data: undefined }));
  const load = (id: number): Uint8Array => {
    fetched.push(id);
    return list[id]!;
  };
  return { tree: TextTree.ofLeaves(leaves, load), plain: Buffer.concat(list), fetched };
}

describe('a change of a stored text', () => {
  it('applied at once or later gives the bytes, sizes and lines of the plain definition, and its inverse restores', () => {
    fc.assert(
      fc.property(pieces, fc.array(picks, { maxLength: 12 }), (list, edits) => {
        const { tree, plain } = stored(list);
        let now: Uint8Array = plain;
        let [atOnce, later] = [tree, tree];
        const back: Change[] = [];
        for (const p of edits) {
          const change = changeOf(now, p);
          back.push(invert(change));
          now = applyChange(now, change);
          atOnce = atOnce.apply(change);
          later = later.applyLater(change);
          expect([later.bytes, later.newlines]).toEqual([atOnce.bytes, atOnce.newlines]);
        }
        expect(later.bytes).toBe(now.length);
        const lines = later.lines;
        const middle = Math.ceil(lines / 2);
        expect(later.offsetOfLine(middle)).toBe(atOnce.offsetOfLine(middle));
        expect(Buffer.compare(later.toBuffer(), now)).toBe(0);
        expect(Buffer.compare(atOnce.toBuffer(), now)).toBe(0);
        for (const change of back.reverse()) later = later.applyLater(change);
        expect(Buffer.compare(later.toBuffer(), plain)).toBe(0);
      }),
      { numRuns: 120 },
    );
  });

  it('fetches nothing until something is read, and then no more than that', () => {
    const list = Array.from({ length: 1000 }, (_, i) => Buffer.from(`line ${i}\n`.repeat(300)));
    const { tree, plain, fetched } = stored(list);
    const change = list.map((data, i): Splice => {
      const at = list.slice(0, i).reduce((sum, one) => sum + one.length, 0);
      return { at, del: data.subarray(0, 4), ins: Buffer.from('LINE\nLINE') };
    });
    const after = tree.applyLater(change);
    expect(after.newlines).toBe(tree.newlines + 1000);
    expect(fetched).toEqual([]);
    const want = applyChange(plain, change);
    const at = Math.floor(want.length / 2);
    expect(after.slice(at, at + 20)).toEqual(Buffer.from(want.subarray(at, at + 20)));
    expect(fetched.length).toBeLessThanOrEqual(2);
  });

  it('finds out that the text is another: at once, or when it is read there', () => {
    const { tree } = stored([Buffer.from('one\n'), Buffer.from('two\n')]);
    const wrong = [{ at: 4, del: Buffer.from('TWO'), ins: Buffer.from('x') }];
    expect(() => tree.apply(wrong)).toThrow(SpliceMismatch);
    const later = tree.applyLater(wrong);
    expect(later.slice(0, 4).toString()).toBe('one\n');
    expect(() => later.slice(0, 6)).toThrow(SpliceMismatch);
    const crossed = [
      { at: 4, del: Buffer.from('two'), ins: Buffer.from('x') },
      { at: 2, del: Buffer.from('e'), ins: Buffer.from('y') },
    ];
    expect(() => tree.apply(crossed)).toThrow(SpliceMismatch);
    expect(() => tree.applyLater([{ at: 7, del: Buffer.from('\nand more'), ins: Buffer.from('') }])).toThrow(
      SpliceMismatch,
    );
  });
});
