import { afterEach, beforeEach, expect, it } from 'vitest';
import * as rows from '../../src/realdoc/repository/index.ts';
import { unpackLeaves } from '../../src/realdoc/text/leaf-list.ts';
import { DocBox } from '../support/doc-box.ts';

let box: DocBox;
beforeEach(async () => {
  box = await DocBox.open();
  await box.addWorkspace();
  for (let i = 0; i < 40; i++) await box.call('doc.create', { path: `office/d${i}.md`, text: `text ${i}\n` });
});
afterEach(() => box.destroy());

it('marks no leaf of a text that was stored while it looked', async () => {
  const pass = box.room.garbage.collect();
  for (let i = 0; i < 3; i++) await box.call('doc.create', { path: `office/new${i}.md`, text: `meanwhile ${i}\n` });
  await pass;
  expect(marked().filter((id) => named().has(id))).toEqual([]);
});

it('takes an old mark away from a leaf that is in use, and drops nothing of it', async () => {
  const [leaf] = [...named()];
  await box.store.write((tx) => rows.freeLeaf(tx, leaf!, 1));
  expect(await box.room.garbage.collect()).toBe(0);
  expect(marked()).toEqual([]);
  expect(rows.leafBytes(box.store, leaf!)).toBeDefined();
});

function marked(): number[] {
  return rows.freeLeaves(box.store, Number.MAX_SAFE_INTEGER, 1000);
}

function named(): Set<number> {
  const trees = rows.allTrees(box.store).map(({ file, version }) => rows.treeAt(box.store, file, version)!);
  return new Set(trees.flatMap((tree) => unpackLeaves(rows.leafList(box.store, tree)).map(({ id }) => id!)));
}
