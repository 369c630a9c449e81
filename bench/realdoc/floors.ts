import { spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import BetterSqlite from 'better-sqlite3';

/** The cheapest durable thing this disk and SQLite can do: one row of 200 bytes, WAL, FULL. */
export class BareCommit {
  readonly #db: BetterSqlite.Database;
  readonly #insert: BetterSqlite.Statement;
  readonly #row = 'x'.repeat(200);

  constructor(directory: string) {
    this.#db = new BetterSqlite(join(directory, 'floor.db'));
    this.#db.pragma('journal_mode = WAL');
    this.#db.pragma('synchronous = FULL');
    this.#db.exec('CREATE TABLE row (text TEXT) STRICT');
    this.#insert = this.#db.prepare('INSERT INTO row (text) VALUES (?)');
  }

  /** Milliseconds of one commit. */
  measure(): number {
    const from = performance.now();
    this.#insert.run(this.#row);
    return performance.now() - from;
  }

  close(): void {
    this.#db.close();
  }
}

/** Milliseconds of one safe replace: temporary file, fsync, rename, fsync of the folder. */
export function safeReplace(path: string, bytes: Buffer): number {
  const from = performance.now();
  const temporary = `${path}.tmp`;
  const file = openSync(temporary, 'w');
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  fsyncSync(file);
  closeSync(file);
  renameSync(temporary, path);
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
  return performance.now() - from;
}

/** A git repository that is as durable as we are: every object is synced before the commit is answered. */
export class GitFloor {
  readonly #folder: string;

  constructor(base: string) {
    this.#folder = join(base, 'git');
    mkdirSync(this.#folder);
    this.#git('init', '-q');
    for (const setting of ['core.fsync=all', 'core.fsyncMethod=fsync', 'gc.auto=0', 'core.bigFileThreshold=2g']) {
      this.#git('config', ...setting.split(/=(.*)/).slice(0, 2));
    }
    this.#git('config', 'user.name', 'bench');
    this.#git('config', 'user.email', 'bench@localhost');
  }

  /** Milliseconds of add and commit of the file as it is now; writing the file itself is not counted, and is over by then. */
  commit(bytes: Buffer): number {
    writeFileSync(join(this.#folder, 'text.md'), bytes, { flush: true });
    const from = performance.now();
    this.#git('add', 'text.md');
    this.#git('commit', '-q', '-m', 'edit');
    return performance.now() - from;
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #git(...args: string[]): void {
    const done = spawnSync('git', args, { cwd: this.#folder, stdio: ['ignore', 'ignore', 'pipe'] });
    if (done.status !== 0) throw new Error(`git ${args[0]}: ${done.stderr?.toString() ?? 'not found'}`);
  }
}
