import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/common/index.ts';
import * as rows from '../../src/realdoc/repository/index.ts';
import { DocBox } from '../support/doc-box.ts';
import { person } from '../support/mini-door.ts';
import { SpecReader } from '../support/spec-reader.ts';

it('a reader written from the specification alone reads every version of every document', async () => {
  let ahead = 0;
  const box = await DocBox.open({
    packing: { stay: 20, least: 60 },
    clock: { ...systemClock, now: () => systemClock.now() + ahead },
  });
  const path = 'office/a.md';
  const lines = Array.from({ length: 300 }, (_, i) => `Zeile ${i} für 天`);
  await box.write('a.md', lines.join('\r\n'));
  await box.write('scan.png', Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), randomBytes(700_000)]));
  await box.addWorkspace();
  const caller = person(undefined, { taskId: 'task_1' });
  for (let version = 1; version < 300; version++) {
    if (version % 45 === 0) {
      await box.call('doc.rollback', { path, to: `v${version - 20}` });
      continue;
    }
    const line = 1 + ((version * 17) % 300);
    const verbs = [{ set: `${line}`, text: [`${version} ${'x'.repeat(version === 40 ? 900 : version % 7)}`] }];
    const note = version % 9 === 0 ? { note: `number ${version}` } : {};
    await box.call('doc.edit', { path, base: version, verbs, ...note }, version % 50 === 0 ? caller : undefined);
  }
  await box.write('a.md', Array.from({ length: 3000 }, (_, i) => `all new ${i} ${i * i}`).join('\n'));
  await box.write('scan.png', Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), randomBytes(700_000)]));
  await box.room.scan(box.room.workspace('office'));
  await box.room.settled();
  await box.call('doc.undo', { path });
  await box.call('doc.rollback', { path, to: 'v100' });
  await box.call('doc.tag', { path, name: 'kept', version: 100 });
  const file = await box.room.locate(path, { look: false });
  box.room.compactor.noteVersion(file.id, 64);
  await box.room.compactor.idle();
  expect(rows.packedUpTo(box.store, rows.wordId(box.store, file.id)!)).toBeGreaterThan(200);

  const compare = (): number => {
    const reader = new SpecReader(join(box.base, 'data'));
    let count = 0;
    for (const { id, head, digest } of reader.documents()) {
      const entries = reader.versions(id);
      const known = rows.opsBetween(box.store, id, 0, head);
      expect(entries.map((e) => [e.v, e.digest, e.call, e.args, e.note, e.ts, e.bytes])).toEqual(
        known.map((op) => [op.version, op.digest, op.call, op.args, op.note, op.at, op.bytes]),
      );
      expect(entries.at(-1)!.digest).toBe(digest);
      const sample = entries.filter(
        (e) => e.v % 37 === 0 || e.v === head || e.span > 1 || e.v - e.span === 0 || e.v > 295,
      );
      for (const { v, bytes } of sample) {
        const text = reader.text(id, v);
        const row = rows.fileById(box.store, id)!;
        expect([v, text.length, createHash('sha256').update(text).digest('hex')]).toEqual([
          v,
          bytes,
          createHash('sha256').update(box.room.documents.at(row, v).toBuffer()).digest('hex'),
        ]);
        count++;
      }
    }
    reader.close();
    return count;
  };
  expect(rows.samesOf(box.store, file.id).size).toBeGreaterThan(6);
  expect(compare()).toBeGreaterThan(12);
  ahead = 3 * 24 * 3_600_000;
  await box.call('doc.prune', { path: 'office', policy: { allDays: 0, hourlyDays: 0, dailyDays: 0 } });
  await box.room.settled();
  expect(rows.isThinned(box.store, file.id)).toBe(true);
  expect(compare()).toBeGreaterThan(3);
  await box.destroy();
});
