import type BetterSqlite from 'better-sqlite3';
import { fail, isJinguError, type JinguError, type Logger, type SqlValue, type Tx } from '../common/index.ts';
import type { Statements } from './statements.ts';
import type { WalKeeper } from './wal-keeper.ts';

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
  readonly #wal: WalKeeper;
  readonly #log: Logger;
  readonly #onBroken: (error: JinguError) => void;
  readonly #begin: BetterSqlite.Statement;
  readonly #commit: BetterSqlite.Statement;
  #queue: Job[] = [];
  #scheduled = false;
  #stopped = false;
  /** An I/O error leaves the page cache in doubt; nothing more is written until the store is reopened (ATC '20). */
  #broken: JinguError | undefined;
  #idle: (() => void)[] = [];
  /** Bytes bound since the last commit. */
  #bound = 0;

  /** `onBroken` is called once, when the connection is in doubt: from then on every write is refused. */
  constructor(
    db: BetterSqlite.Database,
    statements: Statements,
    wal: WalKeeper,
    log: Logger,
    onBroken: (error: JinguError) => void,
  ) {
    this.#onBroken = onBroken;
    this.#db = db;
    this.#statements = statements;
    this.#wal = wal;
    this.#log = log;
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
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
    // What queued up behind the commit that failed must not be written either.
    if (this.#broken) {
      for (const job of jobs) job.reject(this.#broken);
      this.#finish();
      return;
    }
    const settle: (() => void)[] = [];
    const after: (() => void)[] = [];
    try {
      this.#begin.run();
      const [only] = jobs;
      // Alone in its transaction a job needs no savepoint: what would be taken back is all there is.
      if (jobs.length === 1 && only) this.#runAlone(only, settle, after);
      else for (const job of jobs) this.#runOne(job, settle, after);
      if (this.#db.inTransaction) this.#commit.run();
    } catch (error) {
      const failure = this.#takenBack() ?? this.#explain(error);
      for (const job of jobs) job.reject(failure);
      this.#finish();
      return;
    }
    for (const fn of after) fn();
    for (const fn of settle) fn();
    this.#wal.committed(this.#bound);
    this.#bound = 0;
    this.#finish();
  }

  /** Rolls back; a disk that fails even there leaves the connection in doubt, and nobody may wait for it for ever. */
  #takenBack(): JinguError | undefined {
    try {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      return undefined;
    } catch (error) {
      return this.#explain(error);
    }
  }

  #runAlone(job: Job, settle: (() => void)[], after: (() => void)[]): void {
    try {
      const { value, afterwards } = this.#call(job);
      settle.push(() => job.resolve(value));
      after.push(...afterwards);
    } catch (error) {
      if (!this.#db.inTransaction) throw error;
      this.#db.exec('ROLLBACK');
      settle.push(() => job.reject(isSqliteError(error) ? this.#explain(error) : error));
    }
  }

  #runOne(job: Job, settle: (() => void)[], after: (() => void)[]): void {
    this.#db.exec('SAVEPOINT job');
    try {
      const { value, afterwards } = this.#call(job);
      this.#db.exec('RELEASE job');
      settle.push(() => job.resolve(value));
      after.push(...afterwards);
    } catch (error) {
      // A full disk or an I/O error has already rolled the whole transaction back: nothing of the batch survives.
      if (!this.#db.inTransaction) throw error;
      this.#db.exec('ROLLBACK TO job');
      this.#db.exec('RELEASE job');
      settle.push(() => job.reject(isSqliteError(error) ? this.#explain(error) : error));
    }
  }

  #call(job: Job): { value: unknown; afterwards: (() => void)[] } {
    const afterwards: (() => void)[] = [];
    const statements = this.#statements;
    let open = true;
    const assertOpen = (): void => {
      if (!open) throw new Error('a transaction was used after it ended');
    };
    const tx: Tx = {
      get: <Row>(sql: string, ...params: SqlValue[]) => {
        assertOpen();
        return statements.get<Row>(sql, params);
      },
      all: <Row>(sql: string, ...params: SqlValue[]) => {
        assertOpen();
        return statements.all<Row>(sql, params);
      },
      run: (sql, ...params) => {
        assertOpen();
        for (const param of params) {
          if (typeof param === 'string' || param instanceof Uint8Array) this.#bound += param.length;
        }
        return statements.run(sql, params);
      },
      afterCommit: (fn) => {
        assertOpen();
        afterwards.push(fn);
      },
    };
    try {
      const value = job.fn(tx);
      if (value instanceof Promise) throw new TypeError('nothing may await inside a transaction');
      return { value, afterwards };
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
    if (code.startsWith('SQLITE_IOERR') || code.startsWith('SQLITE_CORRUPT')) this.#break(failure);
    return failure;
  }

  #break(failure: JinguError): void {
    if (this.#broken) return;
    this.#broken = failure;
    this.#onBroken(failure);
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
