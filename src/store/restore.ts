import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { fail, randomToken } from '../common/index.ts';
import { verifyBackup } from './backup.ts';
import { copyFile, fileProblem, syncFolder } from './backup-files.ts';
import { type BackupHead, DATABASE, readManifest } from './backup-manifest.ts';
import { lockDirectory } from './lock.ts';
import { storeMeta } from './meta.ts';

export interface RestoreOptions {
  /** The folder of one backup. */
  backup: string;
  dataDirectory: string;
  /** Wall milliseconds. */
  now: number;
}

export interface RestoreReport {
  name: string;
  createdAt: number;
  files: number;
  /** The new life of the database; every cursor of before is void. */
  epoch: string;
  head: BackupHead | null;
  /** What the directory held before, kept whole; null if it held nothing. */
  aside: string | null;
}

/** A plan on disk: from here on the restore is finished, not undone, however often it is interrupted. */
interface Journal {
  staged: string;
  aside: string;
  entries: string[];
}

const JOURNAL = 'restore.json';
const BESIDE_DATABASE = ['-wal', '-shm', '-journal'];

/**
 * Puts a backup in place of the data directory's database and what the backup holds beside it, with the box stopped.
 * Until everything is copied and checked nothing of the old is touched; then names are exchanged, and an interruption
 * is finished by the next start or the next restore. Throws STORE_LOCKED while a box runs there, BACKUP_NOT_FOUND,
 * BACKUP_BROKEN, DISK_FULL, STORE_FAILED.
 */
export async function restoreBackup({ backup, dataDirectory, now }: RestoreOptions): Promise<RestoreReport> {
  const report = await verifyBackup(backup);
  if (!report.isSound) throw fail('BACKUP_BROKEN', { reason: report.problems.join('; ') });
  const manifest = await readManifest(backup);
  const unlock = lockDirectory(dataDirectory);
  const staged = `.restore-${randomToken(6)}`;
  try {
    finishRestore(dataDirectory);
    for (const file of manifest.files) {
      const copied = await copyFile(join(backup, file.path), join(dataDirectory, staged, file.path), file.path);
      if (copied.sha256 !== file.sha256) throw fail('BACKUP_BROKEN', { reason: `${file.path} was changed` });
    }
    const epoch = beginEpoch(join(dataDirectory, staged, DATABASE), { backup: manifest.name, restoredAt: now });
    const entries = [...new Set(manifest.files.map((file) => file.path.split('/')[0]!))];
    const aside = `before-restore-${new Date(now).toISOString().replaceAll(/[-:.]/g, '')}`;
    await writeJournal(dataDirectory, { staged, aside, entries });
    finishRestore(dataDirectory);
    await syncFolder(dataDirectory);
    const kept = existsSync(join(dataDirectory, aside)) ? join(dataDirectory, aside) : null;
    const { name, createdAt, head, files } = manifest;
    return { name, createdAt, files: files.length, epoch, head, aside: kept };
  } catch (error) {
    if (!existsSync(join(dataDirectory, JOURNAL)))
      await rm(join(dataDirectory, staged), { recursive: true, force: true });
    throw fileProblem(error);
  } finally {
    unlock();
  }
}

/** Carries a begun exchange of names to its end; harmless when there is none. Call with the directory locked. */
export function finishRestore(dataDirectory: string): void {
  const path = join(dataDirectory, JOURNAL);
  if (!existsSync(path)) return;
  const { staged, aside, entries } = JSON.parse(readFileSync(path, 'utf8')) as Journal;
  const here = (...parts: string[]) => join(dataDirectory, ...parts);
  for (const entry of entries) {
    // While the new one is staged, what stands in its place is the old one: moving both again after a crash is safe.
    if (!existsSync(here(staged, entry))) continue;
    const old = entry === DATABASE ? [entry, ...BESIDE_DATABASE.map((end) => `${entry}${end}`)] : [entry];
    for (const name of old.filter((n) => existsSync(here(n)))) {
      mkdirSync(here(aside), { recursive: true, mode: 0o700 });
      renameSync(here(name), here(aside, name));
    }
    renameSync(here(staged, entry), here(entry));
  }
  rmSync(here(staged), { recursive: true, force: true });
  rmSync(path);
}

function beginEpoch(path: string, notice: { backup: string; restoredAt: number }): string {
  const db = new BetterSqlite(path, { fileMustExist: true });
  try {
    db.pragma('synchronous = FULL');
    storeMeta.beginEpoch(db, notice);
    return storeMeta.epoch(db);
  } finally {
    db.close();
  }
}

async function writeJournal(folder: string, journal: Journal): Promise<void> {
  const path = join(folder, JOURNAL);
  await mkdir(dirname(path), { recursive: true });
  const file = await open(`${path}.part`, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify(journal));
    await file.sync();
  } finally {
    await file.close();
  }
  await syncFolder(folder);
  renameSync(`${path}.part`, path);
  await syncFolder(folder);
}
