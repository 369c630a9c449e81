import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { silentLogger } from '../../../src/common/index.ts';
import { Store } from '../../../src/store/index.ts';

const migrations = [{ room: 'a', step: 1, sql: 'CREATE TABLE a (n INTEGER UNIQUE) STRICT' }];
const fresh = () => mkdtempSync(join(tmpdir(), 'jingu-store-'));
const open = (directory: string, more = migrations) => new Store({ directory, migrations: more, log: silentLogger });

test('synchronous is FULL at the first open and after a reopen', async () => {
  const directory = fresh();
  for (let round = 0; round < 2; round++) {
    const store = open(directory);
    expect(store.get<{ synchronous: number }>('PRAGMA synchronous')!.synchronous).toBe(2);
    expect(store.get<{ journal_mode: string }>('PRAGMA journal_mode')!.journal_mode).toBe('wal');
    await store.close();
  }
});

test('one failing job of a group commit takes back only its own changes', async () => {
  const store = open(fresh());
  const results = await Promise.allSettled([
    store.write((tx) => tx.run('INSERT INTO a VALUES (1)')),
    store.write((tx) => {
      tx.run('INSERT INTO a VALUES (2)');
      throw new Error('no');
    }),
    store.write((tx) => tx.run('INSERT INTO a VALUES (1)')),
    store.write((tx) => tx.run('INSERT INTO a VALUES (3)')),
  ]);
  expect(results.map((r) => r.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
  expect(store.all('SELECT n FROM a ORDER BY n')).toEqual([{ n: 1 }, { n: 3 }]);
  await store.close();
});

test('a transaction cannot be used after it ended and cannot await', async () => {
  const store = open(fresh());
  let kept: { run(sql: string): unknown } | undefined;
  await store.write((tx) => {
    kept = tx;
  });
  expect(() => kept!.run('INSERT INTO a VALUES (1)')).toThrow(/after it ended/);
  await expect(store.write(async () => 1)).rejects.toThrow(/await/);
  await store.close();
});

test('a second store on the same directory is refused and says whose it is', async () => {
  const directory = fresh();
  const store = open(directory);
  expect(() => open(directory)).toThrow(/already uses/);
  await store.close();
  await open(directory).close();
});

test('a database of a newer Jingu is not opened', async () => {
  const directory = fresh();
  await open(directory, [...migrations, { room: 'a', step: 2, sql: 'CREATE TABLE b (n INTEGER) STRICT' }]).close();
  expect(() => open(directory)).toThrow(/newer Jingu/);
  const raw = new BetterSqlite(join(directory, 'jingu.db'), { readonly: true });
  expect(raw.prepare('SELECT count(*) AS n FROM migration').get()).toEqual({ n: 2 });
  raw.close();
});
