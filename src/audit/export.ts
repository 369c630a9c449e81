import type { Reader } from '../common/index.ts';
import type { SignedCheckpoint } from './note.ts';
import { NO_LEAF } from './record.ts';
import { auditSql, type EventRow, entryOf } from './repository.ts';
import { peaks } from './tree.ts';

/** Read at a time; a page of small records is about a millisecond of work. */
const PAGE = 500;

/**
 * The records `from` to `to` as NDJSON lines, in pages so that the caller can let others work in between:
 * a header that says what lies before (last leaf, compact range, keys), then each record with its leaf, each
 * checkpoint right after the record it covers, and an end line. Exports whose ranges join verify as one.
 */
export function* exportPages(db: Reader, origin: string, from: number, to: number): Generator<string[]> {
  const at = auditSql.nodeAt(db);
  const prev = from === 1 ? NO_LEAF : at(0, from - 2);
  yield [
    JSON.stringify({
      audit: 'jingu-audit/1',
      origin,
      from,
      prev: base64(prev),
      range: peaks(from - 1, at).map(base64),
      keys: auditSql
        .keyEvents(db)
        .filter((row) => row.seq < from)
        .map((row) => ({ seq: row.seq, ...entryOf(row).body })),
    }),
  ];
  for (let next = from; next <= to; ) {
    const rows = auditSql.eventsFrom(db, next, to, PAGE);
    if (rows.length === 0) break;
    const last = rows.at(-1)!.seq;
    const checkpoints = new Map(auditSql.checkpointsIn(db, next, last).map((c) => [c.size, c]));
    yield rows.flatMap((row) => [eventLine(row), ...checkpointLines(checkpoints.get(row.seq))]);
    next = last + 1;
  }
  yield [JSON.stringify({ end: { to } })];
}

function eventLine(row: EventRow): string {
  const leaf = base64(row.leaf);
  try {
    return JSON.stringify({ event: entryOf(row), leaf });
  } catch {
    // Text that is not JSON any more is tampering; it goes out as such, and the verifier names the record.
    return JSON.stringify({ event: { seq: row.seq, unreadable: true }, leaf });
  }
}

function checkpointLines(checkpoint: SignedCheckpoint | undefined): string[] {
  return checkpoint ? [JSON.stringify({ checkpoint: checkpoint.note })] : [];
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
