import type { Reader, Tx } from '../common/index.ts';
import type { Migration } from '../store/index.ts';

export const inferenceMigrations: Migration[] = [
  {
    room: 'inference',
    step: 1,
    sql: `
      CREATE TABLE inference_file (
        path TEXT PRIMARY KEY,
        -- Everything a changed file would change; text, because nanoseconds do not fit a double.
        stamp TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        verified_at INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE inference_import (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        file TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        sha256 TEXT NOT NULL UNIQUE,
        imported_at INTEGER NOT NULL,
        imported_by TEXT
      ) STRICT;
      CREATE TABLE inference_pull (
        model TEXT PRIMARY KEY,
        state TEXT NOT NULL CHECK (state IN ('downloading', 'verifying', 'done', 'failed')),
        bytes INTEGER NOT NULL,
        source TEXT,
        reason TEXT,
        requested_at INTEGER NOT NULL,
        requested_by TEXT
      ) STRICT;
      CREATE TABLE inference_crash (
        model TEXT NOT NULL,
        -- Digest of what was loaded how: another context size or another file starts a new count.
        parameters TEXT NOT NULL,
        crashes INTEGER NOT NULL,
        reason TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (model, parameters)
      ) STRICT;
    `,
  },
];

export interface FileRow {
  path: string;
  stamp: string;
  sha256: string;
  verified_at: number;
}

export interface ImportRow {
  id: string;
  name: string;
  file: string;
  bytes: number;
  sha256: string;
  imported_at: number;
  imported_by: string | null;
}

export interface PullRow {
  model: string;
  state: 'downloading' | 'verifying' | 'done' | 'failed';
  /** Bytes that are on the disk. */
  bytes: number;
  source: string | null;
  reason: string | null;
  requested_at: number;
  requested_by: string | null;
}

export interface CrashRow {
  model: string;
  parameters: string;
  crashes: number;
  reason: string;
  at: number;
}

export const files = {
  find: (db: Reader, path: string) => db.get<FileRow>('SELECT * FROM inference_file WHERE path = ?', path),
  hasDigest: (db: Reader, sha256: string) =>
    db.get('SELECT 1 FROM inference_file WHERE sha256 = ? LIMIT 1', sha256) !== undefined,
  put: (tx: Tx, row: FileRow) =>
    tx.run(
      'INSERT OR REPLACE INTO inference_file (path, stamp, sha256, verified_at) VALUES (?, ?, ?, ?)',
      row.path,
      row.stamp,
      row.sha256,
      row.verified_at,
    ),
};

export const imports = {
  all: (db: Reader) => db.all<ImportRow>('SELECT * FROM inference_import ORDER BY id'),
  put: (tx: Tx, row: ImportRow) =>
    tx.run(
      `INSERT INTO inference_import (id, name, file, bytes, sha256, imported_at, imported_by)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING`,
      row.id,
      row.name,
      row.file,
      row.bytes,
      row.sha256,
      row.imported_at,
      row.imported_by,
    ),
};

export const pulls = {
  find: (db: Reader, model: string) => db.get<PullRow>('SELECT * FROM inference_pull WHERE model = ?', model),
  unfinished: (db: Reader) =>
    db.all<PullRow>("SELECT * FROM inference_pull WHERE state IN ('downloading', 'verifying') ORDER BY requested_at"),
  put: (tx: Tx, row: PullRow) =>
    tx.run(
      `INSERT OR REPLACE INTO inference_pull (model, state, bytes, source, reason, requested_at, requested_by)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      row.model,
      row.state,
      row.bytes,
      row.source,
      row.reason,
      row.requested_at,
      row.requested_by,
    ),
};

export const crashes = {
  find: (db: Reader, model: string, parameters: string) =>
    db.get<CrashRow>('SELECT * FROM inference_crash WHERE model = ? AND parameters = ?', model, parameters),
  put: (tx: Tx, row: CrashRow) =>
    tx.run(
      'INSERT OR REPLACE INTO inference_crash (model, parameters, crashes, reason, at) VALUES (?, ?, ?, ?, ?)',
      row.model,
      row.parameters,
      row.crashes,
      row.reason,
      row.at,
    ),
  clear: (tx: Tx, model: string) => tx.run('DELETE FROM inference_crash WHERE model = ?', model),
};
