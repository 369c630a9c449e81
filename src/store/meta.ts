import type BetterSqlite from 'better-sqlite3';
import { newId } from '../common/index.ts';

/** What a restore leaves for the next start to put on record. */
export interface RestoreNotice {
  backup: string;
  restoredAt: number;
}

const EPOCH = 'epoch';
const NOTICE = 'restored';

/** Two facts about the file itself: which life of the database this is, and whether it came out of a backup. */
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

  dropNoticeSql: `DELETE FROM store_meta WHERE key = '${NOTICE}'`,
};
