import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/common/index.ts';
import { WalKeeper } from '../../../src/store/wal-keeper.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jingu-wal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Rows that the database file holds by itself, without its log. */
function rowsInFile(path: string): number {
  const alone = join(folder, 'alone.db');
  copyFileSync(path, alone);
  const db = new BetterSqlite(alone);
  try {
    return (db.prepare('SELECT count(*) AS n FROM t').get() as { n: number }).n;
  } catch {
    return 0;
  } finally {
    db.close();
  }
}

describe('the keeper of the write-ahead log', () => {
  it('copies committed pages to the database once there are many, while the writer keeps its connection', async () => {
    const path = join(folder, 'a.db');
    const db = new BetterSqlite(path);
    db.pragma('journal_mode = WAL');
    db.pragma('wal_autocheckpoint = 0');
    db.exec('CREATE TABLE t (b BLOB) STRICT');
    const insert = db.prepare('INSERT INTO t (b) VALUES (?)');
    const keeper = new WalKeeper(path, silentLogger);
    for (let i = 0; i < 100; i++) insert.run(Buffer.alloc(60_000, i));
    expect(rowsInFile(path)).toBe(0);
    keeper.committed(6_000_000);
    await keeper.stop();
    expect(rowsInFile(path)).toBe(100);
    insert.run(Buffer.alloc(10));
    expect((db.prepare('SELECT count(*) AS n FROM t').get() as { n: number }).n).toBe(101);
    db.close();
  });

  it('does nothing for a little, and nothing after its end', async () => {
    const path = join(folder, 'b.db');
    const db = new BetterSqlite(path);
    db.pragma('journal_mode = WAL');
    db.pragma('wal_autocheckpoint = 0');
    db.exec("CREATE TABLE t (b BLOB) STRICT; INSERT INTO t VALUES (x'00')");
    const keeper = new WalKeeper(path, silentLogger);
    keeper.committed(100);
    await keeper.stop();
    keeper.committed(100_000_000);
    await keeper.stop();
    expect(rowsInFile(path)).toBe(0);
    db.close();
  });
});
