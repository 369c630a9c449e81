import { closeSync, fchmodSync, openSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { type Database, fail, type JinguError, type Logger, type SqlValue, type Tx } from '../common/index.ts';
import { makeDurableFolder, syncNames } from './durable-folder.ts';
import { GroupCommit } from './group-commit.ts';
import { lockDirectory } from './lock.ts';
import { type RestoreNotice, storeMeta } from './meta.ts';
import type { Migration } from './migrations.ts';
import { setPragmas } from './pragmas.ts';
import { finishRestore } from './restore.ts';
import { Statements } from './statements.ts';
import { WalKeeper } from './wal-keeper.ts';

export interface StoreOptions {
  directory: string;
  migrations: readonly Migration[];
  log: Logger;
  /**
   * Told once when a write failed in a way that leaves it open what is on the disk. Writes are refused from then on;
   * only opening the store again, from the disk, helps.
   */
  onBroken?: (error: JinguError) => void;
}

/**
 * The one database of the box. WAL with `synchronous=FULL`, set and read back at each open: better-sqlite3 is built
 * with DEFAULT_WAL_SYNCHRONOUS=1, so a reopened file would run NORMAL and lose acknowledged commits at a power cut.
 */
export class Store implements Database {
  readonly path: string;
  /** Which life of the database this is; a restore begins a new one, and cursors of the old mean nothing in it. */
  readonly epoch: string;
  readonly #db: BetterSqlite.Database;
  readonly #statements: Statements;
  readonly #commits: GroupCommit;
  readonly #wal: WalKeeper;
  readonly #unlock: () => void;

  /** Opens, locks, migrates. Throws STORE_LOCKED if another process owns the directory, STORE_FAILED otherwise. */
  constructor(options: StoreOptions) {
    this.path = join(options.directory, 'jingu.db');
    this.#unlock = claim(options.directory);
    let db: BetterSqlite.Database | undefined;
    try {
      // A restore that was interrupted while names were exchanged is finished before anything is opened.
      finishRestore(options.directory);
      closeToOthers(this.path);
      db = new BetterSqlite(this.path);
      setPragmas(db);
      // The names of what was made here, and that the rollback journal of a file not yet in WAL mode is gone.
      syncNames(options.directory);
      // Of a log that is left over nobody knows whether its last fsync failed: then it reads well as long as the machine
      // runs, but is not on the disk, and what is appended to it would be lost with it (ATC '20). So it is copied first.
      db.pragma('wal_checkpoint(TRUNCATE)');
      migrate(db, options.migrations);
      storeMeta.prepare(db);
      this.epoch = storeMeta.epoch(db);
    } catch (cause) {
      db?.close();
      this.#unlock();
      throw failed(cause);
    }
    this.#db = db;
    this.#statements = new Statements(this.#db);
    this.#wal = new WalKeeper(this.path, options.log);
    this.#commits = new GroupCommit(this.#db, this.#statements, this.#wal, options.log, (error) =>
      options.onBroken?.(error),
    );
  }

  get<Row>(sql: string, ...params: SqlValue[]): Row | undefined {
    return this.#statements.get<Row>(sql, params);
  }

  all<Row>(sql: string, ...params: SqlValue[]): Row[] {
    return this.#statements.all<Row>(sql, params);
  }

  write<T>(fn: (tx: Tx) => T): Promise<T> {
    return this.#commits.write(fn);
  }

  /** Copies a consistent snapshot to `target` while the box runs (SQLite's online backup, in pages). */
  async backupTo(target: string): Promise<void> {
    await this.#db.backup(target);
  }

  /**
   * Puts a restore on record: `fn` runs once, in the transaction that forgets the notice. Resolves to false when this
   * database did not come out of a backup since.
   */
  async recordRestore(fn: (tx: Tx, notice: RestoreNotice) => void): Promise<boolean> {
    if (!storeMeta.notice(this)) return false;
    return await this.write((tx) => {
      const notice = storeMeta.notice(tx);
      if (!notice) return false;
      fn(tx, notice);
      tx.run(storeMeta.dropNoticeSql);
      return true;
    });
  }

  /** SQLite's own check of every page; empty when sound. Reads the whole file. */
  integrityProblems(): string[] {
    const rows = this.#db.pragma('integrity_check') as { integrity_check: string }[];
    return rows.map((r) => r.integrity_check).filter((text) => text !== 'ok');
  }

  /** Waits for queued writes, truncates the WAL and unlocks. Harmless when called twice. */
  async close(): Promise<void> {
    await this.#commits.stop();
    await this.#wal.stop();
    if (!this.#db.open) return;
    try {
      this.#db.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      this.#db.close();
      this.#unlock();
    }
  }
}

function claim(directory: string): () => void {
  try {
    makeDurableFolder(directory);
  } catch (cause) {
    throw failed(cause);
  }
  return lockDirectory(directory);
}

function failed(cause: unknown): Error {
  return fail('STORE_FAILED', { reason: cause instanceof Error ? cause.message : String(cause) }, cause);
}

/** SQLite gives the WAL and its index the mode of the database, whatever the umask and the directory of the user. */
function closeToOthers(path: string): void {
  const file = openSync(path, 'a', 0o600);
  fchmodSync(file, 0o600);
  closeSync(file);
}

function migrate(db: BetterSqlite.Database, migrations: readonly Migration[]): void {
  db.exec(
    'CREATE TABLE IF NOT EXISTS migration (room TEXT, step INTEGER, at INTEGER, PRIMARY KEY (room, step)) STRICT',
  );
  const known = new Map<string, number>();
  for (const row of db.prepare('SELECT room, max(step) AS step FROM migration GROUP BY room').all() as {
    room: string;
    step: number;
  }[]) {
    known.set(row.room, row.step);
  }
  const newest = new Map<string, number>();
  for (const m of migrations) newest.set(m.room, Math.max(newest.get(m.room) ?? 0, m.step));
  for (const [room, step] of known) {
    const ours = newest.get(room);
    if (ours !== undefined && ours < step) {
      throw new Error(`the database was written by a newer Jingu (${room} is at step ${step}, this one knows ${ours})`);
    }
  }
  const insert = db.prepare('INSERT INTO migration (room, step, at) VALUES (?, ?, ?)');
  const pending = migrations.filter((m) => m.step > (known.get(m.room) ?? 0)).sort((a, b) => a.step - b.step);
  if (pending.length === 0) return;
  db.transaction(() => {
    for (const m of pending) {
      db.exec(m.sql);
      insert.run(m.room, m.step, Date.now());
    }
  }).immediate();
}
