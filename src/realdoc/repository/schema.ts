import type { Migration } from '../../store/index.ts';
import { storageMigration } from './schema-storage.ts';

export const realdocMigrations: Migration[] = [
  {
    room: 'doc',
    step: 1,
    sql: `
CREATE TABLE doc_workspace (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, root TEXT NOT NULL, added_at INTEGER NOT NULL, removed_at INTEGER
) STRICT;
CREATE UNIQUE INDEX doc_workspace_name ON doc_workspace (name) WHERE removed_at IS NULL;

CREATE TABLE doc_file (
  id TEXT PRIMARY KEY, workspace TEXT NOT NULL REFERENCES doc_workspace, rel TEXT NOT NULL,
  kind TEXT NOT NULL, why TEXT, utf8 INTEGER NOT NULL, eol TEXT NOT NULL, bom INTEGER NOT NULL,
  head INTEGER NOT NULL, bytes INTEGER NOT NULL, newlines INTEGER NOT NULL,
  label TEXT NOT NULL, state TEXT NOT NULL, digest TEXT NOT NULL, UNIQUE (workspace, rel)
) STRICT;

CREATE TABLE doc_op (
  seq INTEGER PRIMARY KEY, file TEXT NOT NULL REFERENCES doc_file, v INTEGER NOT NULL, base_v INTEGER NOT NULL,
  call TEXT NOT NULL, actor TEXT NOT NULL, task TEXT, source TEXT NOT NULL, args TEXT NOT NULL, splices BLOB NOT NULL,
  note TEXT, label TEXT NOT NULL, ts INTEGER NOT NULL, bytes INTEGER NOT NULL, newlines INTEGER NOT NULL,
  digest TEXT NOT NULL, prev TEXT NOT NULL, UNIQUE (file, v)
) STRICT;
CREATE INDEX doc_op_call ON doc_op (call);
CREATE INDEX doc_op_task ON doc_op (task) WHERE task IS NOT NULL;

-- Version v of the file was taken back by version by_v of the same file.
CREATE TABLE doc_undo (
  file TEXT NOT NULL, v INTEGER NOT NULL, by_v INTEGER NOT NULL, PRIMARY KEY (file, v, by_v)
) STRICT, WITHOUT ROWID;

CREATE TABLE doc_job (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, file TEXT, state TEXT NOT NULL, ts INTEGER NOT NULL) STRICT;
CREATE TABLE doc_leaf (id INTEGER PRIMARY KEY, job INTEGER NOT NULL, bytes INTEGER NOT NULL, sha256 BLOB NOT NULL, z BLOB NOT NULL) STRICT;
CREATE INDEX doc_leaf_job ON doc_leaf (job);
CREATE TABLE doc_tree (
  file TEXT NOT NULL, v INTEGER NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL, newlines INTEGER NOT NULL,
  leaves BLOB NOT NULL, PRIMARY KEY (file, v)
) STRICT;

CREATE TABLE doc_projection (
  file TEXT PRIMARY KEY REFERENCES doc_file, v INTEGER NOT NULL, state TEXT NOT NULL, signature TEXT,
  sha256 TEXT GENERATED ALWAYS AS (signature ->> 'sha256') STORED, reason TEXT, "foreign" TEXT, attempts INTEGER NOT NULL, ts INTEGER NOT NULL
) STRICT;
CREATE INDEX doc_projection_sha256 ON doc_projection (sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX doc_projection_open ON doc_projection (state) WHERE state <> 'written';
CREATE TABLE doc_tag (file TEXT NOT NULL, name TEXT NOT NULL, v INTEGER NOT NULL, PRIMARY KEY (file, name)) STRICT;
`,
  },
  storageMigration,
  {
    room: 'doc',
    step: 4,
    sql: `
ALTER TABLE doc_workspace ADD COLUMN seen TEXT;
ALTER TABLE doc_workspace ADD COLUMN when_open TEXT NOT NULL DEFAULT 'hold';
ALTER TABLE doc_file ADD COLUMN disk TEXT;
CREATE INDEX doc_file_alike ON doc_file (workspace, lower(rel));
CREATE INDEX doc_projection_inode ON doc_projection (signature ->> 'inode') WHERE signature IS NOT NULL;
CREATE TABLE doc_side (
  file TEXT PRIMARY KEY REFERENCES doc_file, v INTEGER NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL
) STRICT;
`,
  },
  {
    room: 'doc',
    step: 5,
    sql: `
-- Version v gave the document another path; was: the one it had until then. Rows of the log say the same.
CREATE TABLE doc_name (
  file TEXT NOT NULL, v INTEGER NOT NULL, was TEXT NOT NULL, PRIMARY KEY (file, v)
) STRICT, WITHOUT ROWID;
INSERT INTO doc_name (file, v, was)
  SELECT w.text, o.v, o.args ->> 'from' FROM doc_op o JOIN doc_word w ON w.id = o.file
  WHERE o.source = 'move' AND typeof(o.args) = 'text';
-- Where the file lies as long as it is not where its document is.
ALTER TABLE doc_projection ADD COLUMN lies TEXT;
CREATE INDEX doc_projection_lies ON doc_projection (lies) WHERE lies IS NOT NULL;
`,
  },
  {
    room: 'doc',
    step: 6,
    sql: `
-- 1: its versions are not all of one kind, or not all UTF-8. Of what was there before nobody knows.
ALTER TABLE doc_file ADD COLUMN mixed INTEGER NOT NULL DEFAULT 0;
UPDATE doc_file SET mixed = 1 WHERE head > 1;
`,
  },
  {
    room: 'doc',
    step: 7,
    sql: `
-- Version v has the text of the older version of_v: what its row says, to be found by version.
CREATE TABLE doc_same (
  file TEXT NOT NULL, v INTEGER NOT NULL, of_v INTEGER NOT NULL, PRIMARY KEY (file, v)
) STRICT, WITHOUT ROWID;
CREATE INDEX doc_tree_full ON doc_tree (file, v) WHERE is_full = 1;
`,
  },
  {
    room: 'doc',
    step: 8,
    sql: `
-- By the time in the id of the call, no more by its chance: rows that come and go together are on the same pages of it.
DROP INDEX doc_op_call;
CREATE INDEX doc_op_call ON doc_op (substr(call, -24, 8));
`,
  },
  {
    room: 'doc',
    step: 9,
    sql: `
-- Documents from which old versions are being taken, by which policy (JSON), and as of when.
CREATE TABLE doc_prune (file TEXT PRIMARY KEY, policy TEXT NOT NULL, ts INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`,
  },
];
