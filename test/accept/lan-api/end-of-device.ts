/** A device that is revoked, and the record of everything before it. */
import { openFolder } from '../../../src/client-node/index.ts';
import { CLOSE } from '../../../src/protocol/index.ts';
import { RawSession } from '../../support/raw-session.ts';
import { codeOf, type LanRig, NO_INPUT, STATUS } from './rig.ts';

export async function endOfDevice(rig: LanRig): Promise<void> {
  const { box, check, phone, stranger, auth } = rig;
  await check('a revoked device loses its socket with 4003 and its bearer', async () => {
    const raw = await RawSession.connect(box.address, phone.folder);
    await box.run('device.revoke', { deviceId: phone.deviceId });
    const code = await raw.closeCode();
    const rest = await stranger.http('POST', STATUS, auth, NO_INPUT);
    return code === CLOSE.revoked && rest.status === 401;
  });
  await check('and its next connect is refused for good', async () => {
    const { client } = await openFolder({ folder: phone.folder, app: { id: 'again', version: '1', platform: 'test' } });
    return (await codeOf(client.connect())) === 'DEVICE_REVOKED';
  });
  await check(
    'the record of all this verifies',
    async () => (await box.run<{ verdict: string }>('audit.verify')).verdict === 'intact',
  );
}
