import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { silentLogger, systemClock } from '../../src/common/index.ts';
import { documentBlobOperations } from '../../src/realdoc/index.ts';
import { NEW_DOCUMENT_ERRORS } from '../../src/realdoc/operations/heads.ts';
import * as rows from '../../src/realdoc/repository/index.ts';
import { appendVersion, type NewVersion } from '../../src/realdoc/versions.ts';
import { DocBox } from '../support/doc-box.ts';
import { person } from '../support/mini-door.ts';

const PATH = 'office/a.md';
let box: DocBox;
beforeEach(async () => {
  box = await DocBox.open();
  await box.addWorkspace();
  await box.call('doc.create', { path: PATH, text: 'first\n' });
  await box.room.settled();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await box.destroy();
});

it.each<Partial<NewVersion>>([{ state: 'deleted' }, { rel: 'b.md' }, { utf8: false }])(
  'a version that changes more than a text is written whole, whatever made it: %j',
  async (more) => {
    const file = await box.room.locate(PATH);
    const after = await box.store.write((tx) => {
      const ctx = {
        ...{ caller: person(), callId: 'call_1', db: tx, tx, clock: systemClock, log: silentLogger },
        ...{ signal: new AbortController().signal, raise: () => undefined, stream: () => undefined },
        ...{ emit: () => undefined, undoWith: () => undefined, onEnd: () => undefined },
      };
      return appendVersion(ctx, file, { source: 'edit', change: [], args: {}, ...more });
    });
    expect(rows.fileById(box.store, file.id)).toMatchObject({ head: 2, ...more, rel: after.rel });
  },
);

it('a plan that keeps very many versions says where the history starts', async () => {
  const file = await box.room.locate(PATH);
  await box.call('doc.edit', { path: PATH, base: 1, verbs: [{ set: '1', text: ['second'] }] });
  const kept = new Set(Array.from({ length: 300_000 }, (_, i) => 300_007 - i));
  const retention = { allDays: 1, hourlyDays: 1, dailyDays: 1 };
  vi.spyOn(box.room.pruner, 'plan').mockResolvedValue({ file, kept, versions: 1, bytes: 1, retention, at: 0 });
  const { plan } = await box.invoke('doc.prune', { path: PATH }, undefined, true);
  expect(plan).toMatchObject({ documents: [{ path: PATH, start: 8 }] });
});

it('what comes in as bytes is looked at for its diff only where somebody asks, and says all that it may be refused for', () => {
  const bytes = vi.fn(() => Promise.resolve(Buffer.from('second\n')));
  const put = () => Promise.reject(new Error('none'));
  const operations = documentBlobOperations(box.room, { bytes, put });
  const of = (id: string) => operations.find((op) => op.id === id)!;
  const ctx = undefined as never;
  const facts = of('doc.add').facts!(ctx, { path: 'office/b.md', sha256: '0'.repeat(64) });
  expect(facts).toMatchObject({ targets: [{ id: 'office/b.md' }] });
  expect(bytes).not.toHaveBeenCalled();
  for (const id of ['doc.add', 'doc.clone'])
    expect(of(id).errors).toEqual(expect.arrayContaining([...NEW_DOCUMENT_ERRORS]));
});
