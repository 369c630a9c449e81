import type { Migration } from '../../store/index.ts';

/**
 * Storage in full: rows of the log without repeated words, versions that are stored texts, packed runs of old versions,
 * leaves in terms of others, bytes in files. Rows of before are carried over. See docs/reference/storage-format.md.
 */
export const storageMigration: Migration = {
  room: 'doc',
  step: 2,
  sql: `
-- What many rows repeat: ids of documents and tasks, actors and labels as JSON.
CREATE TABLE doc_word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
INSERT INTO doc_word (text)
  SELECT id FROM doc_file UNION SELECT actor FROM doc_op UNION SELECT label FROM doc_op
  UNION SELECT task FROM doc_op WHERE task IS NOT NULL;

ALTER TABLE doc_op RENAME TO doc_op_1;
DROP INDEX doc_op_call;
DROP INDEX doc_op_task;
CREATE TABLE doc_op (
  seq INTEGER PRIMARY KEY, file INTEGER NOT NULL, v INTEGER NOT NULL, span INTEGER NOT NULL, base_v INTEGER NOT NULL,
  call TEXT NOT NULL, actor INTEGER NOT NULL, task INTEGER, source TEXT NOT NULL, args ANY NOT NULL,
  splices BLOB NOT NULL, note TEXT, label INTEGER NOT NULL, ts INTEGER NOT NULL, bytes INTEGER NOT NULL,
  newlines INTEGER NOT NULL, digest BLOB NOT NULL, seal BLOB, UNIQUE (file, v)
) STRICT;
INSERT INTO doc_op
  SELECT o.seq, f.id, o.v, 1, o.base_v, o.call, a.id, t.id, o.source, o.args, o.splices, o.note, l.id, o.ts, o.bytes,
  o.newlines, unhex(o.digest), NULL
  FROM doc_op_1 o JOIN doc_word f ON f.text = o.file JOIN doc_word a ON a.text = o.actor
  JOIN doc_word l ON l.text = o.label LEFT JOIN doc_word t ON t.text = o.task ORDER BY o.seq;
DROP TABLE doc_op_1;
CREATE INDEX doc_op_call ON doc_op (substr(call, -8));
CREATE INDEX doc_op_task ON doc_op (task) WHERE task IS NOT NULL;

-- Runs of versions of one document: from_v up to and with to_v, columns compressed.
CREATE TABLE doc_pack (
  id INTEGER PRIMARY KEY, file INTEGER NOT NULL, from_v INTEGER NOT NULL, to_v INTEGER NOT NULL,
  least_ts INTEGER NOT NULL, least_seq INTEGER NOT NULL, prev BLOB NOT NULL, digest BLOB NOT NULL, splices BLOB NOT NULL, facts BLOB NOT NULL,
  UNIQUE (file, to_v)
) STRICT;
-- Where the versions of a call or a task lie among the packs; pack 0: they were thinned out.
CREATE TABLE doc_pack_key (key INTEGER NOT NULL, pack INTEGER NOT NULL, PRIMARY KEY (key, pack)) STRICT, WITHOUT ROWID;

-- 1: a version has no splices and is this tree.
ALTER TABLE doc_tree ADD COLUMN is_full INTEGER NOT NULL DEFAULT 0;
-- Version of the tree whose list of leaves is the dictionary of this one's.
ALTER TABLE doc_tree ADD COLUMN dict_v INTEGER;

-- dict: leaf whose bytes are the dictionary of this one's. blob: file that holds what else were in z.
ALTER TABLE doc_leaf ADD COLUMN dict INTEGER;
ALTER TABLE doc_leaf ADD COLUMN blob BLOB;
CREATE INDEX doc_leaf_sha256 ON doc_leaf (substr(sha256, 1, 8));
CREATE INDEX doc_leaf_dict ON doc_leaf (dict) WHERE dict IS NOT NULL;
CREATE INDEX doc_leaf_blob ON doc_leaf (blob) WHERE blob IS NOT NULL;
CREATE TABLE doc_blob (sha256 BLOB PRIMARY KEY, bytes INTEGER NOT NULL, ts INTEGER NOT NULL) STRICT, WITHOUT ROWID;
-- Leaves that no tree names, and since when.
CREATE TABLE doc_leaf_free (id INTEGER PRIMARY KEY, ts INTEGER NOT NULL) STRICT;

-- Bytes that the history of a document takes.
ALTER TABLE doc_file ADD COLUMN stored INTEGER NOT NULL DEFAULT 0;
-- 1: some of its versions were taken away.
ALTER TABLE doc_file ADD COLUMN thinned INTEGER NOT NULL DEFAULT 0;
`,
};
