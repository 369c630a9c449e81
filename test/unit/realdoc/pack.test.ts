import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newId } from '../../../src/common/index.ts';
import { parseCall, printCall } from '../../../src/realdoc/storage/call-id.ts';
import { type LoggedOp, layOut } from '../../../src/realdoc/storage/pack.ts';
import { PackedFacts } from '../../../src/realdoc/storage/read-pack.ts';
import { packChange, packFull, plainChange, withDictionary } from '../../../src/realdoc/text/codec.ts';
import type { Splice } from '../../../src/realdoc/text/splice.ts';

const bytes = fc.uint8Array({ maxLength: 40 }).map((b) => Buffer.from(b));
const change = fc.array(fc.record({ gap: fc.nat(5000), del: bytes, ins: bytes }), { maxLength: 5 }).map((list) => {
  let end = 0;
  return list.map(({ gap, del, ins }): Splice => {
    const at = end + gap;
    end = at + del.length;
    return { at, del, ins };
  });
});
const hex = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((b) => Buffer.from(b).toString('hex'));
const call = fc.oneof(
  fc.constant('the same'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  fc.integer({ min: 1e12, max: 2e12 }).map((now) => newId('call', now)),
);
const op = fc.record({
  step: fc.nat(1000),
  span: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.integer({ min: 2, max: 900 }) }),
  back: fc.integer({ min: -1, max: 300 }),
  call,
  actor: fc.nat(9000),
  label: fc.nat(9000),
  task: fc.option(fc.integer({ min: 1, max: 9000 })),
  source: fc.constantFrom('edit' as const, 'import' as const, 'undo' as const, 'merge' as const),
  args: fc.json(),
  note: fc.option(fc.string({ unit: 'grapheme' })),
  at: fc.integer({ min: 1e12, max: 2e12 }),
  bytes: fc.nat(1e9),
  newlines: fc.nat(1e7),
  splices: fc.oneof(
    { weight: 5, arbitrary: change.map((c) => packChange(plainChange(c))) },
    { weight: 1, arbitrary: hex.map(packFull) },
  ),
  digest: hex,
  seal: hex,
});

/** Rows as they follow one another, after version `from` - 1. */
function run(list: { step: number; back: number; digest: string; seal: string }[], from: number): LoggedOp[] {
  let seq = 0;
  let version = from - 1;
  return (list as (LoggedOp & { step: number; back: number })[]).map(({ step, back, ...rest }) => {
    seq += step + 1;
    version += rest.span;
    const isFolded = rest.span > 1;
    return {
      ...rest,
      seq,
      version,
      base: Math.max(0, version - 1 - back),
      digest: isFolded ? rest.digest : null,
      seal: isFolded ? rest.seal : null,
    };
  });
}

describe('packs', () => {
  it('give back every row as it was', () => {
    fc.assert(
      fc.property(fc.array(op, { minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 1e6 }), (list, from) => {
        const ops = run(list, from);
        const plain = layOut(ops);
        const z = {
          splices: zstdCompressSync(plain.splices),
          facts: zstdCompressSync(plain.facts, withDictionary(plain.splices)),
        };
        const normal = ops.map((o) => ({ ...o, splices: Buffer.from(o.splices).toString('hex') }));
        const back = new PackedFacts(z, from).all().map((o) => ({
          ...o,
          // A row may be compressed; a pack gives the plain form.
          splices: Buffer.from(o.splices).toString('hex'),
        }));
        expect(back).toEqual(normal);
      }),
    );
  });

  it('that do not end with their last text are refused each time', () => {
    const [one] = fc.sample(fc.array(op, { minLength: 2, maxLength: 2 }), { numRuns: 1, seed: 1 });
    const plain = layOut(run(one!, 1));
    const more = Buffer.concat([plain.facts, Buffer.from('more')]);
    const facts = zstdCompressSync(more, withDictionary(plain.splices));
    const pack = new PackedFacts({ splices: zstdCompressSync(plain.splices), facts }, 1);
    for (let i = 0; i < 2; i++) expect(() => pack.args(0)).toThrow(RangeError);
    expect(() => pack.all()).toThrow(RangeError);
  });

  it('take ids apart and put them together, and leave others alone', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 }), (now) => {
        const id = newId('call', now);
        expect(printCall(parseCall(id)!)).toBe(id);
        expect(parseCall(`${id}x`)).toBeUndefined();
      }),
    );
    expect(parseCall('call_0123456789abcdef0123456789abcdef')).toBeUndefined();
  });
});
