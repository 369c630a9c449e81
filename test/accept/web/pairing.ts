/** Pairing by the printed link, at 360 pixels in Chinese, and what the browser keeps of it. */

import type { Phone } from '../../support/browser.ts';
import { connected, type WebRig } from './rig.ts';

export interface Paired {
  phone: Phone;
  personId: string;
  deviceId: string;
}

export async function pairing(rig: WebRig): Promise<Paired> {
  const { box, check, confirm, look } = rig;
  const phone = await rig.newPhone({ width: 360, height: 740 });
  const at = phone.page;
  let personId = '';
  let deviceId = '';
  await check(
    'the page pairs by the printed link, shows the same six digits, and goes on when they are confirmed',
    async () => {
      await at.goto(box.link);
      await at.getByRole('button', { name: '开始配对' }).click();
      const check = (await at.getByTestId('check-number').textContent())!.replace(/\D/g, '');
      await look(phone, 'check-number');
      await confirm(check, { personName: '王芳' });
      await connected(at);
      const { devices } = await box.run<{ devices: { deviceId: string; personId: string }[] }>('device.list');
      ({ deviceId = '', personId = '' } = devices[0] ?? {});
      return deviceId !== '';
    },
  );
  await check('the secret of the link is gone from the address and the history', async () => {
    const entries = await at.evaluate(() => [location.href, document.referrer]);
    await at.goBack().catch(() => null);
    const before = at.url();
    await at.goto(`https://${box.address}/`);
    return ![...entries, before].some((url) => url.includes('#') || url.includes('s='));
  });
  await check('the device key cannot be taken out of the browser', async () => {
    return await at.evaluate(async () => {
      const db = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open('jingu', 1);
        request.onsuccess = () => resolve(request.result);
      });
      const pair = await new Promise<CryptoKeyPair>((resolve) => {
        const request = db.transaction('kept').objectStore('kept').get('key');
        request.onsuccess = () => resolve(request.result as CryptoKeyPair);
      });
      db.close();
      return (
        pair.privateKey.extractable === false &&
        (await crypto.subtle.exportKey('pkcs8', pair.privateKey).then(
          () => false,
          () => true,
        ))
      );
    });
  });
  return { phone, personId, deviceId };
}
