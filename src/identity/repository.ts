import type { Reader, Tx } from '../common/index.ts';
import type { Role, Scope } from '../protocol/index.ts';
import type { Ceiling, Device, PairingClaim, PairingRow, Person, Token } from './records.ts';

/*
 * All SQL of this room. Readers take committed state or an open transaction alike; writers need the transaction.
 */

const PERSON = `SELECT person_id AS personId, name, kind, state, roles, epoch, created_at AS createdAt
  FROM identity_person`;
const DEVICE = `SELECT device_id AS deviceId, person_id AS personId, pairing_id AS pairingId, name, model, platform,
  class, key_alg AS keyAlg, public_key AS publicKey, ceiling, state, epoch, created_at AS createdAt,
  last_seen_at AS lastSeenAt, expires_at AS expiresAt, revoked_at AS revokedAt FROM identity_device`;
const TOKEN = `SELECT token_id AS tokenId, person_id AS personId, name, scopes, created_by AS createdBy,
  created_at AS createdAt, expires_at AS expiresAt, revoked_at AS revokedAt FROM identity_token`;
const PAIRING = `SELECT pairing_id AS pairingId, state, opened_by AS openedBy, opened_at AS openedAt, role,
  device_pub AS devicePub, key_alg AS keyAlg, class, name, model, platform, requested_role AS requestedRole, address,
  check_number AS checkNumber, device_id AS deviceId, closed_reason AS closedReason FROM identity_pairing`;

type Raw<T, K extends keyof T> = Omit<T, K> & Record<K, string>;

export interface BoxRow {
  boxId: string;
  epoch: number;
  pairFailures: number;
}

export function boxRow(db: Reader): BoxRow | undefined {
  return db.get<BoxRow>('SELECT box_id AS boxId, epoch, pair_failures AS pairFailures FROM identity_box');
}

export function insertBox(tx: Tx, boxId: string): void {
  tx.run('INSERT INTO identity_box (id, box_id, epoch, pair_failures) VALUES (1, ?, 1, 0)', boxId);
}

export function raiseBoxEpoch(tx: Tx): number {
  return tx.get<{ epoch: number }>('UPDATE identity_box SET epoch = epoch + 1 RETURNING epoch')!.epoch;
}

export function countPairFailure(tx: Tx): number {
  return tx.get<{ n: number }>(
    'UPDATE identity_box SET pair_failures = pair_failures + 1 RETURNING pair_failures AS n',
  )!.n;
}

export function forgivePairFailures(tx: Tx): void {
  tx.run('UPDATE identity_box SET pair_failures = 0');
}

export function person(db: Reader, personId: string): Person | undefined {
  const row = db.get<Raw<Person, 'roles'>>(`${PERSON} WHERE person_id = ?`, personId);
  return row && readPerson(row);
}

export function personByName(db: Reader, name: string): Person | undefined {
  const row = db.get<Raw<Person, 'roles'>>(`${PERSON} WHERE name = ?`, name);
  return row && readPerson(row);
}

export function people(db: Reader): Person[] {
  return db.all<Raw<Person, 'roles'>>(`${PERSON} ORDER BY person_id`).map(readPerson);
}

export function insertPerson(tx: Tx, p: Person): void {
  tx.run(
    'INSERT INTO identity_person (person_id, name, kind, state, roles, epoch, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    p.personId,
    p.name,
    p.kind,
    p.state,
    JSON.stringify(p.roles),
    p.epoch,
    p.createdAt,
  );
}

/** State and roles change only together with the epoch: that is what ends running sessions. */
export function updatePerson(tx: Tx, personId: string, state: Person['state'], roles: readonly Role[]): number {
  return tx.get<{ epoch: number }>(
    'UPDATE identity_person SET state = ?, roles = ?, epoch = epoch + 1 WHERE person_id = ? RETURNING epoch',
    state,
    JSON.stringify(roles),
    personId,
  )!.epoch;
}

export function device(db: Reader, deviceId: string): Device | undefined {
  return db.get<Device>(`${DEVICE} WHERE device_id = ?`, deviceId);
}

export function activeDeviceByKey(db: Reader, publicKey: string): Device | undefined {
  return db.get<Device>(`${DEVICE} WHERE public_key = ? AND state = 'active'`, publicKey);
}

export function devices(db: Reader): Device[] {
  return db.all<Device>(`${DEVICE} ORDER BY device_id`);
}

export function insertDevice(tx: Tx, d: Device): void {
  tx.run(
    `INSERT INTO identity_device (device_id, person_id, pairing_id, name, model, platform, class, key_alg, public_key,
       ceiling, state, epoch, created_at, last_seen_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    d.deviceId,
    d.personId,
    d.pairingId,
    d.name,
    d.model,
    d.platform,
    d.class,
    d.keyAlg,
    d.publicKey,
    d.ceiling,
    d.state,
    d.epoch,
    d.createdAt,
    d.lastSeenAt,
    d.expiresAt,
  );
}

export function revokeDevice(tx: Tx, deviceId: string, now: number): number {
  return tx.get<{ epoch: number }>(
    `UPDATE identity_device SET state = 'revoked', revoked_at = ?, epoch = epoch + 1 WHERE device_id = ? RETURNING epoch`,
    now,
    deviceId,
  )!.epoch;
}

export function renameDevice(tx: Tx, deviceId: string, name: string): void {
  tx.run('UPDATE identity_device SET name = ? WHERE device_id = ?', name, deviceId);
}

export function setCeiling(tx: Tx, deviceId: string, ceiling: Ceiling): number {
  return tx.get<{ epoch: number }>(
    'UPDATE identity_device SET ceiling = ?, epoch = epoch + 1 WHERE device_id = ? RETURNING epoch',
    ceiling,
    deviceId,
  )!.epoch;
}

export function touchDevice(tx: Tx, deviceId: string, seenAt: number, expiresAt: number): void {
  tx.run(
    'UPDATE identity_device SET last_seen_at = ?, expires_at = ? WHERE device_id = ?',
    seenAt,
    expiresAt,
    deviceId,
  );
}

export function pairing(db: Reader, pairingId: string): PairingRow | undefined {
  const row = db.get<FlatPairing>(`${PAIRING} WHERE pairing_id = ?`, pairingId);
  return row && readPairing(row);
}

/** Newest first. */
export function pairings(db: Reader, limit: number): PairingRow[] {
  return db.all<FlatPairing>(`${PAIRING} ORDER BY pairing_id DESC LIMIT ?`, limit).map(readPairing);
}

export function insertPairing(tx: Tx, pairingId: string, openedBy: string, role: Role, now: number): void {
  tx.run(
    `INSERT INTO identity_pairing (pairing_id, state, opened_by, opened_at, role) VALUES (?, 'open', ?, ?, ?)`,
    pairingId,
    openedBy,
    now,
    role,
  );
}

/** False if the window is closed or bound to another key: the row decides, not memory. */
export function bindPairing(tx: Tx, pairingId: string, c: PairingClaim): boolean {
  const { changes } = tx.run(
    `UPDATE identity_pairing SET state = 'bound', device_pub = ?, key_alg = ?, class = ?, name = ?, model = ?,
       platform = ?, requested_role = ?, address = ?, check_number = ?
     WHERE pairing_id = ? AND (state = 'open' OR (state = 'bound' AND device_pub = ?))`,
    c.devicePub,
    c.keyAlg,
    c.class,
    c.name,
    c.model,
    c.platform,
    c.requestedRole,
    c.address,
    c.checkNumber,
    pairingId,
    c.devicePub,
  );
  return changes === 1;
}

export function confirmPairing(tx: Tx, pairingId: string, deviceId: string): boolean {
  const { changes } = tx.run(
    `UPDATE identity_pairing SET state = 'confirmed', device_id = ? WHERE pairing_id = ? AND state = 'bound'`,
    deviceId,
    pairingId,
  );
  return changes === 1;
}

export function closePairing(tx: Tx, pairingId: string, reason: string): boolean {
  const { changes } = tx.run(
    `UPDATE identity_pairing SET state = 'closed', closed_reason = ? WHERE pairing_id = ? AND state IN ('open', 'bound')`,
    reason,
    pairingId,
  );
  return changes === 1;
}

export function closeAllPairings(tx: Tx, reason: string): void {
  tx.run(`UPDATE identity_pairing SET state = 'closed', closed_reason = ? WHERE state IN ('open', 'bound')`, reason);
}

export function token(db: Reader, tokenId: string): Token | undefined {
  const row = db.get<Raw<Token, 'scopes'>>(`${TOKEN} WHERE token_id = ?`, tokenId);
  return row && readToken(row);
}

export function tokenByHash(db: Reader, hash: string): Token | undefined {
  const row = db.get<Raw<Token, 'scopes'>>(`${TOKEN} WHERE hash = ?`, hash);
  return row && readToken(row);
}

export function tokens(db: Reader): Token[] {
  return db.all<Raw<Token, 'scopes'>>(`${TOKEN} ORDER BY token_id`).map(readToken);
}

export function insertToken(tx: Tx, t: Token, hash: string): void {
  tx.run(
    `INSERT INTO identity_token (token_id, person_id, name, hash, scopes, created_by, created_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    t.tokenId,
    t.personId,
    t.name,
    hash,
    JSON.stringify(t.scopes),
    t.createdBy,
    t.createdAt,
    t.expiresAt,
  );
}

export function revokeToken(tx: Tx, tokenId: string, now: number): void {
  tx.run('UPDATE identity_token SET revoked_at = ? WHERE token_id = ? AND revoked_at IS NULL', now, tokenId);
}

function readPerson(row: Raw<Person, 'roles'>): Person {
  return { ...row, roles: JSON.parse(row.roles) as Role[] };
}

function readToken(row: Raw<Token, 'scopes'>): Token {
  return { ...row, scopes: JSON.parse(row.scopes) as Scope[] };
}

type FlatPairing = Omit<PairingRow, 'claim'> & { [K in keyof PairingClaim]: PairingClaim[K] | null };

function readPairing(row: FlatPairing): PairingRow {
  const { devicePub, keyAlg, name, model, platform, requestedRole, address, checkNumber, ...rest } = row;
  const { class: deviceClass, ...pairing } = rest;
  const claim =
    devicePub === null
      ? null
      : { devicePub, keyAlg, class: deviceClass, name, model, platform, requestedRole, address, checkNumber };
  // The columns of a claim are written together, so one that is there means all are.
  return { ...pairing, claim: claim as PairingClaim | null };
}
