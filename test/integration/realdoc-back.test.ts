import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PrepareAgain } from '../../src/protocol/index.ts';
import * as rows from '../../src/realdoc/repository/index.ts';
import type { FileRow } from '../../src/realdoc/rows.ts';
import { TextTree } from '../../src/realdoc/text/tree.ts';
import { DocBox } from '../support/doc-box.ts';

const PATH = 'office/a.md';
let box: DocBox;
beforeEach(async () => {
  box = await DocBox.open({ packing: { stay: 8, least: 16 } });
});
afterEach(() => box.destroy());

const head = (): Promise<FileRow> => box.room.locate(PATH, { look: false });
const verified = async (): Promise<unknown[]> =>
  (await box.call<{ problems: unknown[] }>('doc.verify', { path: 'office', full: true })).problems;
const bytesAt = async (version?: number): Promise<string> => {
  const file = await head();
  return box.room.documents
    .at(file, version ?? file.head)
    .toBuffer()
    .toString();
};
const texts = ['']; // of each version, by a model that knows nothing of the room
const now = (): string => texts.at(-1)!;

async function begin(text: string): Promise<void> {
  await box.write('a.md', text);
  await box.addWorkspace();
  texts.splice(1, texts.length, text);
}

async function set(line: number, words: string): Promise<void> {
  const lines = now().split('\n');
  lines[line - 1] = words;
  await box.call('doc.edit', { path: PATH, base: texts.length - 1, verbs: [{ set: `${line}`, text: [words] }] });
  texts.push(lines.join('\n'));
}

async function back(to: number): Promise<boolean> {
  const code = await box.call('doc.rollback', { path: PATH, to: `v${to}` }).then(
    () => 'made',
    (error: { code: string }) => error.code,
  );
  expect(code).toBe(texts[to] === now() ? 'DOC_NO_CHANGE' : 'made');
  if (code === 'made') texts.push(texts[to]!);
  return code === 'made';
}

async function everyVersion(): Promise<void> {
  const file = await head();
  expect(file.head).toBe(texts.length - 1);
  for (let version = 1; version < texts.length; version++) {
    expect([version, await bytesAt(version)]).toEqual([version, texts[version]]);
  }
}

/** Very many versions are only composed in turns, and from the start again where some were taken away meanwhile. */
async function farApart(): Promise<void> {
  const { documents } = box.room;
  const file = await head();
  for (const [from, to] of [
    [1, 1101],
    [1101, 1],
    [1000, 1101],
  ] as const) {
    const change = await documents.netChangeInTurns(file, from, to);
    expect(TextTree.of(Buffer.from(texts[from]!)).apply(change).toBuffer().toString()).toBe(texts[to]);
    if (to - from === 101) expect(documents.netChange(box.store, file, from, to)).toEqual(change);
    else expect(() => documents.netChange(box.store, file, from, to)).toThrow(PrepareAgain);
  }
  const late = documents.netChangeInTurns(file, 1, 1101);
  documents.forget(file.id);
  expect(await late).toEqual(await documents.netChangeInTurns(file, 1, 1101));
  const ended = documents.netChangeInTurns(file, 1, 1101, AbortSignal.abort(new Error('nobody waits any more')));
  await expect(ended).rejects.toThrow('nobody waits');
  const verbs = [{ set: '5', text: ['of long ago'] }];
  await expect(box.call('doc.edit', { path: PATH, base: 1, verbs })).rejects.toMatchObject({
    code: 'DOC_STALE_TARGET',
  });
}

describe('going back', () => {
  it('whatever is done and in whatever order, every version reads, from every other, packed and not', async () => {
    const deed = fc.oneof(
      fc.record({ set: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ back: fc.double({ min: 0, max: 0.999, noNaN: true }) }),
      fc.constantFrom({ undo: true }, { redo: true }, { pack: true }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { minLength: 20, maxLength: 60 }), fc.integer(), async (deeds, seed) => {
        await box.destroy();
        box = await DocBox.open({ packing: { stay: 8, least: 16 } });
        await begin(Array.from({ length: 40 }, (_, i) => `line ${i}\n`).join(''));
        for (const [i, one] of deeds.entries()) {
          if ('set' in one) await set(one.set, `set ${i} ${seed}`);
          else if ('back' in one) await back(1 + Math.floor(one.back * (texts.length - 1)));
          else if ('pack' in one) {
            box.room.compactor.noteVersion((await head()).id, 64);
            await box.room.compactor.idle();
          } else {
            const taken = await box.call('undo' in one ? 'doc.undo' : 'doc.redo', { path: PATH }).then(
              () => true,
              (error: { code: string }) => {
                expect(['DOC_NOTHING_TO_UNDO', 'DOC_CONFLICT']).toContain(error.code);
                return false;
              },
            );
            if (taken) texts.push(await bytesAt());
          }
        }
        await everyVersion();
        box.room.documents.forgetAll();
        rows.forgetPacks();
        await everyVersion();
        const file = await head();
        for (let k = 0; k < 40; k++) {
          const [from, to] = [1 + ((k * 7919 + Math.abs(seed)) % file.head), 1 + ((k * 104729) % file.head)];
          const change = box.room.documents.netChange(box.store, file, from, to);
          expect(TextTree.of(Buffer.from(texts[from]!)).apply(change).toBuffer().toString()).toBe(texts[to]);
        }
        expect(await verified()).toEqual([]);
      }),
      { numRuns: 8 },
    );
  });

  it('an edit written against a version from before lands where it belongs, or not at all', async () => {
    await begin(Array.from({ length: 30 }, (_, i) => `line ${i + 1}\n`).join(''));
    await set(3, 'three');
    await set(20, 'twenty');
    await back(1);
    const shown = { path: PATH, base: 3 };
    const made = await box.call<{ version: number }>('doc.edit', { ...shown, verbs: [{ set: '10', text: ['TEN'] }] });
    expect(made.version).toBe(5);
    expect(await bytesAt()).toBe(texts[1]!.replace('line 10\n', 'TEN\n'));
    // The line it names went when somebody went back.
    await expect(box.call('doc.edit', { ...shown, verbs: [{ set: '20', text: ['x'] }] })).rejects.toMatchObject({
      code: 'DOC_STALE_TARGET',
    });
  });

  it('says who wrote the lines that are back, and how many came and went', async () => {
    await begin('one\ntwo\nthree\n');
    await set(2, 'TWO');
    await set(2, 'zwei');
    await back(2);
    const { lines } = await box.call<{ lines: { n: number; version: number }[] }>('doc.blame', { path: PATH });
    expect(lines.map((line) => line.version)).toEqual([1, 2, 1]);
    const { versions } = await box.call<{ versions: { version: number; added: number; removed: number }[] }>(
      'doc.log',
      {
        path: PATH,
      },
    );
    expect(versions.find((v) => v.version === 4)).toMatchObject({ added: 1, removed: 1, source: 'rollback' });
    const { unified } = await box.call<{ unified: string }>('doc.diff', { path: PATH });
    expect(unified).toContain('-zwei\n+TWO\n');
  });

  it('over very many versions tells the beginning of what differs, and takes that back in one step', {
    timeout: 120_000,
  }, async () => {
    const line = (i: number): string => `${i} ${randomBytes(400).toString('hex')}`;
    await begin(Array.from({ length: 900 }, (_, i) => `${line(i)}\n`).join(''));
    for (let i = 0; i < 1100; i++) await set(1 + ((i * 7) % 900), line(i));
    await farApart();
    const made = await box.call<{ isPartial?: boolean; changed: unknown[] }>('doc.rollback', { path: PATH, to: 'v1' });
    texts.push(texts[1]!);
    expect(made.isPartial).toBe(true);
    expect(made.changed.length).toBeGreaterThan(100);
    const taken = await box.call<{ versions: { isPartial?: boolean }[] }>('doc.undo', { path: PATH });
    texts.push(texts[1101]!);
    expect(taken.versions[0]!.isPartial).toBe(true);
    const again = await box.call<{ versions: unknown[] }>('doc.redo', { path: PATH });
    texts.push(texts[1]!);
    expect(again.versions).toHaveLength(1);
    const file = await head();
    expect([...rows.samesOf(box.store, file.id)]).toEqual([
      [1102, 1],
      [1103, 1101],
      [1104, 1],
    ]);
    box.room.documents.forgetAll();
    for (const version of [1, 500, 1101, 1102, 1103, 1104]) expect(await bytesAt(version)).toBe(texts[version]);
    await box.room.settled();
    // A file that was just written waits a little before it is written again.
    await expect.poll(() => box.file('a.md'), { timeout: 20_000 }).toBe(texts[1]);
    expect(await verified()).toEqual([]);
  });

  it('a row that names another version than the list of them does is found out', async () => {
    await begin('one\n');
    await set(1, 'ONE');
    await set(1, 'eins');
    await back(1);
    const file = await head();
    await box.store.write((tx) => tx.run('UPDATE doc_same SET of_v = 2 WHERE file = ?', file.id));
    expect(await verified()).not.toEqual([]);
  });
});
