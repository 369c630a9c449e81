import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Tx } from '../../src/common/index.ts';
import { PrepareAgain } from '../../src/protocol/index.ts';
import { carryToHead } from '../../src/realdoc/edit/plan.ts';
import { planRewrite } from '../../src/realdoc/edit/rewrite.ts';
import * as rows from '../../src/realdoc/repository/index.ts';
import type { FileRow, ProjectionRow } from '../../src/realdoc/rows.ts';
import { DocBox } from '../support/doc-box.ts';
import { agentFor } from '../support/mini-door.ts';

/** More versions than anybody composes at once. */
const MANY = 1100;
const BEGIN = Array.from({ length: 60 }, (_, i) => `line ${i + 1}\n`).join('');
const path = 'office/a.md';
const reader = agentFor('task_reader');
let box: DocBox;
/** What was on the share when the document had one version. */
let first: ProjectionRow;

const file = (): Promise<FileRow> => box.room.locate(path, { look: false });
const text = async (): Promise<string> => (await box.text(path)).concat('\n');
const edit = async (line: number, words: string, base?: number): Promise<void> => {
  const verbs = [{ set: `${line}`, text: [words] }];
  await box.call('doc.edit', { path, base: base ?? (await file()).head, verbs });
};

/** Versions from 2 on: the old edits of two tasks, then very many in the first lines, one upon the other. */
beforeAll(async () => {
  // So that every change is a row of its own, which can be counted.
  box = await DocBox.open({ packing: { stay: 10_000, least: 10_000 } });
  await box.write('a.md', BEGIN);
  await box.addWorkspace();
  await box.call('doc.read', { path, from: 30, to: 32 }, reader);
  await box.call('doc.find', { path, words: 'line 33', max: 1 }, reader);
  first = rows.projection(box.store, (await file()).id)!;
  for (const [line, task] of [
    [40, 'old'],
    [45, 'other'],
  ] as const) {
    const agent = agentFor(`task_${task}`);
    await box.call('doc.read', { path, from: line, to: line }, agent);
    await box.call('doc.edit', { path, base: 1, verbs: [{ set: `${line}`, text: [`of an ${task} task`] }] }, agent);
  }
  for (let i = 0; i < MANY; i++) await edit(1 + (i % 20), `words ${i}`);
}, 120_000);
afterAll(() => box.destroy());

/** Runs `call` with `work` done after it is prepared. Gives how often it was prepared again, and what transactions read. */
async function meanwhile(work: () => Promise<unknown>, call: () => Promise<unknown>) {
  const write = box.store.write.bind(box.store);
  const seen = { changes: 0, again: 0 };
  await box.room.settled();
  const counting = (tx: Tx): Tx =>
    new Proxy(tx, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          const result: unknown = value.apply(target, args);
          if (name === 'all' && String(args[0]).startsWith('SELECT splices')) {
            seen.changes += (result as unknown[]).length;
          }
          return result;
        };
      },
    });
  box.store.write = async (fn) => {
    box.store.write = write;
    await work();
    box.store.write = async (later) => {
      try {
        return await write((tx) => later(counting(tx)));
      } catch (error) {
        if (error instanceof PrepareAgain) seen.again++;
        throw error;
      }
    };
    return await box.store.write(fn);
  };
  try {
    await call();
  } finally {
    box.store.write = write;
  }
  return seen;
}

it('an edit on an old version composes in its transaction only what came since it was prepared', async () => {
  const seen = await meanwhile(
    () => edit(21, 'meanwhile'),
    () => edit(50, 'on the first version', 1),
  );
  expect(seen).toMatchObject({ again: 0 });
  expect(seen.changes).toBeLessThan(10);
  expect((await text()).split('\n')[49]).toBe('on the first version');
});

it('so does a rewrite on an old version', async () => {
  const input = { path, base: 1, from: 51, to: 52, text: 'rewritten\nboth' };
  const seen = await meanwhile(
    () => edit(21, 'and again'),
    () => box.call('doc.rewrite', input),
  );
  expect(seen).toMatchObject({ again: 0 });
  expect(seen.changes).toBeLessThan(10);
  expect(await text()).toContain('rewritten\nboth\n');
});

it('an edit whose place is changed meanwhile is refused, however old its base', async () => {
  const call = meanwhile(
    () => edit(53, 'mine'),
    () => edit(53, 'yours', 1),
  );
  await expect(call).rejects.toMatchObject({ code: 'DOC_STALE_TARGET' });
});

it('lines and candidates that were shown very many versions ago count', async () => {
  const { head } = await file();
  const input = { path, base: head, verbs: [{ cut: '31' }, { set: '#1', text: ['found long ago'] }] };
  await box.call('doc.edit', input, reader);
  expect(await text()).toContain('line 30\nline 32\nfound long ago\n');
});

it('taking back an old edit composes in its transaction only what came since it was prepared', async () => {
  const seen = await meanwhile(
    () => edit(22, 'meanwhile'),
    () => box.call('doc.undo', { task: 'task_old' }),
  );
  expect(seen).toMatchObject({ again: 0 });
  expect(seen.changes).toBeLessThan(10);
  const now = await text();
  expect(now).not.toContain('of an old task');
  expect(now).toContain('line 40\n');
  expect(now.split('\n')[21]).toBe('meanwhile');
});

it('an old edit whose place is changed meanwhile is not taken back', async () => {
  const place = (await text()).split('\n').indexOf('of an other task') + 1;
  const call = meanwhile(
    () => edit(place, 'in its place'),
    () => box.call('doc.undo', { task: 'task_other' }),
  );
  await expect(call).rejects.toMatchObject({ code: 'DOC_CONFLICT' });
  expect(await text()).toContain('in its place\n');
});

it('a save over a version of long ago is joined with all that came since', async () => {
  const { id, head } = await file();
  await box.room.settled();
  const before = await text();
  // As if a program had held the file open all the while.
  await box.store.write((tx) => rows.putProjection(tx, { ...first, state: 'pending' }));
  await box.write('a.md', BEGIN.replace('line 57\n', 'saved at last\n'));
  const seen = await meanwhile(
    async () => {
      // One that knows nothing of the save yet, as it is when both come at once.
      vi.spyOn(box.room, 'locate').mockResolvedValueOnce(await file());
      vi.spyOn(box.room.projector, 'edited').mockReturnValueOnce(undefined);
      await edit(23, 'meanwhile', head);
    },
    () => box.call('doc.import', { path }),
  );
  expect(seen).toMatchObject({ again: 0 });
  expect(seen.changes).toBeLessThan(10);
  const lines = before.replace('line 57\n', 'saved at last\n').split('\n');
  lines[22] = 'meanwhile';
  expect(await text()).toBe(lines.join('\n'));
  expect(rows.opsBetween(box.store, id, head, head + 3).map((op) => op.source)).toEqual(['edit', 'import', 'merge']);
});

it('nobody composes on for a call that has ended', async () => {
  const ports = { db: box.store, documents: box.room.documents, signal: AbortSignal.abort(new Error('ended')) };
  const input = { base: 1, from: 58, to: 58, text: 'x' };
  await expect(planRewrite(ports, await file(), input)).rejects.toThrow('ended');
  const base = { file: await file(), base: 1, baseTree: box.room.documents.at(await file(), 1), aims: [] };
  await expect(carryToHead(ports, base)).rejects.toThrow('ended');
});
