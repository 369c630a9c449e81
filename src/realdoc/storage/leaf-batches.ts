import type { Leaf } from '../text/leaf.ts';

/**
 * Leaves stored in one transaction: about 200 KB compressed, so the writer is held for a millisecond or two. They are
 * compressed here and not in zlib's pool: for so little the pool's streams cost ten times what they do.
 */
const BATCH = { leaves: 32, bytes: 512 * 1024 };

/** Leaves as they are stored, one transaction after the other. */
export function* inBatches(leaves: readonly Leaf[]): Generator<Leaf[]> {
  let batch: Leaf[] = [];
  let bytes = 0;
  for (const leaf of leaves) {
    batch.push(leaf);
    bytes += leaf.bytes;
    if (batch.length < BATCH.leaves && bytes < BATCH.bytes) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}
