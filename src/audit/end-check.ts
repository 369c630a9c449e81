import type { Reader } from '../common/index.ts';
import { leafOf } from './record.ts';
import { auditSql, entryOf } from './repository.ts';

/**
 * A quick look at a start, O(log n): the last record hashes to its leaf, and the newest checkpoint's root is still
 * the root at its size. The whole log is for `audit.verify`. Answers what does not fit, or `undefined`.
 */
export function endProblem(db: Reader, rootAt: (size: number) => string): string | undefined {
  try {
    const last = auditSql.last(db)!.seq;
    const row = auditSql.event(db, last)!;
    if (!leafOf(row.prev, entryOf(row)).equals(row.leaf)) return `record ${last} was changed`;
    const head = auditSql.newestCheckpoint(db);
    if (!head) return undefined;
    if (head.size > last) return `records after ${last} are gone`;
    return rootAt(head.size) === head.root ? undefined : `the first ${head.size} records were changed`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
