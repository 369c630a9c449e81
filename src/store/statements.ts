import type BetterSqlite from 'better-sqlite3';
import type { SqlValue } from '../common/index.ts';

/** Prepared statements kept by their text: rooms write literal SQL, so the set is small and bounded by the code. */
export class Statements {
  readonly #db: BetterSqlite.Database;
  readonly #kept = new Map<string, BetterSqlite.Statement>();

  constructor(db: BetterSqlite.Database) {
    this.#db = db;
  }

  get<Row>(sql: string, params: SqlValue[]): Row | undefined {
    return this.#prepare(sql).get(...params) as Row | undefined;
  }

  all<Row>(sql: string, params: SqlValue[]): Row[] {
    return this.#prepare(sql).all(...params) as Row[];
  }

  run(sql: string, params: SqlValue[]): { changes: number; lastId: number } {
    const { changes, lastInsertRowid } = this.#prepare(sql).run(...params);
    return { changes, lastId: Number(lastInsertRowid) };
  }

  #prepare(sql: string): BetterSqlite.Statement {
    let statement = this.#kept.get(sql);
    if (!statement) {
      statement = this.#db.prepare(sql);
      this.#kept.set(sql, statement);
    }
    return statement;
  }
}
