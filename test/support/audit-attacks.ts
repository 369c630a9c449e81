import { createHash } from 'node:crypto';
import type BetterSqlite from 'better-sqlite3';

/** What somebody with the database file in hand does to it. Answers the first record that must be found bad. */
export interface Attack {
  name: string;
  run(db: BetterSqlite.Database, seq: number): number;
}

const TABLES = ['audit_event', 'audit_node', 'audit_checkpoint'];

/** A hand in the file is not stopped by triggers. */
export function dropTriggers(db: BetterSqlite.Database): void {
  for (const { name } of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all() as {
    name: string;
  }[]) {
    db.exec(`DROP TRIGGER ${name}`);
  }
}

interface Row {
  seq: number;
  ts: number;
  type: string;
  actor: string | null;
  policy_hash: string | null;
  body: string;
  prev: Buffer;
  leaf: Buffer;
}

/** The leaf as its definition says, from the columns. */
function leafOf(row: Row, prev: Buffer): Buffer {
  const { actor, body, policy_hash, seq, ts, type } = row;
  const policy = JSON.stringify(policy_hash);
  const text = `{"actor":${actor},"body":${body},"policyHash":${policy},"seq":${seq},"ts":${ts},"type":"${type}"}`;
  return createHash('sha256').update(Uint8Array.of(0)).update(prev).update(text, 'utf8').digest();
}

/** Makes the chain from `from` on consistent in itself again; the signatures are another matter. */
export function rechain(db: BetterSqlite.Database, from: number): void {
  const put = db.prepare('UPDATE audit_event SET prev = ?, leaf = ? WHERE seq = ?');
  const before = db.prepare('SELECT leaf FROM audit_event WHERE seq = ?').get(from - 1) as { leaf: Buffer } | undefined;
  let prev = before?.leaf ?? Buffer.alloc(32);
  for (const row of db.prepare('SELECT * FROM audit_event WHERE seq >= ? ORDER BY seq').all(from) as Row[]) {
    const leaf = leafOf(row, prev);
    put.run(prev, leaf, row.seq);
    prev = leaf;
  }
}

function nextCheckpoint(db: BetterSqlite.Database, seq: number): number {
  const row = db.prepare('SELECT min(size) AS size FROM audit_checkpoint WHERE size >= ?').get(seq) as { size: number };
  return row.size;
}

const edit = (name: string, sql: string): Attack => ({
  name,
  run(db, seq) {
    db.prepare(sql).run(seq);
    return seq;
  },
});

export const ATTACKS: readonly Attack[] = [
  edit('edit the body', `UPDATE audit_event SET body = '{"callId":"call_0","i":-1}' WHERE seq = ?`),
  edit('edit who did it', `UPDATE audit_event SET actor = '{"kind":"console"}' WHERE seq = ?`),
  edit('edit when', 'UPDATE audit_event SET ts = ts + 1 WHERE seq = ?'),
  edit('edit the type', `UPDATE audit_event SET type = 'read' WHERE seq = ?`),
  edit('edit the policy', `UPDATE audit_event SET policy_hash = 'other' WHERE seq = ?`),
  edit('make the body unreadable', `UPDATE audit_event SET body = '{' WHERE seq = ?`),
  edit('swap the leaf alone', 'UPDATE audit_event SET leaf = randomblob(32) WHERE seq = ?'),
  edit('delete a record', 'DELETE FROM audit_event WHERE seq = ?'),
  {
    name: 'delete a record and close the gap',
    run(db, seq) {
      db.prepare('DELETE FROM audit_event WHERE seq = ?').run(seq);
      // Two steps, since the numbers are unique while they move.
      db.prepare('UPDATE audit_event SET seq = -seq WHERE seq > ?').run(seq);
      db.exec('UPDATE audit_event SET seq = -seq - 1 WHERE seq < 0');
      return seq;
    },
  },
  {
    name: 'insert a record',
    run(db, seq) {
      db.prepare('UPDATE audit_event SET seq = -seq WHERE seq >= ?').run(seq);
      db.exec('UPDATE audit_event SET seq = -seq + 1 WHERE seq < 0');
      db.prepare(
        `INSERT INTO audit_event SELECT ?, ts, type, actor, policy_hash, '{"callId":"call_forged"}', prev, leaf FROM audit_event WHERE seq = ?`,
      ).run(seq, seq + 1);
      return seq;
    },
  },
  {
    name: 'swap two neighbours',
    run(db, seq) {
      db.prepare('UPDATE audit_event SET seq = -1 WHERE seq = ?').run(seq);
      db.prepare('UPDATE audit_event SET seq = ? WHERE seq = ?').run(seq, seq + 1);
      db.prepare('UPDATE audit_event SET seq = ? WHERE seq = -1').run(seq + 1);
      return seq;
    },
  },
  {
    name: 'edit a record and repair its own hash',
    run(db, seq) {
      db.prepare(`UPDATE audit_event SET body = '{"callId":"call_0"}' WHERE seq = ?`).run(seq);
      const row = db.prepare('SELECT * FROM audit_event WHERE seq = ?').get(seq) as Row;
      db.prepare('UPDATE audit_event SET leaf = ? WHERE seq = ?').run(leafOf(row, row.prev), seq);
      // A checkpoint right at this record speaks before the next record does.
      return nextCheckpoint(db, seq) === seq ? seq : seq + 1;
    },
  },
  {
    name: 'edit a record and repair the whole chain after it',
    run(db, seq) {
      db.prepare(`UPDATE audit_event SET body = '{"callId":"call_0"}' WHERE seq = ?`).run(seq);
      rechain(db, seq);
      return nextCheckpoint(db, seq);
    },
  },
  {
    name: 'put the signature of one checkpoint under another',
    run(db, seq) {
      const size = nextCheckpoint(db, seq);
      const other = db.prepare('SELECT note FROM audit_checkpoint WHERE size <> ? LIMIT 1').get(size) as {
        note: string;
      };
      const own = db.prepare('SELECT note FROM audit_checkpoint WHERE size = ?').get(size) as { note: string };
      const note = `${own.note.split('\n\n')[0]}\n\n${other.note.split('\n\n')[1]}`;
      db.prepare('UPDATE audit_checkpoint SET note = ? WHERE size = ?').run(note, size);
      return size;
    },
  },
];

/** Takes away everything after `size`, as if it had never been. */
export function truncate(db: BetterSqlite.Database, size: number): void {
  db.prepare('DELETE FROM audit_event WHERE seq > ?').run(size);
  db.prepare('DELETE FROM audit_checkpoint WHERE size > ?').run(size);
  db.prepare('DELETE FROM audit_open_intent WHERE seq > ?').run(size);
  db.prepare('DELETE FROM audit_node WHERE (idx + 1) * (1 << level) > ?').run(size);
}

/** Removes record `seq` and writes everything after it anew, so that the log is sound but for its signatures. */
export function rewriteWithout(db: BetterSqlite.Database, seq: number): void {
  db.prepare('DELETE FROM audit_event WHERE seq = ?').run(seq);
  db.prepare('UPDATE audit_event SET seq = -seq WHERE seq > ?').run(seq);
  db.exec('UPDATE audit_event SET seq = -seq - 1 WHERE seq < 0');
  rechain(db, seq);
  for (const table of TABLES.slice(1)) db.exec(`DELETE FROM ${table}`);
  const put = db.prepare('INSERT INTO audit_node (level, idx, hash) VALUES (?, ?, ?)');
  let level = (db.prepare('SELECT leaf FROM audit_event ORDER BY seq').all() as { leaf: Buffer }[]).map((r) => r.leaf);
  for (let height = 1; level.length > 1; height++) {
    level = Array.from({ length: Math.floor(level.length / 2) }, (_, i) =>
      createHash('sha256')
        .update(Uint8Array.of(1))
        .update(level[2 * i]!)
        .update(level[2 * i + 1]!)
        .digest(),
    );
    for (const [idx, hash] of level.entries()) put.run(height, idx, hash);
  }
}
