import type { Reader, Tx } from '../common/index.ts';
import type { Migration } from '../store/index.ts';
import type { LedgerRecord } from './ledger.ts';

export const egressMigrations: Migration[] = [
  {
    room: 'egress',
    step: 1,
    sql: `
      CREATE TABLE egress_ledger (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        ledger TEXT NOT NULL,
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        host TEXT NOT NULL,
        record TEXT NOT NULL,
        UNIQUE (ledger, seq)
      ) STRICT;
    `,
  },
];

/** Harmless for a record that is already there: the guest reports at once and the core asks again at each start. */
export function addRecord(tx: Tx, ledger: string, record: LedgerRecord): void {
  tx.run(
    'INSERT OR IGNORE INTO egress_ledger (ledger, seq, at, kind, host, record) VALUES (?, ?, ?, ?, ?, ?)',
    ledger,
    record.seq,
    record.at,
    record.kind,
    record.host,
    JSON.stringify(record),
  );
}

/** The newest ledger file known, and the last record of it without a gap before it. */
export function position(db: Reader): { ledger: string | null; after: number } {
  const newest = db.get<{ ledger: string }>('SELECT ledger FROM egress_ledger ORDER BY id DESC LIMIT 1');
  if (!newest) return { ledger: null, after: 0 };
  const row = db.get<{ after: number }>(
    `SELECT coalesce(min(a.seq), 0) AS after FROM egress_ledger a
     WHERE a.ledger = ? AND NOT EXISTS (SELECT 1 FROM egress_ledger b WHERE b.ledger = a.ledger AND b.seq = a.seq + 1)`,
    newest.ledger,
  );
  const first = db.get<{ seq: number }>('SELECT min(seq) AS seq FROM egress_ledger WHERE ledger = ?', newest.ledger);
  return { ledger: newest.ledger, after: first?.seq === 1 ? (row?.after ?? 0) : 0 };
}

export interface StoredRecord extends LedgerRecord {
  id: number;
}

/** Newest first; `before` pages on. */
export function listRecords(db: Reader, before: number | undefined, limit: number): StoredRecord[] {
  const rows = db.all<{ id: number; record: string }>(
    'SELECT id, record FROM egress_ledger WHERE id < ? ORDER BY id DESC LIMIT ?',
    before ?? Number.MAX_SAFE_INTEGER,
    limit,
  );
  return rows.map((row) => ({ id: row.id, ...(JSON.parse(row.record) as LedgerRecord) }));
}
