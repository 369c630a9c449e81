import type { Migration } from '../store/index.ts';

export const agentMigrations: readonly Migration[] = [
  {
    room: 'agent',
    step: 1,
    sql: `
      CREATE TABLE agent_task (
        id TEXT PRIMARY KEY, person TEXT NOT NULL, submitter TEXT NOT NULL,
        text TEXT NOT NULL, workspace TEXT NOT NULL, documents TEXT NOT NULL, hints TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'waiting', 'done', 'failed', 'cancelled')),
        result TEXT, summary TEXT, waiting_for TEXT, undone INTEGER NOT NULL,
        label TEXT NOT NULL, steps INTEGER NOT NULL, tokens INTEGER NOT NULL, active_ms INTEGER NOT NULL,
        created_at INTEGER NOT NULL, ended_at INTEGER
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX agent_task_state ON agent_task (state);
      CREATE INDEX agent_task_person ON agent_task (person, created_at);
      CREATE TABLE agent_step (
        task TEXT NOT NULL, n INTEGER NOT NULL, kind TEXT NOT NULL, request TEXT NOT NULL, key TEXT,
        state TEXT NOT NULL CHECK (state IN ('begun', 'done')), result TEXT, at INTEGER NOT NULL,
        PRIMARY KEY (task, n)
      ) STRICT, WITHOUT ROWID;
    `,
  },
];
