import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { fail } from '../common/index.ts';

/**
 * One process owns a data directory. The lock is SQLite's own exclusive file lock on a small database: the kernel
 * drops it with the process, so a crash leaves nothing to clean, and it needs no native code of ours.
 * Throws STORE_LOCKED with the owner's process id as far as it is known, STORE_FAILED where the disk does not take it.
 */
export function lockDirectory(directory: string): () => void {
  const path = join(directory, 'lock');
  let db: BetterSqlite.Database | undefined;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    db = new BetterSqlite(path, { timeout: 0 });
    db.pragma('locking_mode = EXCLUSIVE');
    db.exec(`PRAGMA user_version = ${process.pid}`);
    db.exec('BEGIN EXCLUSIVE; COMMIT');
  } catch (cause) {
    db?.close();
    if (cause instanceof Error && (cause as { code?: string }).code?.startsWith('SQLITE_BUSY')) {
      throw fail('STORE_LOCKED', { pid: ownerOf(path), path: directory }, cause);
    }
    throw fail('STORE_FAILED', { reason: cause instanceof Error ? cause.message : String(cause) }, cause);
  }
  const held = db;
  return () => {
    if (held.open) held.close();
  };
}

/** SQLite keeps `user_version` at byte 60 of the header (file format, section 1.3); readable although it is locked. */
function ownerOf(path: string): number | null {
  try {
    return readFileSync(path).readUInt32BE(60) || null;
  } catch {
    return null;
  }
}
