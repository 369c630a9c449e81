import type BetterSqlite from 'better-sqlite3';

/** The log is copied by a thread (`wal-keeper.ts`); a commit does it only when that cannot keep up: 16 MB. */
const AUTOCHECKPOINT_PAGES = 4000;

/** Sets and reads back what durability rests on. Throws if the file system refuses WAL. */
export function setPragmas(db: BetterSqlite.Database): void {
  const mode = journalMode(db);
  if (mode !== 'wal') throw new Error(`the file system refuses WAL (journal mode is ${mode})`);
  db.pragma('synchronous = FULL');
  const level = db.pragma('synchronous', { simple: true });
  if (level !== 2) throw new Error(`synchronous is ${String(level)}, not FULL`);
  giveBackPages(db);
  for (const pragma of ['foreign_keys = ON', 'trusted_schema = OFF', 'cell_size_check = ON', 'mmap_size = 0']) {
    db.pragma(pragma);
  }
  db.pragma(`wal_autocheckpoint = ${AUTOCHECKPOINT_PAGES}`);
  db.pragma('busy_timeout = 2000');
}

/**
 * Asked for as a list, so that the statement is run to its end: it commits what it did only after the row that says
 * `wal`, and whoever takes that row alone is never told of a commit that failed. The file stays out of WAL then, and a
 * rollback journal that comes back after a power cut takes what was answered.
 */
function journalMode(db: BetterSqlite.Database): string {
  const [row] = db.pragma('journal_mode = WAL') as { journal_mode: string }[];
  return String(row?.journal_mode);
}

/**
 * Lets pages that are free one day be given back a few at a time, in a file that has no tables yet. By the log as all
 * else: set before it, this would be written with a rollback journal, and once that journal's fsync had failed a later
 * power cut took what was answered since.
 */
function giveBackPages(db: BetterSqlite.Database): void {
  const pages = Number(db.pragma('page_count', { simple: true }));
  if (pages > 1 || db.pragma('auto_vacuum', { simple: true }) !== 0) return;
  db.pragma('auto_vacuum = INCREMENTAL');
  db.exec('VACUUM');
}
