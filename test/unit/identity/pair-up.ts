import { TestPhone } from '../../support/phone.ts';
import type { TestBox } from './test-box.ts';

/** A phone that is paired for a new person of that name, or for one the box knows. */
export async function pairUp(
  box: TestBox,
  who: { personName: string } | { personId: string },
  options: { keyAlg?: 'p256'; browser?: boolean; address?: string } = {},
): Promise<TestPhone> {
  const { pairingId, link } = await box.call<{ pairingId: string; link: string }>('pair.open', {});
  const phone = new TestPhone(options);
  await phone.join(box.identity, link);
  await box.call('pair.confirm', { pairingId, check: phone.check, ...who });
  await phone.status(box.identity);
  return phone;
}

/** The device of somebody who administers devices, its ceiling lifted at the console. */
export async function pairAdmin(box: TestBox, name = 'Ann'): Promise<TestPhone> {
  const { personId } = await box.call<{ personId: string }>('person.create', {
    name,
    roles: ['member', 'system-admin'],
  });
  const phone = await pairUp(box, { personId });
  await box.call('device.setCeiling', { deviceId: phone.grant!.deviceId, ceiling: 'full' });
  return phone;
}
