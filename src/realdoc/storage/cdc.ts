import type { Leaf } from '../text/leaf.ts';
import { TextTree } from '../text/tree.ts';

/** Chunks are no shorter (but for the last), mostly about as long as, and never longer than these. */
export const CHUNK = { least: 16 * 1024, usual: 64 * 1024, most: 256 * 1024 };

/**
 * Numbers that a byte stirs into the rolling sum, the same on any box: xorshift32 from a fixed seed. Cuts found with
 * other numbers would be as good, but would share nothing with the chunks that are stored already.
 */
const GEAR = ((): Uint32Array => {
  const out = new Uint32Array(256);
  let state = 0x9e3779b9;
  for (let i = 0; i < 256; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    out[i] = state >>> 0;
  }
  return out;
})();
/** High bits decide, since a byte needs 32 steps to be shifted out of them. Harder before the usual length, then easier. */
const HARD = 0xffff_c000 << 0;
const EASY = 0xfffc_0000 << 0;

/**
 * End of the chunk that begins at `at`: content-defined, so that what is put in somewhere moves no cut far from it
 * (FastCDC with normalised chunk lengths).
 */
function chunkEnd(data: Uint8Array, at: number): number {
  const end = Math.min(data.length, at + CHUNK.most);
  const usual = Math.min(end, at + CHUNK.usual);
  let i = at + CHUNK.least;
  if (i >= end) return end;
  let sum = 0;
  for (; i < usual; i++) {
    sum = ((sum << 1) + GEAR[data[i]!]!) | 0;
    if ((sum & HARD) === 0) return i + 1;
  }
  for (; i < end; i++) {
    sum = ((sum << 1) + GEAR[data[i]!]!) | 0;
    if ((sum & EASY) === 0) return i + 1;
  }
  return end;
}

/** Cuts bytes that nobody reads as lines by their content. Views of `data`, which must not change afterwards. */
export function cutByContent(data: Uint8Array): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let at = 0; at < data.length; ) {
    const end = chunkEnd(data, at);
    out.push(data.subarray(at, end));
    at = end;
  }
  return out;
}

/** Such bytes as a stored text. It has no lines. */
export function opaqueTree(data: Uint8Array, load?: (id: number) => Uint8Array): TextTree {
  const leaves: Leaf[] = cutByContent(data).map((chunk) => ({
    bytes: chunk.length,
    newlines: 0,
    data: chunk,
    id: undefined,
  }));
  return TextTree.ofLeaves(leaves, load);
}
