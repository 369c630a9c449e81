import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isJinguError } from '../../src/common/index.ts';
import * as rows from '../../src/realdoc/repository/index.ts';
import { packChange, plainChange, unpackChange } from '../../src/realdoc/text/codec.ts';
import { DocBox } from '../support/doc-box.ts';

let box: DocBox;
const path = 'office/a.md';
const page = (word: string): string => Array.from({ length: 3000 }, (_, i) => `${word} line ${i + 1}\n`).join('');

beforeEach(async () => {
  box = await DocBox.open();
  await box.write('a.md', page('first'));
  await box.write('b.md', page('other'));
  await box.addWorkspace();
  for (const line of [2, 1500, 2900]) {
    const { version } = await box.call<{ version: number }>('doc.read', { path });
    await box.call('doc.edit', { path, base: version, verbs: [{ set: `${line}`, text: [`changed ${line}`] }] });
  }
  await box.room.settled();
});
afterEach(() => box.destroy());

/** The same box with another row for a version: what it says it replaces is not what is there. */
async function tamper(version: number): Promise<void> {
  const file = await box.room.locate(path, { look: false });
  const [op] = rows.opsBetween(box.store, file.id, version - 1, version);
  const change = unpackChange(op!.splices).map((s) => ({ ...s, del: Buffer.from(s.del).fill('x') }));
  const splices = packChange(plainChange(change));
  await box.store.write((tx) => {
    tx.run('UPDATE doc_op SET splices = ? WHERE v = ? AND splices = ?', splices, version, op!.splices);
  });
  await box.close();
  box = await DocBox.open({ base: box.base });
}

const refusal = async (work: Promise<unknown>): Promise<{ code: string; details: Record<string, unknown> }> => {
  try {
    await work;
  } catch (error) {
    if (isJinguError(error)) return { code: error.code, details: error.details };
    throw error;
  }
  throw new Error('it was done');
};

describe('a change whose text is not there', () => {
  it('is said of its document and version, however late it is found, and other documents go on', async () => {
    await tamper(3);
    const line = (at: string, n: number) => box.call('doc.read', { path, at, from: n, to: n });
    // Far from the place nothing has to be made, so nothing is found; whoever reads there is told.
    expect(await refusal(line('v3', 1500))).toMatchObject({ code: 'DOC_CORRUPT', details: { path, version: 3 } });
    expect(await refusal(line('v4', 1500))).toMatchObject({ code: 'DOC_CORRUPT', details: { path, version: 4 } });
    await expect(line('v2', 1500)).resolves.toMatchObject({ lines: [{ text: 'first line 1500' }] });
    for (const [operation, input] of [
      ['doc.diff', { path, from: 'v2', to: 'v3' }],
      ['doc.edit', { path, base: 4, verbs: [{ set: '1500', text: ['y'], was: 'changed 1500' }] }],
    ] as const) {
      const { code } = await refusal(box.call(operation, input));
      expect([operation, code]).toEqual([operation, 'DOC_CORRUPT']);
    }
    await box.call('doc.edit', { path: 'office/b.md', base: 1, verbs: [{ set: '1', text: ['goes on'] }] });
    expect(await box.call('doc.find', { path: 'office', words: 'goes on' })).toMatchObject({
      candidates: [{ path: 'office/b.md', line: 1 }],
      complete: false,
    });
    const { problems } = await box.call<{ problems: { path: string }[] }>('doc.verify', { path: 'office', full: true });
    expect(new Set(problems.map((one) => one.path))).toEqual(new Set([path]));
    // The way back is open: the text that it names is whole.
    await expect(box.call('doc.rollback', { path, to: 'v2' })).resolves.toMatchObject({ version: 5 });
    await expect(line('v5', 1500)).resolves.toMatchObject({ lines: [{ text: 'first line 1500' }] });
  });

  it('a stored text that is damaged is said in the same way', async () => {
    const [leaf] = box.store.all<{ id: number }>('SELECT id FROM doc_leaf ORDER BY id LIMIT 1');
    await box.store.write((tx) => tx.run("UPDATE doc_leaf SET z = x'00' WHERE id = ?", leaf!.id));
    await box.close();
    box = await DocBox.open({ base: box.base });
    expect(await refusal(box.call('doc.read', { path }))).toMatchObject({ code: 'DOC_CORRUPT', details: { path } });
    await expect(box.call('doc.read', { path: 'office/b.md' })).resolves.toMatchObject({ total: 3000 });
  });
});
