import { afterEach, beforeEach, expect, it } from 'vitest';
import { DocBox } from '../support/doc-box.ts';

const PATH = 'office/long.md';
const LINES = 90_000;
const line = (i: number): string => `line ${i} ${'of a very long text '.repeat(5)}`;
let box: DocBox;
beforeEach(async () => {
  box = await DocBox.open();
  await box.write('long.md', Array.from({ length: LINES }, (_, i) => `${line(i + 1)}\n`).join(''));
  await box.addWorkspace();
});
afterEach(() => box.destroy());

async function edit(count: number): Promise<string> {
  for (let i = 1; i <= count; i++) {
    const verbs = [{ set: String(i * 1000), text: [`changed ${i}`] }];
    await box.call('doc.edit', { path: PATH, base: i, verbs });
  }
  const { id } = await box.room.locate(PATH, { look: false });
  return id;
}
const changed = async (): Promise<number> => (await box.file('long.md')).split('changed ').length - 1;

it('the file of a very large text waits for a pause between edits, and holds all of them then', async () => {
  const id = await edit(3);
  expect(box.room.projector.isBusy(id)).toBe(false);
  await expect.poll(changed, { timeout: 20_000 }).toBe(3);
  expect(await box.file('long.md')).toContain(`\nchanged 3\n${line(3001)}\n`);
});

it('who waits for the file of a very large text has it written now', async () => {
  await edit(2);
  const { documents } = await box.call<{ documents: unknown[] }>('doc.status', { path: PATH, waitMs: 60_000 });
  expect(documents).toMatchObject([{ version: 3, onShare: 3, state: 'written' }]);
});

it('a box that goes down writes first what waits', async () => {
  await edit(2);
  await box.close();
  expect(await changed()).toBe(2);
});
