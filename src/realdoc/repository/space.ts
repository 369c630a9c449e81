import type { Reader, Tx } from '../../common/index.ts';

const INCREMENTAL = 2;

/** Pages of the database file that hold nothing and can be given back; 0 where the file was made to keep them. */
export function freePages(db: Reader): number {
  const mode = db.get<{ auto_vacuum: number }>('PRAGMA auto_vacuum')?.auto_vacuum;
  if (mode !== INCREMENTAL) return 0;
  return db.get<{ freelist_count: number }>('PRAGMA freelist_count')?.freelist_count ?? 0;
}

/** Gives so many pages back to the disk. The file gets shorter when its log is copied into it. */
export function givePagesBack(tx: Tx, count: number): void {
  // A statement that is run once frees one page, whatever number it names.
  for (let i = 0; i < count; i++) tx.run('PRAGMA incremental_vacuum(1)');
}
