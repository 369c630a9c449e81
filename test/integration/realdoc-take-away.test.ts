import { renameSync, writeFileSync } from 'node:fs';
import { open, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { loadKernel } from '../../src/realdoc/projection/kernel.ts';
import { DocBox } from '../support/doc-box.ts';

let box: DocBox;
afterEach(() => box.destroy());

const at = (name: string): string => join(box.root, name);
async function create(name: string, options: ConstructorParameters<typeof DocBox>[0] = {}): Promise<void> {
  box = await DocBox.open(options);
  await box.addWorkspace();
  await box.call('doc.create', { path: `office/${name}`, text: 'sum 1\n' });
  await box.room.settled();
}
const sources = async (path: string): Promise<string[]> => {
  const { versions } = await box.call<{ versions: { source: string }[] }>('doc.log', { path });
  return versions.map((v) => v.source).reverse();
};

it('a save in place of the same size, while the creation is taken back, brings the document back', async () => {
  await create('a.md');
  await box.room.projector.stop();
  await box.call('doc.undo', { path: 'office/a.md' });
  await writeFile(at('a.md'), 'sum 2\n');
  await box.close();
  box = await DocBox.open({ base: box.base });
  expect(await box.file('a.md')).toBe('sum 2\n');
  expect(await box.text('office/a.md')).toBe('sum 2');
  expect(await sources('office/a.md')).toEqual(['create', 'undo', 'import']);
});

it('a file that was only touched leaves the share all the same', async () => {
  await create('a.md');
  await box.room.projector.stop();
  await box.call('doc.undo', { path: 'office/a.md' });
  await utimes(at('a.md'), 1_000_000, 1_000_000);
  box.room.projector.start();
  const { id } = await box.room.locate('office/a.md', { deleted: true, look: false });
  box.room.projector.kick(id);
  await box.room.settled();
  expect(await readdir(box.root)).toEqual([]);
});

it('what a program saves through a handle that it had open all the time is a version, and the file stays', async () => {
  await create('a.md');
  const handle = await open(at('a.md'), 'r+');
  await box.call('doc.undo', { path: 'office/a.md' });
  await box.room.settled();
  await handle.write('sum 3\n', 0);
  await handle.close();
  await expect.poll(() => box.text('office/a.md').catch(() => ''), { timeout: 20_000 }).toBe('sum 3');
  await expect.poll(() => readdir(box.root), { timeout: 20_000 }).toEqual(['a.md']);
  expect(await box.file('a.md')).toBe('sum 3\n');
});

it('a save by rename after the last look comes back from under the name of ours', async () => {
  const kernel = (await loadKernel())!;
  let isNext = false;
  const hasWriter = (fd: number): boolean | undefined => {
    if (isNext) {
      isNext = false;
      writeFileSync(at('.save'), 'sum 4\n');
      renameSync(at('.save'), at('a.md'));
    }
    return kernel.hasWriter(fd);
  };
  await create('a.md', { kernel: () => Promise.resolve({ ...kernel, hasWriter }) });
  isNext = true;
  await box.call('doc.undo', { path: 'office/a.md' });
  expect(await box.file('a.md')).toBe('sum 4\n');
  expect(await sources('office/a.md')).toEqual(['create', 'undo', 'import']);
  expect(await readdir(box.root)).toEqual(['a.md']);
});
