import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { consistencyPath, inclusionPath, newNodes, peaks, rootAt } from '../../../src/audit/tree.ts';
import { fromBase64, verifyConsistency, verifyInclusion } from '../../../src/protocol/index.ts';
import { testData } from '../../support/test-data.ts';

interface Case {
  desc: string;
  wantErr: boolean;
  proof: string[] | null;
  leafIdx: number;
  treeSize: number;
  root: string;
  leafHash: string;
  size1: number;
  size2: number;
  root1: string;
  root2: string;
}

const vectors = testData('tlog/testdata');

function casesIn(folder: string): { path: string; c: Case }[] {
  return readdirSync(join(vectors!, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({ path: name, c: JSON.parse(readFileSync(join(vectors!, folder, name), 'utf8')) as Case }));
}

const bytes = (text: string | null) => fromBase64(text ?? '') ?? new Uint8Array();
const pathOf = (c: Case) => (c.proof ?? []).map(bytes);

describe.skipIf(!vectors)('published RFC 6962 vectors', () => {
  test('every inclusion case is accepted or refused as it says', async () => {
    const cases = casesIn('inclusion');
    expect(cases).toHaveLength(98);
    for (const { path, c } of cases) {
      const proof = {
        index: c.leafIdx,
        size: c.treeSize,
        leaf: bytes(c.leafHash),
        root: bytes(c.root),
        path: pathOf(c),
      };
      expect(await verifyInclusion(proof), path).toBe(!c.wantErr);
    }
  });

  test('every consistency case is accepted or refused as it says', async () => {
    const cases = casesIn('consistency');
    expect(cases).toHaveLength(98);
    for (const { path, c } of cases) {
      const proof = { from: c.size1, to: c.size2, fromRoot: bytes(c.root1), toRoot: bytes(c.root2), path: pathOf(c) };
      expect(await verifyConsistency(proof), path).toBe(!c.wantErr);
    }
  });
});

/** A tree kept the way the table keeps it: every complete node once. */
function grow(size: number) {
  const nodes = new Map<string, Uint8Array>();
  const at = (level: number, index: number) => nodes.get(`${level}/${index}`)!;
  for (let i = 0; i < size; i++) {
    const leaf = createHash('sha256').update(Uint8Array.of(0)).update(String(i)).digest();
    nodes.set(`0/${i}`, leaf);
    for (const n of newNodes(i, leaf, at)) nodes.set(`${n.level}/${n.index}`, n.hash);
  }
  return { at, nodes };
}

/** The definition of RFC 6962, 2.1, written as it stands there. */
function definition(leaves: Uint8Array[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest();
  if (leaves.length === 1) return Buffer.from(leaves[0]!);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  const hash = createHash('sha256').update(Uint8Array.of(1));
  return hash
    .update(definition(leaves.slice(0, k)))
    .update(definition(leaves.slice(k)))
    .digest();
}

describe('the tree', () => {
  test('the root of every size is the one that RFC 6962 defines', () => {
    const { at } = grow(70);
    for (let size = 0; size <= 70; size++) {
      const leaves = Array.from({ length: size }, (_, i) => at(0, i));
      expect(rootAt(size, at)).toEqual(definition(leaves));
      expect(peaks(size, at)).toHaveLength(size.toString(2).replaceAll('0', '').length);
    }
  });

  test('the tree grows by less than one interior node a leaf', () => {
    expect(grow(1000).nodes.size).toBeLessThan(2000);
  });

  test('every inclusion proof verifies, and none for another leaf, index, size or root', async () => {
    const { at } = grow(130);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 130 }), fc.nat(), async (size, n) => {
        const index = n % size;
        const proof = { index, size, leaf: at(0, index), root: rootAt(size, at), path: inclusionPath(index, size, at) };
        expect(await verifyInclusion(proof)).toBe(true);
        expect(await verifyInclusion({ ...proof, leaf: at(0, (index + 1) % 130) })).toBe(false);
        expect(await verifyInclusion({ ...proof, root: rootAt((size % 130) + 1, at) })).toBe(false);
        if (size > 1) expect(await verifyInclusion({ ...proof, index: (index + 1) % size })).toBe(false);
        expect(await verifyInclusion({ ...proof, path: [...proof.path, proof.root] })).toBe(false);
      }),
    );
  });

  test('every consistency proof verifies, and none with a hash changed, left out or added', async () => {
    const { at } = grow(130);
    const size = fc.integer({ min: 1, max: 130 });
    await fc.assert(
      fc.asyncProperty(size, size, fc.nat(), async (a, b, n) => {
        const [from, to] = a < b ? [a, b] : [b, a];
        const path = consistencyPath(from, to, at);
        const proof = { from, to, fromRoot: rootAt(from, at), toRoot: rootAt(to, at), path };
        expect(await verifyConsistency(proof)).toBe(true);
        expect(await verifyConsistency({ ...proof, path: [...path, proof.toRoot] })).toBe(false);
        if (path.length === 0) return;
        const i = n % path.length;
        const flipped = Buffer.from(path[i]!);
        flipped[n % 32]! ^= 1;
        expect(await verifyConsistency({ ...proof, path: path.with(i, flipped) })).toBe(false);
        expect(await verifyConsistency({ ...proof, path: path.toSpliced(i, 1) })).toBe(false);
      }),
    );
  });
});
