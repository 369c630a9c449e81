import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bigStatOf, NearFiles } from '../../../src/realdoc/projection/stat.ts';

/** Whether it is there before the event loop turns. */
async function settles(work: Promise<unknown>): Promise<string> {
  let how = 'a thread';
  void work.then(() => {
    how = 'at once';
  });
  for (let i = 0; i < 20; i++) await Promise.resolve();
  const answer = how;
  await work;
  return answer;
}

it('a file is looked at without a thread once it was seen on a trusted disk, and always as it is now', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'jingu-stat-'));
  const path = join(folder, 'a.txt');
  writeFileSync(path, 'one');
  const near = new NearFiles();
  await near.trustDiskOf(folder);
  expect((await near.statOf(path))?.size).toBe(3n);
  expect(await settles(near.statOf(path))).toBe('at once');
  // Those who walk over many files give way at each.
  expect(await settles(bigStatOf(path))).toBe('a thread');
  writeFileSync(join(folder, 'b.txt'), 'another');
  renameSync(join(folder, 'b.txt'), path);
  expect((await near.statOf(path))?.size).toBe(7n);
  rmSync(path);
  expect(await near.statOf(path)).toBeUndefined();
  expect(await near.statOf(join(path, 'below'))).toBeUndefined();
});
