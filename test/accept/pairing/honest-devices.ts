/** Devices that may come in: programs, phones, browsers, and what the administrator sees of them. */
import { pairDevice } from '../../support/paired.ts';
import { WireSession } from '../../support/wire-session.ts';
import { codeOf, type PairingRig } from './rig.ts';

export async function honestDevices(rig: PairingRig): Promise<void> {
  const { box, check, newPhone, peer, open, confirm, pairPhone } = rig;
  console.log('--- devices that may come in');
  const device = await pairDevice(box, { link: box.link, person: 'Li Wei' });
  await check('a program pairs by the printed link and connects as a member', async () => {
    const { caller } = await device.client.connect();
    return caller.roles.join() === 'member' && caller.personName === 'Li Wei' && caller.deviceId === device.deviceId;
  });
  await check('the connection is to the very TLS key of the link', () => {
    return device.client.seen?.spki === /k=([\w-]{43})/.exec(box.link)![1];
  });
  device.client.close();
  for (const [what, options] of [
    ['a phone with P-256', { keyAlg: 'p256' as const }],
    ['a browser', { browser: true }],
  ] as const) {
    await check(`${what} pairs, and both screens show the same six digits`, async () => {
      const phone = await pairPhone({ ...options });
      return (await WireSession.open(box.address, phone)).hello!.caller.deviceId === phone.grant!.deviceId;
    });
  }
  await check(
    'before the confirmation there is no device, and the administrator sees name, class and address',
    async () => {
      const { pairingId, link } = await open();
      const phone = newPhone({ name: 'Counter tablet' });
      await phone.join(peer(phone), link);
      const shown = await box.run<{ device: Record<string, unknown> }>('pair.show', { pairingId });
      const status = await phone.status(peer(phone));
      await box.run('pair.cancel', { pairingId });
      const { device: seen } = shown;
      return (
        status.state === 'waiting' &&
        seen['name'] === 'Counter tablet' &&
        seen['class'] === 'native' &&
        seen['address'] === phone.source.address &&
        seen['check'] === phone.check
      );
    },
  );
  await check('a claim to be an administrator is shown and gives nothing', async () => {
    const { pairingId, link } = await open();
    const phone = newPhone({});
    phone.requestedRole = 'system-admin';
    await phone.join(peer(phone), link);
    const { device: seen } = await box.run<{ device: { requestedRole: string } }>('pair.show', { pairingId });
    const refused = await codeOf(
      box.run('pair.confirm', { pairingId, check: phone.check, personName: 'Eve', role: 'system-admin' }),
    );
    await confirm(pairingId, phone);
    const requestedScopes = ['device.admin', 'box.admin', 'doc.read'];
    const session = await WireSession.open(box.address, phone, { requestedScopes });
    const denied = await codeOf(session.call('device.list', { input: {} }));
    const extra = await codeOf(WireSession.open(box.address, phone, { role: 'system-admin' } as never));
    return (
      seen.requestedRole === 'system-admin' &&
      refused === 'ROLE_REFUSED' &&
      session.hello!.caller.scopes.join() === 'doc.read' &&
      denied === 'SCOPE_MISSING' &&
      extra === 'INPUT_INVALID'
    );
  });
}
