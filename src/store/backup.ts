import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { type Clock, fail, type Reader, type SqlValue } from '../common/index.ts';
import { type BackupFile, copyFile, digestFile, fileProblem, filesUnder, syncFolder } from './backup-files.ts';
import { type BackupHead, type BackupManifest, DATABASE, MANIFEST, readManifest } from './backup-manifest.ts';
import { databaseProblems } from './database-check.ts';
import type { Store } from './store.ts';

export interface BackupsOptions {
  store: Store;
  clock: Clock;
  version: string;
  /** The data directory. */
  root: string;
  /** What of it belongs to the box besides the database: names of folders and files, absent ones are passed over. */
  include: readonly string[];
  /** Where backups are kept unless the operator names another folder. */
  directory: string;
  /** The newest signed checkpoint in a database, as the room of the record reads it. */
  headIn?: (db: Reader) => BackupHead | undefined;
}

export interface BackupReport {
  name: string;
  path: string;
  createdAt: number;
  bytes: number;
  files: number;
  head: BackupHead | null;
}

export interface VerifyReport {
  isSound: boolean;
  problems: string[];
  name: string;
  files: number;
  bytes: number;
  head: BackupHead | null;
}

const PART = '.part';

/** Makes, lists and checks backups while the box runs. Restoring is done with the box stopped (`restore.ts`). */
export class Backups {
  readonly #o: BackupsOptions;
  #busy = false;

  constructor(options: BackupsOptions) {
    this.#o = options;
  }

  /**
   * A consistent copy of the database, then the other files, each with its digest, under a temporary name that
   * becomes the real one when everything is on disk. Files beside the database are copied after it, so that whatever
   * the copy refers to is there. Throws UNAVAILABLE while another one runs, DISK_FULL, STORE_FAILED, CANCELLED.
   */
  async create(request: { name?: string; directory?: string }, signal: AbortSignal): Promise<BackupReport> {
    if (this.#busy) throw fail('UNAVAILABLE', { reason: 'a backup is being made' });
    this.#busy = true;
    const parent = request.directory ?? this.#o.directory;
    const name = request.name ?? nameOf(this.#o.clock.now());
    const temporary = join(parent, `${name}${PART}`);
    try {
      await mkdir(parent, { recursive: true, mode: 0o700 });
      // A name that is taken must not be overwritten: this backup is the one that is asked for later.
      if ((await readdir(parent)).includes(name))
        throw fail('INPUT_INVALID', { pointer: '/name', reason: 'it is taken' });
      await rm(temporary, { recursive: true, force: true });
      const manifest = await this.#write(name, temporary, signal);
      await rename(temporary, join(parent, name));
      await syncFolder(parent);
      return reportOf(join(parent, name), manifest);
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw signal.aborted ? fail('CANCELLED') : fileProblem(error);
    } finally {
      this.#busy = false;
    }
  }

  /** Newest first. What is not a backup of ours is passed over. */
  async list(directory = this.#o.directory): Promise<BackupReport[]> {
    const names = await readdir(directory).catch(() => []);
    const found: BackupReport[] = [];
    for (const name of names.filter((n) => !n.endsWith(PART))) {
      const manifest = await readManifest(join(directory, name)).catch(() => undefined);
      if (manifest) found.push(reportOf(join(directory, name), manifest));
    }
    return found.sort((a, b) => b.createdAt - a.createdAt);
  }

  /** Throws BACKUP_NOT_FOUND, BACKUP_BROKEN for a manifest that cannot be read; all else is in the report. */
  verify(name: string, directory = this.#o.directory): Promise<VerifyReport> {
    return verifyBackup(join(directory, name), this.#o.headIn);
  }

  async #write(name: string, folder: string, signal: AbortSignal): Promise<BackupManifest> {
    const { store, clock, version, root, include, headIn } = this.#o;
    await mkdir(folder, { mode: 0o700 });
    const database = join(folder, DATABASE);
    await store.backupTo(database);
    signal.throwIfAborted();
    const head = settle(database, headIn);
    const files: BackupFile[] = [await digestFile(database, DATABASE)];
    for (const entry of include) {
      for (const path of await filesUnder(root, entry)) {
        signal.throwIfAborted();
        const file = await copyFile(join(root, path), join(folder, path), path).catch(gone);
        if (file) files.push(file);
      }
    }
    const createdAt = clock.now();
    const format = 'jingu-backup/1';
    const manifest: BackupManifest = { format, name, createdAt, version, epoch: store.epoch, head, files };
    await writeDurably(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    await syncFolder(folder);
    return manifest;
  }
}

/** Digests of every file, nothing missing and nothing added, SQLite's own check, and the head of the record inside. */
export async function verifyBackup(folder: string, headIn?: BackupsOptions['headIn']): Promise<VerifyReport> {
  const manifest = await readManifest(folder);
  const problems: string[] = [];
  for (const file of manifest.files) {
    const found = await digestFile(join(folder, file.path), file.path).catch(() => undefined);
    if (!found) problems.push(`${file.path} is missing`);
    else if (found.sha256 !== file.sha256) problems.push(`${file.path} was changed`);
  }
  const named = new Set([MANIFEST, ...manifest.files.map((file) => file.path)]);
  for (const entry of await readdir(folder)) {
    for (const path of await filesUnder(folder, entry)) if (!named.has(path)) problems.push(`${path} was added`);
  }
  if (problems.length === 0) {
    problems.push(...(await databaseProblems(join(folder, DATABASE))));
    const head = headIn && withCopy(join(folder, DATABASE), { readonly: true }, (db) => headIn(readerOf(db)));
    if (headIn && head?.note !== manifest.head?.note)
      problems.push('the record inside ends elsewhere than the manifest says');
  }
  const { name, path: _, ...rest } = reportOf(folder, manifest);
  return { isSound: problems.length === 0, problems, name, files: rest.files, bytes: rest.bytes, head: rest.head };
}

/** What was swept since the folder was listed was named by nothing. */
function gone(error: unknown): undefined {
  if ((error as { code?: string }).code !== 'ENOENT') throw error;
}

/** Takes the copy out of WAL mode, so that reading it later leaves no files beside it, and makes it durable. */
function settle(path: string, headIn: BackupsOptions['headIn']): BackupHead | null {
  return withCopy(path, {}, (db) => {
    db.pragma('synchronous = FULL');
    db.pragma('journal_mode = DELETE');
    return headIn?.(readerOf(db)) ?? null;
  });
}

function withCopy<T>(path: string, options: BetterSqlite.Options, fn: (db: BetterSqlite.Database) => T): T {
  const db = new BetterSqlite(path, { ...options, fileMustExist: true });
  try {
    return fn(db);
  } finally {
    db.close();
  }
}

function readerOf(db: BetterSqlite.Database): Reader {
  return {
    get: <Row>(sql: string, ...params: SqlValue[]) => db.prepare(sql).get(...params) as Row | undefined,
    all: <Row>(sql: string, ...params: SqlValue[]) => db.prepare(sql).all(...params) as Row[],
  };
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

function reportOf(path: string, { name, createdAt, head, files }: BackupManifest): BackupReport {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { name, path, createdAt, bytes, files: files.length, head };
}

/** `jingu-20261121T150405Z`: sorts by time, and is a file name everywhere. */
function nameOf(now: number): string {
  return `jingu-${new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
}
