import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { composeAll, composeAllSlowly, composeLog } from '../../../src/realdoc/text/compose.ts';
import { applyChange, type Change, type Splice } from '../../../src/realdoc/text/splice.ts';

const picks = fc.array(
  fc.record({
    at: fc.nat(400),
    del: fc.nat(9),
    ins: fc.array(fc.constantFrom('x', '\n', '天', 'yz'), { maxLength: 5 }),
  }),
  { maxLength: 5 },
);

/** Sorted splices that may stand side by side, as edits of one call do. */
function changeOf(text: Uint8Array, list: { at: number; del: number; ins: string[] }[]): Change {
  const out: Splice[] = [];
  let end = -1;
  for (const pick of [...list].sort((a, b) => a.at - b.at)) {
    const at = Math.max(end, pick.at % (text.length + 1));
    const del = text.subarray(at, Math.min(text.length, at + pick.del));
    const ins = Buffer.from(pick.ins.join(''));
    if (at > text.length || (at === end && del.length === 0)) continue;
    if (del.length + ins.length === 0) continue;
    out.push({ at, del, ins });
    end = at + del.length;
  }
  return out;
}

describe('a long run of changes', () => {
  it('as one change leads to the same text, sorted and without overlap, and says what it takes away', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'b\n', '期'), { maxLength: 120 }),
        fc.array(picks, { maxLength: 30 }),
        (parts, edits) => {
          const text = Buffer.from(parts.join(''));
          let now: Uint8Array = text;
          const changes = edits.map((p) => {
            const change = changeOf(now, p);
            now = applyChange(now, change);
            return change;
          });
          for (const all of [composeLog(changes), composeAll(changes)]) {
            expect(Buffer.compare(applyChange(text, all), now)).toBe(0);
            let end = 0;
            for (const s of all) {
              expect(s.at).toBeGreaterThanOrEqual(end);
              end = s.at + s.del.length;
              expect(Buffer.from(s.del)).toEqual(text.subarray(s.at, end));
            }
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('made in turns is the very same change, and there are many turns', async () => {
    const line = (i: number): string => `line ${i}\n`;
    const text = Buffer.from(Array.from({ length: 3000 }, (_, i) => line(i)).join(''));
    const starts: number[] = [0];
    for (let i = 0; i < text.length; i++) if (text[i] === 10) starts.push(i + 1);
    const changes: Change[] = Array.from({ length: 20_000 }, (_, i) => {
      const at = starts[(i * 7919) % 3000]!;
      const old = i < 3000 ? 'line' : 'edit';
      return [{ at, del: Buffer.from(old), ins: Buffer.from('edit') }];
    });
    let turns = 0;
    const pace = { isDue: true, turn: async () => void turns++ };
    const slowly = await composeAllSlowly(changes, pace);
    expect(slowly).toEqual(composeAll(changes));
    expect(turns).toBeGreaterThan(20);
  });
});
