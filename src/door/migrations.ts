import type { Migration } from '../store/index.ts';

export const doorMigrations: readonly Migration[] = [
  {
    room: 'door',
    step: 1,
    sql: `
      CREATE TABLE door_idempotency (
        person TEXT NOT NULL, operation TEXT NOT NULL, key TEXT NOT NULL,
        input_hash TEXT NOT NULL, call_id TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('parked', 'running', 'done', 'failed', 'unknown')),
        approval_id TEXT, outcome TEXT, at INTEGER NOT NULL,
        PRIMARY KEY (person, operation, key)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX door_idempotency_at ON door_idempotency (at);

      CREATE TABLE door_topic (topic TEXT PRIMARY KEY, seq INTEGER NOT NULL, floor INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE door_event (
        topic TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL, data TEXT NOT NULL,
        PRIMARY KEY (topic, seq)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX door_event_at ON door_event (at);
      CREATE TABLE door_topic_owner (topic TEXT PRIMARY KEY, person TEXT NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE door_text (
        message_id TEXT PRIMARY KEY, topic TEXT NOT NULL, stream INTEGER NOT NULL,
        text TEXT NOT NULL, open INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX door_text_topic ON door_text (topic);

      CREATE TABLE door_approval (
        id TEXT PRIMARY KEY, rev INTEGER NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('approve', 'ask')),
        state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'answered', 'expired', 'withdrawn', 'executed', 'void')),
        person TEXT NOT NULL, task TEXT, operation TEXT, key TEXT,
        caller TEXT, input TEXT, action TEXT, action_hash TEXT, card TEXT NOT NULL,
        created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
        answer TEXT, note TEXT, answered_by TEXT, answered_at INTEGER, outcome TEXT
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX door_approval_state ON door_approval (state, person);
      CREATE INDEX door_approval_task ON door_approval (task);
    `,
  },
  {
    room: 'door',
    step: 2,
    sql: `
      -- In the order in which they came: what is committed together lies together, and the oldest are the first rows.
      ALTER TABLE door_idempotency RENAME TO door_idempotency_1;
      DROP INDEX door_idempotency_at;
      CREATE TABLE door_idempotency (
        id INTEGER PRIMARY KEY, person TEXT NOT NULL, operation TEXT NOT NULL, key TEXT NOT NULL,
        input_hash TEXT NOT NULL, call_id TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('parked', 'running', 'done', 'failed', 'unknown')),
        approval_id TEXT, outcome TEXT, at INTEGER NOT NULL,
        UNIQUE (person, operation, key)
      ) STRICT;
      INSERT INTO door_idempotency (person, operation, key, input_hash, call_id, state, approval_id, outcome, at)
        SELECT person, operation, key, input_hash, call_id, state, approval_id, outcome, at
        FROM door_idempotency_1 ORDER BY at;
      DROP TABLE door_idempotency_1;

      ALTER TABLE door_event RENAME TO door_event_1;
      DROP INDEX door_event_at;
      CREATE TABLE door_event (
        id INTEGER PRIMARY KEY, topic TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL,
        data TEXT NOT NULL, UNIQUE (topic, seq)
      ) STRICT;
      INSERT INTO door_event (topic, seq, kind, at, data)
        SELECT topic, seq, kind, at, data FROM door_event_1 ORDER BY at, topic, seq;
      DROP TABLE door_event_1;
    `,
  },
];
