/** The box killed in the middle of a pairing, and what is left of the secrets afterwards. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pairDevice } from '../../support/paired.ts';
import { WireSession } from '../../support/wire-session.ts';
import { codeOf, type PairingRig } from './rig.ts';

export async function crashes(rig: PairingRig): Promise<void> {
  const { box, check, name, newPhone, peer, open } = rig;
  console.log('--- kill -9');
  await check('between proof and confirmation: the window is closed and nobody is let in', async () => {
    const { pairingId, link } = await open();
    const phone = newPhone({});
    await phone.join(peer(phone), link);
    await box.kill();
    await box.restart();
    const refused = await codeOf(box.run('pair.confirm', { pairingId, check: phone.check, personName: name() }));
    const status = await phone.status(peer(phone));
    const again = await codeOf(phone.begin(peer(phone)));
    return refused === 'PAIRING_NOT_READY' && status.state === 'closed' && again === 'PAIRING_LINK_INVALID';
  });
  await check('after the confirmation: the phone asks again and has its grant', async () => {
    const { pairingId, link } = await open();
    const phone = newPhone({});
    await phone.join(peer(phone), link);
    await box.run('pair.confirm', { pairingId, check: phone.check, personName: name() });
    await box.kill();
    await box.restart();
    const { state } = await phone.status(peer(phone));
    const session = await WireSession.open(box.address, phone);
    return state === 'confirmed' && session.hello!.caller.deviceId === phone.grant!.deviceId;
  });
  await check('of a connected device: it proves itself anew to the same box, by itself', async () => {
    const device = await pairDevice(box, { person: name() });
    const before = await device.client.connect();
    const back = new Promise<string>((resolve) =>
      device.client.on('hello', (hello) => resolve(hello.session.sessionId)),
    );
    await box.kill();
    await box.restart();
    device.client.wake();
    const after = await back;
    device.client.close();
    return after !== before.session.sessionId && device.client.connects === 2;
  });
}

export async function nothingKept(rig: PairingRig): Promise<void> {
  const { box, check, secrets } = rig;
  console.log('--- what is left');
  await check('no secret of a link, bearer or token is in any file of the box, nor in its log', () => {
    const files = readdirSync(box.data, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    const texts = files.map((file) => readFileSync(join(file.parentPath, file.name)));
    texts.push(Buffer.from(box.stderr));
    return secrets.length > 20 && secrets.every((secret) => texts.every((text) => !text.includes(secret)));
  });
  await check('the record of all this verifies', async () => {
    return (await box.run<{ verdict: string }>('audit.verify')).verdict === 'intact';
  });
}
