import { parentPort, workerData } from 'node:worker_threads';
import BetterSqlite from 'better-sqlite3';

parentPort?.postMessage(problemsOf(String(workerData)));

function problemsOf(path: string): string[] {
  try {
    // Immutable: no -wal or -shm is made beside a file whose digest was taken.
    const db = new BetterSqlite(path, { readonly: true, fileMustExist: true });
    try {
      const rows = db.pragma('integrity_check') as { integrity_check: string }[];
      return rows.map((row) => row.integrity_check).filter((text) => text !== 'ok');
    } finally {
      db.close();
    }
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
