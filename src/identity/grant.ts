import { toBase64Url } from '../common/index.ts';
import { type Caller, grantText, type PairGrant } from '../protocol/index.ts';
import type { SigningKey } from './key-folder.ts';
import type { Device } from './records.ts';

/** What the box grants a device, with its signature. It is a statement, not a credential: it opens nothing by itself. */
export function grantFor(
  boxId: string,
  device: Device,
  caller: Caller,
  key: SigningKey,
): { grant: PairGrant; grantSignature: string } {
  const grant: PairGrant = {
    boxId,
    deviceId: device.deviceId,
    personId: device.personId,
    personName: caller.personName ?? '',
    roles: [...caller.roles],
    epoch: caller.epoch,
    exp: device.expiresAt,
  };
  return { grant, grantSignature: toBase64Url(key.sign(grantText(grant))) };
}
