import type BetterSqlite from 'better-sqlite3';

/** The log is copied by a thread (`wal-keeper.ts`); a commit does it only when that cannot keep up: 16 MB. */
const AUTOCHECKPOINT_PAGES = 4000;

/** Sets and reads back what durability rests on. Throws if the file system refuses WAL. */
export function setPragmas(db: BetterSqlite.Database): void {
  // Counts only for a file that is still empty: pages that are free one day can be given back a few at a time.
  db.pragma('auto_vacuum = INCREMENTAL');
  const mode = db.pragma('journal_mode = WAL', { simple: true });
  if (mode !== 'wal') throw new Error(`the file system refuses WAL (journal mode is ${String(mode)})`);
  db.pragma('synchronous = FULL');
  const level = db.pragma('synchronous', { simple: true });
  if (level !== 2) throw new Error(`synchronous is ${String(level)}, not FULL`);
  for (const pragma of ['foreign_keys = ON', 'trusted_schema = OFF', 'cell_size_check = ON', 'mmap_size = 0']) {
    db.pragma(pragma);
  }
  db.pragma(`wal_autocheckpoint = ${AUTOCHECKPOINT_PAGES}`);
  db.pragma('busy_timeout = 2000');
}
