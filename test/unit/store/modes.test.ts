import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentLogger } from '../../../src/common/index.ts';
import { Store } from '../../../src/store/index.ts';

test('in a directory that others may enter, the database and its WAL are closed to them', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'jingu-modes-'));
  chmodSync(directory, 0o755);
  const migrations = [{ room: 'test', step: 1, sql: 'CREATE TABLE test (a INTEGER) STRICT' }];
  const store = new Store({ directory, migrations, log: silentLogger });
  await store.write((tx) => tx.run('INSERT INTO test (a) VALUES (1)'));
  const files = readdirSync(directory).filter((name) => name.startsWith('jingu.db'));
  expect(files.sort()).toEqual(['jingu.db', 'jingu.db-shm', 'jingu.db-wal']);
  for (const name of files) expect(statSync(join(directory, name)).mode & 0o077).toBe(0);
  await store.close();
  rmSync(directory, { recursive: true });
});
