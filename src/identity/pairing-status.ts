import type { Database } from '../common/index.ts';
import type { PairStatusAnswer } from '../protocol/index.ts';
import type { Callers } from './callers.ts';
import { grantFor } from './grant.ts';
import type { SigningKey } from './key-folder.ts';
import { device as findDevice, pairing as findPairing, person as findPerson } from './repository.ts';

/** Where a pairing stands, by its row: so a restart changes nothing. `expiresInMs` is 0 for a window that is not open. */
export function pairingStatus(
  pairingId: string,
  expiresInMs: number,
  o: { db: Database; boxId: string; identityKey: SigningKey; callers: Callers },
): PairStatusAnswer {
  const row = findPairing(o.db, pairingId)!;
  if (row.state === 'bound' && expiresInMs > 0) return { state: 'waiting', expiresInMs };
  const device = row.deviceId === null ? undefined : findDevice(o.db, row.deviceId);
  const person = device && findPerson(o.db, device.personId);
  if (!device || !person || device.state !== 'active' || person.state !== 'active') {
    return { state: 'closed', expiresInMs: 0 };
  }
  const caller = o.callers.forDevice(device.deviceId, { surface: 'rest', sessionId: null, locale: 'en' });
  return { state: 'confirmed', expiresInMs: 0, ...grantFor(o.boxId, device, caller, o.identityKey) };
}
