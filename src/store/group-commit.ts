import type BetterSqlite from 'better-sqlite3';
import { fail, isJinguError, type JinguError, type Logger, type SqlValue, type Tx } from '../common/index.ts';
import type { Statements } from './statements.ts';

interface Job {
  fn: (tx: Tx) => unknown;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/**
 * Batches what queued up behind the running commit into the next one; adds no delay of its own. Each job runs in a
 * savepoint, so one failing job takes back only its own changes. Answers are given after the shared durable commit.
 */
export class GroupCommit {
  readonly #db: BetterSqlite.Database;
  readonly #statements: Statements;
  readonly #log: Logger;
  #queue: Job[] = [];
  #scheduled = false;
  #stopped = false;
  /** An I/O error leaves the page cache in doubt; nothing more is written until the store is reopened (ATC '20). */
  #broken: JinguError | undefined;
  #idle: (() => void)[] = [];

  constructor(db: BetterSqlite.Database, statements: Statements, log: Logger) {
    this.#db = db;
    this.#statements = statements;
    this.#log = log;
  }

  write<T>(fn: (tx: Tx) => T): Promise<T> {
    if (this.#stopped) return Promise.reject(fail('UNAVAILABLE', { reason: 'the store is closed' }));
    if (this.#broken) return Promise.reject(this.#broken);
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ fn, resolve: resolve as (value: unknown) => void, reject });
      if (!this.#scheduled) {
        this.#scheduled = true;
        // After the poll phase: every request read from a socket in this turn joins the same commit.
        setImmediate(() => this.#drain());
      }
    });
  }

  async stop(): Promise<void> {
    if (this.#scheduled) await new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#stopped = true;
  }

  #drain(): void {
    const jobs = this.#queue;
    this.#queue = [];
    const settle: (() => void)[] = [];
    const after: (() => void)[] = [];
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const job of jobs) this.#runOne(job, settle, after);
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      const failure = this.#explain(error);
      for (const job of jobs) job.reject(failure);
      this.#finish();
      return;
    }
    for (const fn of after) fn();
    for (const fn of settle) fn();
    this.#finish();
  }

  #runOne(job: Job, settle: (() => void)[], after: (() => void)[]): void {
    const mine: (() => void)[] = [];
    let open = true;
    const guard = <T>(fn: () => T): T => {
      if (!open) throw new Error('a transaction was used after it ended');
      return fn();
    };
    const tx: Tx = {
      get: <Row>(sql: string, ...params: SqlValue[]) => guard(() => this.#statements.get<Row>(sql, params)),
      all: <Row>(sql: string, ...params: SqlValue[]) => guard(() => this.#statements.all<Row>(sql, params)),
      run: (sql, ...params) => guard(() => this.#statements.run(sql, params)),
      afterCommit: (fn) => guard(() => mine.push(fn)),
    };
    this.#db.exec('SAVEPOINT job');
    try {
      const value = job.fn(tx);
      if (value instanceof Promise) throw new TypeError('nothing may await inside a transaction');
      this.#db.exec('RELEASE job');
      settle.push(() => job.resolve(value));
      after.push(...mine);
    } catch (error) {
      // A full disk or an I/O error has already rolled the whole transaction back: nothing of the batch survives.
      if (!this.#db.inTransaction) throw error;
      this.#db.exec('ROLLBACK TO job');
      this.#db.exec('RELEASE job');
      settle.push(() => job.reject(isSqliteError(error) ? this.#explain(error) : error));
    } finally {
      open = false;
    }
  }

  #explain(error: unknown): JinguError {
    if (isJinguError(error)) return error;
    const code = isSqliteError(error) ? error.code : '';
    const reason = error instanceof Error ? error.message : String(error);
    this.#log.error({ code, reason }, 'store-write-failed');
    if (code.startsWith('SQLITE_FULL')) return fail('DISK_FULL', {}, error);
    const failure = fail('STORE_FAILED', { reason }, error);
    if (code.startsWith('SQLITE_IOERR') || code.startsWith('SQLITE_CORRUPT')) this.#broken = failure;
    return failure;
  }

  #finish(): void {
    if (this.#queue.length > 0) {
      setImmediate(() => this.#drain());
      return;
    }
    this.#scheduled = false;
    for (const fn of this.#idle.splice(0)) fn();
  }
}

function isSqliteError(error: unknown): error is Error & { code: string } {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return typeof error.code === 'string' && error.code.startsWith('SQLITE');
}
