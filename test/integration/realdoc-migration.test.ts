import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { silentLogger } from '../../src/common/index.ts';
import { realdocMigrations } from '../../src/realdoc/index.ts';
import * as rows from '../../src/realdoc/repository/index.ts';
import { Store } from '../../src/store/index.ts';
import { DocBox } from '../support/doc-box.ts';
import { person } from '../support/mini-door.ts';

/** Columns of the tables as the first step made them. */
const FIRST = {
  doc_workspace: 'id, name, root, added_at, removed_at',
  doc_file: 'id, workspace, rel, kind, why, utf8, eol, bom, head, bytes, newlines, label, state, digest',
  doc_job: 'seq, kind, file, state, ts',
  doc_leaf: 'id, job, bytes, sha256, z',
  doc_tree: 'file, v, sha256, bytes, newlines, leaves',
  doc_projection: 'file, v, state, signature, reason, "foreign", attempts, ts',
  doc_undo: 'file, v, by_v',
};

it('a database of the first step is carried over: every version reads and verifies', async () => {
  const now = await DocBox.open();
  const path = 'office/a.md';
  await now.write('a.md', 'one\ntwo\nthree\n');
  await now.addWorkspace();
  const caller = person(undefined, { taskId: 'task_1' });
  await now.call('doc.edit', { path, base: 1, verbs: [{ set: '1', text: ['ONE'] }], note: 'first' });
  await now.call('doc.edit', { path, base: 2, verbs: [{ cut: '2' }] }, caller);
  await now.call('doc.undo', { task: 'task_1' });
  await now.room.settled();

  const base = mkdtempSync(join(tmpdir(), 'jingu-doc-'));
  const directory = join(base, 'data');
  const first = realdocMigrations.filter((migration) => migration.step === 1);
  const old = new Store({ directory, migrations: first, log: silentLogger });
  const file = await now.room.locate(path, { look: false });
  await old.write((tx) => {
    for (const [table, columns] of Object.entries(FIRST)) {
      for (const row of now.store.all<Record<string, string>>(`SELECT ${columns} FROM ${table}`)) {
        const marks = Object.keys(row).map(() => '?');
        tx.run(`INSERT INTO ${table} (${columns}) VALUES (${marks.join(', ')})`, ...Object.values(row));
      }
    }
    for (const op of rows.opsBetween(now.store, file.id, 0, file.head)) {
      tx.run(
        `INSERT INTO doc_op (file, v, base_v, call, actor, task, source, args, splices, note, label, ts, bytes, newlines, digest, prev)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ...[op.file, op.version, op.base, op.call, JSON.stringify(op.actor), op.task, op.source, op.args, op.splices],
        ...[op.note, JSON.stringify(op.label), op.at, op.bytes, op.newlines, op.digest, op.prev],
      );
    }
  });
  await old.close();
  const known = rows.opsBetween(now.store, file.id, 0, file.head);

  const box = await DocBox.open({ base, root: now.root });
  await box.room.settled();
  const carried = rows.opsBetween(box.store, file.id, 0, file.head);
  expect(carried).toEqual(known);
  expect(rows.opsOfTask(box.store, 'task_1').map((op) => op.version)).toEqual(
    rows.opsOfTask(now.store, 'task_1').map((op) => op.version),
  );
  for (const version of [1, 2, 3, 4])
    expect(await box.text(path, `v${version}`)).toBe(await now.text(path, `v${version}`));
  const { problems } = await box.call<{ problems: unknown[] }>('doc.verify', { path: 'office', full: true });
  expect(problems).toEqual([]);
  await box.call('doc.undo', { path });
  await box.close();
  await now.destroy();
});
