import type { Migration } from '../store/index.ts';

export const identityMigrations: Migration[] = [
  {
    room: 'identity',
    step: 1,
    sql: `
CREATE TABLE identity_box (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  box_id TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  pair_failures INTEGER NOT NULL
) STRICT;
CREATE TABLE identity_person (
  person_id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('local', 'console')),
  state TEXT NOT NULL CHECK (state IN ('active', 'suspended')),
  roles TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE identity_device (
  device_id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES identity_person (person_id),
  -- Invariant: at most one device comes out of one pairing window.
  pairing_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  model TEXT NOT NULL,
  platform TEXT NOT NULL,
  class TEXT NOT NULL CHECK (class IN ('native', 'browser')),
  key_alg TEXT NOT NULL CHECK (key_alg IN ('ed25519', 'p256')),
  public_key TEXT NOT NULL,
  ceiling TEXT NOT NULL CHECK (ceiling IN ('member', 'full')),
  state TEXT NOT NULL CHECK (state IN ('active', 'revoked')),
  epoch INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT;
CREATE UNIQUE INDEX identity_device_key ON identity_device (public_key) WHERE state = 'active';
CREATE TABLE identity_pairing (
  pairing_id TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('open', 'bound', 'confirmed', 'closed')),
  opened_by TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  role TEXT NOT NULL,
  device_pub TEXT,
  key_alg TEXT,
  class TEXT,
  name TEXT,
  model TEXT,
  platform TEXT,
  requested_role TEXT,
  address TEXT,
  check_number TEXT,
  device_id TEXT,
  closed_reason TEXT
) STRICT;
CREATE INDEX identity_pairing_state ON identity_pairing (state);
CREATE TABLE identity_token (
  token_id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES identity_person (person_id),
  name TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  scopes TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT;
`,
  },
];
