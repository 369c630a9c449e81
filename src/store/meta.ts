import type BetterSqlite from 'better-sqlite3';
import { newId, type Reader, type Tx } from '../common/index.ts';

/** What a restore leaves for the next start to put on record. */
export interface RestoreNotice {
  backup: string;
  restoredAt: number;
}

const EPOCH = 'epoch';
const NOTICE = 'restored';
const NEWEST = 'newest-time';

/** Facts about the file itself: which life of the database this is, whether it came out of a backup, how late it has been. */
export const storeMeta = {
  prepare(db: BetterSqlite.Database): void {
    db.exec('CREATE TABLE IF NOT EXISTS store_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID');
    db.prepare('INSERT OR IGNORE INTO store_meta (key, value) VALUES (?, ?)').run(EPOCH, newId('epoch'));
  },

  /** Changes with each restore: cursors and sequence numbers of another epoch mean nothing here. */
  epoch(db: BetterSqlite.Database): string {
    return (db.prepare('SELECT value FROM store_meta WHERE key = ?').get(EPOCH) as { value: string }).value;
  },

  beginEpoch(db: BetterSqlite.Database, notice: RestoreNotice): void {
    this.prepare(db);
    const put = db.prepare('INSERT OR REPLACE INTO store_meta (key, value) VALUES (?, ?)');
    put.run(EPOCH, newId('epoch'));
    put.run(NOTICE, JSON.stringify(notice));
  },

  notice(db: { get<Row>(sql: string, ...params: string[]): Row | undefined }): RestoreNotice | undefined {
    const row = db.get<{ value: string }>('SELECT value FROM store_meta WHERE key = ?', NOTICE);
    return row && (JSON.parse(row.value) as RestoreNotice);
  },

  /** The latest wall time written down with `keepTime`, in milliseconds; 0 before that. */
  newestTime(db: Reader): number {
    return Number(db.get<{ value: string }>('SELECT value FROM store_meta WHERE key = ?', NEWEST)?.value ?? 0);
  },

  keepTime(tx: Tx, now: number): void {
    tx.run('INSERT OR REPLACE INTO store_meta (key, value) VALUES (?, ?)', NEWEST, String(now));
  },

  dropNoticeSql: `DELETE FROM store_meta WHERE key = '${NOTICE}'`,
};
