import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK, cutByContent, opaqueTree } from '../../../src/realdoc/storage/cdc.ts';

/** Bytes without pattern, the same every time. */
function noise(bytes: number, seed = 7): Buffer {
  const out = Buffer.alloc(bytes);
  let state = seed;
  for (let i = 0; i < bytes; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[i] = state >>> 24;
  }
  return out;
}
const keys = (data: Buffer): Set<string> => new Set(cutByContent(data).map((c) => Buffer.from(c).toString('base64')));

describe('cutting by content', () => {
  it('loses no byte, and keeps to its lengths', () => {
    fc.assert(
      fc.property(fc.nat(900_000), fc.nat(), (bytes, seed) => {
        const data = noise(bytes, seed);
        const chunks = cutByContent(data);
        expect(Buffer.concat(chunks).equals(data)).toBe(true);
        for (const [i, chunk] of chunks.entries()) {
          expect(chunk.length).toBeLessThanOrEqual(CHUNK.most);
          if (i < chunks.length - 1) expect(chunk.length).toBeGreaterThan(CHUNK.least);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('makes chunks of about the usual length of bytes without pattern', () => {
    const data = noise(16 * 1024 * 1024);
    const mean = data.length / cutByContent(data).length;
    expect(mean).toBeGreaterThan(CHUNK.usual * 0.6);
    expect(mean).toBeLessThan(CHUNK.usual * 1.6);
  });

  it('moves no cut far from what is put in, taken out or changed', () => {
    const data = noise(4 * 1024 * 1024);
    const before = keys(data);
    fc.assert(
      fc.property(fc.nat(data.length - 1), fc.nat(3000), fc.uint8Array({ maxLength: 500 }), (at, del, ins) => {
        const after = Buffer.concat([data.subarray(0, at), ins, data.subarray(at + del)]);
        const fresh = [...keys(after)].filter((key) => !before.has(key));
        // The chunk that was touched, and the few until the cuts meet again.
        expect(fresh.length).toBeLessThanOrEqual(8);
      }),
      { numRuns: 25 },
    );
  });

  it('cuts a run of one byte at the longest length only', () => {
    expect(cutByContent(Buffer.alloc(CHUNK.most * 3 + 5)).map((c) => c.length)).toEqual([
      CHUNK.most,
      CHUNK.most,
      CHUNK.most,
      5,
    ]);
    expect(opaqueTree(Buffer.alloc(0)).bytes).toBe(0);
  });
});
