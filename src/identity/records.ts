import type { KeyAlgorithm, Role, Scope } from '../protocol/index.ts';

export interface Person {
  personId: string;
  name: string;
  /** `console` is the local operator at the box itself: one fixed record. */
  kind: 'local' | 'console';
  state: 'active' | 'suspended';
  roles: Role[];
  epoch: number;
  createdAt: number;
}

/** `member`: whatever the person is, this device acts as a member. `full`: an administrator has lifted that. */
export type Ceiling = 'member' | 'full';

export interface Device {
  deviceId: string;
  personId: string;
  pairingId: string;
  name: string;
  model: string;
  platform: string;
  class: 'native' | 'browser';
  keyAlg: KeyAlgorithm;
  publicKey: string;
  ceiling: Ceiling;
  state: 'active' | 'revoked';
  epoch: number;
  createdAt: number;
  lastSeenAt: number;
  expiresAt: number;
  revokedAt: number | null;
}

export interface PairingRow {
  pairingId: string;
  state: 'open' | 'bound' | 'confirmed' | 'closed';
  openedBy: string;
  openedAt: number;
  role: Role;
  /** Set once a device has proved the secret of the link. */
  claim: PairingClaim | null;
  deviceId: string | null;
  closedReason: string | null;
}

/** What the device says of itself, and the digits both sides must show. */
export interface PairingClaim {
  devicePub: string;
  keyAlg: KeyAlgorithm;
  class: 'native' | 'browser';
  name: string;
  model: string;
  platform: string;
  requestedRole: string | null;
  address: string;
  checkNumber: string;
}

export interface Token {
  tokenId: string;
  personId: string;
  name: string;
  scopes: Scope[];
  createdBy: string;
  createdAt: number;
  expiresAt: number;
  revokedAt: number | null;
}
