/** Somebody between the box and the device: a relay with a TLS key of its own. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeviceFolder, nodeTransport, openFolder, pairFolder } from '../../../src/client-node/index.ts';
import { pairDevice } from '../../support/paired.ts';
import { Relay } from '../../support/relay.ts';
import { Stranger } from '../../support/stranger.ts';
import { WireSession } from '../../support/wire-session.ts';
import { app, codeOf, type PairingRig } from './rig.ts';

export async function between(rig: PairingRig): Promise<void> {
  const { box, check, name, newPhone, open, pairPhone } = rig;
  console.log('--- somebody in between');
  const relay = await Relay.start(box.address);
  const via = nodeTransport({ via: { host: '127.0.0.1', port: relay.port } });
  await check('a program refuses a link with another TLS key before it says anything', async () => {
    const { pairingId, link } = await open();
    const folder = new DeviceFolder(mkdtempSync(join(tmpdir(), 'jingu-device-')));
    const forged = link.replace(/k=[\w-]{43}/, `k=${relay.spki}`);
    const refused = await codeOf(pairFolder({ link: forged, folder }));
    const throughRelay = await codeOf(pairFolder({ link, folder, transport: via }));
    await box.run('pair.cancel', { pairingId });
    return refused === 'CLIENT_BOX_MISMATCH' && throughRelay === 'CLIENT_BOX_MISMATCH' && relay.overheard === '';
  });
  await check('the box refuses a phone that saw the relay, and says so to the administrator', async () => {
    const { pairingId, link } = await open();
    const phone = newPhone({}).scan(link);
    phone.spki = relay.spki;
    const code = await codeOf(phone.begin(new Stranger(`127.0.0.1:${relay.port}`, phone.source.address).pairing));
    // The relay's own host name is not on the list: it must rewrite the header to be heard at all.
    relay.rewrite = (bytes) => bytes.replaceAll(`127.0.0.1:${relay.port}`, box.address);
    const heard = await codeOf(phone.begin(new Stranger(`127.0.0.1:${relay.port}`, phone.source.address).pairing));
    const { records } = await box.run<{ records: { body: Record<string, unknown> }[] }>('audit.list', { max: 10 });
    await box.run('pair.cancel', { pairingId });
    return (
      code === 'HOST_REFUSED' &&
      heard === 'SPKI_MISMATCH' &&
      records.some(({ body }) => body['reason'] === 'spki-mismatch')
    );
  });
  await check('a relay that rewrites the TLS key in the message breaks the proof', async () => {
    const { pairingId, link } = await open();
    const phone = newPhone({}).scan(link);
    phone.spki = relay.spki;
    relay.rewrite = (bytes) =>
      bytes.replaceAll(`127.0.0.1:${relay.port}`, box.address).replaceAll(relay.spki, phone.link!.spki);
    const through = new Stranger(`127.0.0.1:${relay.port}`, phone.source.address).pairing;
    await phone.begin(through);
    const code = await codeOf(phone.prove(through));
    await box.run('pair.cancel', { pairingId });
    return code === 'PAIRING_LINK_INVALID';
  });
  await check(
    'a paired program does not talk to a relay, and the box does not take what it signed for one',
    async () => {
      relay.rewrite = (bytes) => bytes.replaceAll(`127.0.0.1:${relay.port}`, box.address);
      const device = await pairDevice(box, { person: name() });
      const { client } = await openFolder({ folder: device.folder, app, transport: via });
      const refused = await codeOf(client.connect());
      client.close();
      const phone = await pairPhone({});
      const direct = await codeOf(WireSession.open(box.address, phone, { spki: relay.spki }));
      return /SPKI_MISMATCH|CLIENT_BOX_MISMATCH/.test(refused ?? '') && direct === 'SPKI_MISMATCH';
    },
  );
  await relay.stop();
}
