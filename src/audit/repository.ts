import { fail, type Reader, type Tx } from '../common/index.ts';
import type { Actor } from '../protocol/index.ts';
import type { Migration } from '../store/index.ts';
import type { SignedCheckpoint } from './note.ts';
import { type AuditEntry, KEY_ADDED } from './record.ts';
import type { NodeAt } from './tree.ts';

/**
 * Append-only by trigger: a slip of our own code is stopped here, and a hand in the file must drop the triggers first.
 * What makes tampering visible is the chain, the tree and the witnesses, not these. `audit_open_intent` is derived.
 */
export const auditMigrations: Migration[] = [
  {
    room: 'audit',
    step: 1,
    sql: `
CREATE TABLE audit_event (
  seq INTEGER PRIMARY KEY, ts INTEGER NOT NULL, type TEXT NOT NULL, actor TEXT, policy_hash TEXT,
  body TEXT NOT NULL, prev BLOB NOT NULL, leaf BLOB NOT NULL
) STRICT;
CREATE INDEX audit_event_type ON audit_event (type, seq);
CREATE TABLE audit_node (
  level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit_checkpoint (
  size INTEGER PRIMARY KEY, at INTEGER NOT NULL, origin TEXT NOT NULL, root TEXT NOT NULL, note TEXT NOT NULL
) STRICT;
CREATE TABLE audit_open_intent (call_id TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TRIGGER audit_event_next BEFORE INSERT ON audit_event
  WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit_event)
  BEGIN SELECT raise(ABORT, 'audit records are gapless'); END;
CREATE TRIGGER audit_checkpoint_next BEFORE INSERT ON audit_checkpoint
  WHEN NEW.size <= (SELECT coalesce(max(size), 0) FROM audit_checkpoint)
  BEGIN SELECT raise(ABORT, 'audit checkpoints only grow'); END;
CREATE TRIGGER audit_node_once BEFORE INSERT ON audit_node
  WHEN EXISTS (SELECT 1 FROM audit_node WHERE level = NEW.level AND idx = NEW.idx)
  BEGIN SELECT raise(ABORT, 'audit nodes are written once'); END;
${['audit_event', 'audit_node', 'audit_checkpoint']
  .flatMap((table) =>
    ['UPDATE', 'DELETE'].map(
      (verb) =>
        `CREATE TRIGGER ${table}_no_${verb.toLowerCase()} BEFORE ${verb} ON ${table} BEGIN SELECT raise(ABORT, 'audit is append-only'); END;`,
    ),
  )
  .join('\n')}
`,
  },
  {
    room: 'audit',
    step: 2,
    sql: `
-- Without the commonest type: each call would write a page more only to be found where most records are of its sort.
DROP INDEX audit_event_type;
CREATE INDEX audit_event_type ON audit_event (type, seq) WHERE type <> 'call';
`,
  },
];

export interface EventRow {
  seq: number;
  ts: number;
  type: string;
  actor: string | null;
  policy_hash: string | null;
  body: string;
  prev: Uint8Array;
  leaf: Uint8Array;
}

export interface ListFilter {
  before: number;
  type: string | undefined;
  max: number;
}

/** Every SQL statement of the room. */
export const auditSql = {
  last(db: Reader): { seq: number; ts: number; leaf: Uint8Array } | undefined {
    return db.get('SELECT seq, ts, leaf FROM audit_event ORDER BY seq DESC LIMIT 1');
  },

  insertEvent(tx: Tx, row: EventRow): void {
    tx.run(
      'INSERT INTO audit_event (seq, ts, type, actor, policy_hash, body, prev, leaf) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      ...[row.seq, row.ts, row.type, row.actor, row.policy_hash, row.body, row.prev, row.leaf],
    );
  },

  insertNode(tx: Tx, level: number, index: number, hash: Uint8Array): void {
    tx.run('INSERT INTO audit_node (level, idx, hash) VALUES (?, ?, ?)', level, index, hash);
  },

  /** Reads leaves and interior nodes; a missing one means that rows were taken out, so it throws. */
  nodeAt(db: Reader): NodeAt {
    return (level, index) => {
      const row =
        level === 0
          ? db.get<{ hash: Uint8Array }>('SELECT leaf AS hash FROM audit_event WHERE seq = ?', index + 1)
          : db.get<{ hash: Uint8Array }>('SELECT hash FROM audit_node WHERE level = ? AND idx = ?', level, index);
      if (!row) throw fail('AUDIT_BROKEN', { reason: `node ${level}/${index} is missing` });
      return row.hash;
    };
  },

  event(db: Reader, seq: number): EventRow | undefined {
    return db.get('SELECT * FROM audit_event WHERE seq = ?', seq);
  },

  eventsFrom(db: Reader, from: number, to: number, max: number): EventRow[] {
    return db.all('SELECT * FROM audit_event WHERE seq >= ? AND seq <= ? ORDER BY seq LIMIT ?', from, to, max);
  },

  list(db: Reader, { before, type, max }: ListFilter): EventRow[] {
    if (type === undefined)
      return db.all('SELECT * FROM audit_event WHERE seq < ? ORDER BY seq DESC LIMIT ?', before, max);
    // The condition of the index word for word, or it is not used; calls are looked for among all records.
    const sql = `SELECT * FROM audit_event WHERE type = ? ${type === 'call' ? '' : "AND type <> 'call'"} AND seq < ?
      ORDER BY seq DESC LIMIT ?`;
    return db.all(sql, type, before, max);
  },

  keyEvents(db: Reader): EventRow[] {
    return db.all("SELECT * FROM audit_event WHERE type = ? AND type <> 'call' ORDER BY seq", KEY_ADDED);
  },

  openIntent(tx: Tx, callId: string, seq: number): void {
    tx.run('INSERT INTO audit_open_intent (call_id, seq) VALUES (?, ?)', callId, seq);
  },

  closeIntent(tx: Tx, callId: string): void {
    tx.run('DELETE FROM audit_open_intent WHERE call_id = ?', callId);
  },

  openIntents(db: Reader): EventRow[] {
    return db.all('SELECT e.* FROM audit_open_intent AS o JOIN audit_event AS e ON e.seq = o.seq ORDER BY e.seq');
  },

  insertCheckpoint(tx: Tx, c: SignedCheckpoint): void {
    tx.run(
      'INSERT INTO audit_checkpoint (size, at, origin, root, note) VALUES (?, ?, ?, ?, ?)',
      ...[c.size, c.at, c.origin, c.root, c.note],
    );
  },

  newestCheckpoint(db: Reader): SignedCheckpoint | undefined {
    return db.get('SELECT origin, size, root, note, at FROM audit_checkpoint ORDER BY size DESC LIMIT 1');
  },

  checkpointsIn(db: Reader, from: number, to: number): SignedCheckpoint[] {
    return db.all(
      'SELECT origin, size, root, note, at FROM audit_checkpoint WHERE size >= ? AND size <= ? ORDER BY size',
      from,
      to,
    );
  },
};

/** The newest signed checkpoint in any database that holds a log: what a backup notes and checks. */
export function auditHeadIn(db: Reader): Omit<SignedCheckpoint, 'at'> | undefined {
  const newest = auditSql.newestCheckpoint(db);
  if (!newest) return undefined;
  const { at: _, ...head } = newest;
  return head;
}

/** Throws SyntaxError if the stored text is not JSON: only a hand in the file can have done that. */
export function entryOf(row: EventRow): AuditEntry {
  return {
    seq: row.seq,
    ts: row.ts,
    type: row.type,
    actor: row.actor === null ? null : (JSON.parse(row.actor) as Actor),
    policyHash: row.policy_hash,
    body: JSON.parse(row.body) as Record<string, unknown>,
  };
}
