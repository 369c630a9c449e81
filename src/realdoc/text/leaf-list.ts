import { VarintReader, varint } from './codec.ts';
import type { Leaf } from './leaf.ts';

/** The leaves of a stored tree, in order: for each its row id, bytes and newlines as LEB128 numbers. */
export function packLeaves(leaves: readonly Leaf[]): Buffer {
  const parts: Buffer[] = [];
  for (const { id, bytes, newlines } of leaves) {
    if (id === undefined) throw new Error('a leaf is not stored yet');
    parts.push(varint(id), varint(bytes), varint(newlines));
  }
  return Buffer.concat(parts);
}

/** Leaves without their bytes: those come from the store when they are asked for. */
export function unpackLeaves(plain: Uint8Array): Leaf[] {
  const reader = new VarintReader(plain);
  const leaves: Leaf[] = [];
  while (!reader.atEnd) {
    const id = reader.next();
    const bytes = reader.next();
    leaves.push({ id, bytes, newlines: reader.next(), data: undefined });
  }
  return leaves;
}
