/**
 * Opens a new database over and over; each time another call of it fails, once. Tells which opens went well although the
 * file is in no WAL mode: it lives by a rollback journal then, and one that a power cut brings back takes what was
 * answered. `argv`: one JSON with the folder.
 */
import { readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../src/common/index.ts';
import { Store } from '../../src/store/index.ts';
import { Control, KIND } from './recorder.ts';

const { folder } = JSON.parse(process.argv[2]!) as { folder: string };
const base = join(folder, 'box');
const control = Control.at(process.env['RECORDER_CONTROL']!);
const kinds = [KIND.create, KIND.write, KIND.truncate, KIND.syncFile, KIND.syncFolder, KIND.unlink];
/** Where the header of a database says how it is written and read; 2 is WAL (SQLite file format, 1.3.3). */
const MODE = [18, 20] as const;

const told = { refused: 0, opened: 0, notWal: [] as string[] };
for (const errno of [constants.errno.ENOSPC, constants.errno.EIO]) {
  for (let from = 1; ; from++) {
    rmSync(base, { recursive: true, force: true });
    control.arm({ from, calls: 1, errno, kinds });
    control.record(true);
    let store: Store | undefined;
    try {
      store = new Store({ directory: base, migrations: [], log: silentLogger });
      told.opened++;
    } catch {
      told.refused++;
    }
    const { given } = control;
    control.calm();
    control.record(false);
    const mode = store ? [...readFileSync(join(base, 'jingu.db')).subarray(...MODE)] : [];
    if (mode.some((byte) => byte !== 2)) told.notWal.push(`errno ${errno} at call ${from}`);
    await store?.close();
    if (given === 0) break;
  }
}
process.stdout.write(JSON.stringify(told));
