/** What SQLite can bind. Booleans are stored as 0 and 1 by the caller, dates as milliseconds. */
export type SqlValue = string | number | bigint | null | Uint8Array;

/** Reads over the committed state. Statements are prepared once per SQL text and kept. */
export interface Reader {
  get<Row>(sql: string, ...params: SqlValue[]): Row | undefined;
  all<Row>(sql: string, ...params: SqlValue[]): Row[];
}

/**
 * One open write transaction. Everything done through it commits together or not at all. It is synchronous: nothing
 * may await while it is open, and it must not be used after the function that received it returned.
 */
export interface Tx extends Reader {
  run(sql: string, ...params: SqlValue[]): { changes: number; lastId: number };
  /** Runs after the durable commit, in order; never runs if this part of the batch rolled back. Must not throw. */
  afterCommit(fn: () => void): void;
}

/** The box's one writer, as the rooms see it. */
export interface Database extends Reader {
  /**
   * Queues `fn` for the next group commit and resolves once that commit is durable (`synchronous=FULL`). A throw
   * rolls back only this function's changes (a savepoint) and rejects with the same error.
   */
  write<T>(fn: (tx: Tx) => T): Promise<T>;
}
