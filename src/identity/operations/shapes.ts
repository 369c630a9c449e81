import type { Reader } from '../../common/index.ts';
import { closed, Id, Name, ROLES, type Role, SCOPES, type Static, Type } from '../../protocol/index.ts';
import { rolesOn } from '../callers.ts';
import type { Device, Person } from '../records.ts';
import { person as findPerson } from '../repository.ts';

/** Wall-clock milliseconds of the box, for display. */
export const Instant = Type.Integer();
export const RoleName = Type.Enum(Object.keys(ROLES) as Role[]);
export const ScopeName = Type.Enum([...SCOPES]);
export const Done = closed({ done: Type.Literal(true) });

export const DeviceShape = closed({
  deviceId: Id,
  personId: Id,
  personName: Name,
  name: Name,
  model: Type.String(),
  platform: Type.String(),
  class: Type.Union([Type.Literal('native'), Type.Literal('browser')]),
  ceiling: Type.Union([Type.Literal('member'), Type.Literal('full')]),
  /** Roles that take effect on this device. */
  roles: Type.Array(RoleName, { maxItems: 8 }),
  state: Type.Union([Type.Literal('active'), Type.Literal('revoked')]),
  createdAt: Instant,
  lastSeenAt: Instant,
  expiresAt: Instant,
  revokedAt: Type.Union([Instant, Type.Null()]),
});

export function showDevice(db: Reader, device: Device): Static<typeof DeviceShape> {
  const { pairingId: _pairing, publicKey: _key, keyAlg: _alg, epoch: _epoch, ...shown } = device;
  const person = findPerson(db, device.personId)!;
  return { ...shown, personName: person.name, roles: rolesOn(person, device) };
}

export const PersonShape = closed({
  personId: Id,
  name: Name,
  kind: Type.Union([Type.Literal('local'), Type.Literal('console')]),
  state: Type.Union([Type.Literal('active'), Type.Literal('suspended')]),
  roles: Type.Array(RoleName, { maxItems: 8 }),
  createdAt: Instant,
});

export function showPerson({ epoch: _, ...shown }: Person): Static<typeof PersonShape> {
  return shown;
}
