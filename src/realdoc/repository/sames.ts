import type { Reader, Tx } from '../../common/index.ts';

/** Where a run of versions begins: its first text is stored, or is that of an older version. */
export interface RunStart {
  /** 0 where the log itself begins. */
  version: number;
  /** The version whose text it is; `undefined`: it is stored. */
  of: number | undefined;
}

/** The newest version up to `version` that no change leads to. */
export function runStart(db: Reader, file: string, version: number): RunStart {
  const same = db.get<{ version: number; of: number }>(
    'SELECT v AS version, of_v AS of FROM doc_same WHERE file = ? AND v <= ? ORDER BY v DESC LIMIT 1',
    file,
    version,
  );
  const full = db.get<{ v: number | null }>(
    'SELECT max(v) AS v FROM doc_tree WHERE file = ? AND v <= ? AND is_full = 1',
    file,
    version,
  )!.v;
  if (same && same.version > (full ?? 0)) return same;
  return { version: full ?? 0, of: undefined };
}

/** The first version after `version` that no change leads to; Infinity if there is none. */
export function runEnd(db: Reader, file: string, version: number): number {
  const { same, full } = db.get<{ same: number | null; full: number | null }>(
    `SELECT (SELECT min(v) FROM doc_same WHERE file = ? AND v > ?) AS same,
       (SELECT min(v) FROM doc_tree WHERE file = ? AND v > ? AND is_full = 1) AS full`,
    file,
    version,
    file,
    version,
  )!;
  return Math.min(same ?? Number.POSITIVE_INFINITY, full ?? Number.POSITIVE_INFINITY);
}

/** The older version whose text a version has; `undefined` if it has one of its own. */
export function sameOf(db: Reader, file: string, version: number): number | undefined {
  return db.get<{ of: number }>('SELECT of_v AS of FROM doc_same WHERE file = ? AND v = ?', file, version)?.of;
}

/** Versions that have the text of an older one, and which. */
export function samesOf(db: Reader, file: string): Map<number, number> {
  const found = db.all<{ v: number; of: number }>('SELECT v, of_v AS of FROM doc_same WHERE file = ? ORDER BY v', file);
  return new Map(found.map(({ v, of }) => [v, of]));
}

export function insertSame(tx: Tx, file: string, version: number, of: number): void {
  tx.run('INSERT INTO doc_same (file, v, of_v) VALUES (?, ?, ?)', file, version, of);
}

/** Versions after `after`, up to and with `upTo`, are gone or have a text of their own from now on. */
export function dropSames(tx: Tx, file: string, after: number, upTo: number): void {
  tx.run('DELETE FROM doc_same WHERE file = ? AND v > ? AND v <= ?', file, after, upTo);
}
