import { parentPort, workerData } from 'node:worker_threads';
import BetterSqlite from 'better-sqlite3';
import { setPragmas } from './pragmas.ts';

const db = new BetterSqlite(String(workerData), { fileMustExist: true });
setPragmas(db);

/** Passive: it copies what it can without ever making a writer or a reader wait. */
parentPort?.on('message', (asked: 'copy' | 'close') => {
  if (asked === 'copy') {
    db.pragma('wal_checkpoint(PASSIVE)');
    parentPort?.postMessage('copied');
    return;
  }
  db.close();
  parentPort?.close();
});
