import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Clock, silentLogger, systemClock } from '../../src/common/index.ts';
import * as rows from '../../src/realdoc/repository/index.ts';
import { Store } from '../../src/store/index.ts';
import { DocBox } from '../support/doc-box.ts';

const PATH = 'office/a.md';

it('reads a pack as it is in each database, also where versions were taken from it in the other', async () => {
  let ahead = 0;
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + ahead };
  const box = await DocBox.open({ clock, packing: { stay: 3, least: 5 } });
  try {
    await box.write('a.md', 'one\ntwo\n');
    await box.addWorkspace();
    for (let version = 1; version < 40; version++)
      await box.call('doc.edit', { path: PATH, base: version, verbs: [{ set: '1', text: [`as of ${version}`] }] });
    for (const version of [3, 10]) await box.call('doc.tag', { path: PATH, name: `t${version}`, version });
    await box.room.settled();
    const { id } = await box.room.locate(PATH, { look: false });
    box.room.compactor.noteVersion(id, 64);
    await box.room.compactor.idle();
    expect(rows.packedUpTo(box.store, rows.wordId(box.store, id)!)).toBeGreaterThan(20);
    const directory = join(box.base, 'copy');
    mkdirSync(directory);
    await box.store.backupTo(join(directory, 'jingu.db'));

    ahead = 2 * 24 * 3_600_000;
    await box.call('doc.prune', { path: PATH, policy: { allDays: 0, hourlyDays: 0, dailyDays: 0 } });
    await box.room.settled();
    const versionsIn = (db: Store): number[] => rows.opsBetween(db, id, 0, 40).map((op) => op.version);
    expect(versionsIn(box.store)).toEqual(expect.arrayContaining([3, 10, 40]));
    expect(versionsIn(box.store).length).toBeLessThan(20);
    const copy = new Store({ directory, migrations: [], log: silentLogger });
    expect(versionsIn(copy)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    await copy.close();
  } finally {
    await box.destroy();
  }
});
