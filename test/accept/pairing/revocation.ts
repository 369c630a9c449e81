/** How fast a device, a person, a session and a token end. */
import { pairDevice } from '../../support/paired.ts';
import type { TestPhone } from '../../support/phone.ts';
import { Stranger } from '../../support/stranger.ts';
import { WireSession } from '../../support/wire-session.ts';
import { codeOf, type PairingRig } from './rig.ts';

export async function revocation(rig: PairingRig): Promise<void> {
  const { box, check, secrets, address, name, pairPhone } = rig;
  console.log('--- revocation');
  const dead = async (how: (phone: TestPhone) => Promise<unknown>, expected: RegExp) => {
    const phone = await pairPhone({});
    const session = await WireSession.open(box.address, phone);
    const { bearer } = (await session.call('session.bearer', {})) as { bearer: string };
    secrets.push(bearer);
    const headers = { authorization: `Bearer ${bearer}` };
    const stream = await new Stranger(box.address, phone.source.address).follow('/api/events/approvals', headers);
    const from = performance.now();
    await how(phone);
    const { code, at } = await session.closed;
    const streamed = await stream.ended;
    const rest = await new Stranger(box.address, phone.source.address).http(
      'POST',
      '/api/op/box.status',
      headers,
      '{"input":{}}',
    );
    const again = await codeOf(WireSession.open(box.address, phone));
    const all = performance.now();
    console.log(
      `     socket closed ${(at - from).toFixed(1)} ms after the call was sent, everything refused after ${(all - from).toFixed(1)} ms`,
    );
    return (
      code === 4003 &&
      at - from < 1000 &&
      streamed - from < 1000 &&
      all - from < 1000 &&
      rest.status === 401 &&
      expected.test(again ?? '')
    );
  };
  await check('a revoked device is dead in under a second: socket, bearer and connect', () =>
    dead((phone) => box.run('device.revoke', { deviceId: phone.grant!.deviceId }), /^DEVICE_REVOKED$/),
  );
  await check('so is every device of a suspended person', () =>
    dead((phone) => box.run('person.suspend', { personId: phone.grant!.personId }), /^PERSON_SUSPENDED$/),
  );
  await check('changed rights end the session, not the pairing: the client comes back by itself', async () => {
    const device = await pairDevice(box, { person: name() });
    const change = async (how: () => Promise<unknown>) => {
      const back = new Promise<string[]>((resolve) => device.client.on('hello', ({ caller }) => resolve(caller.roles)));
      await how();
      device.client.wake();
      return await back;
    };
    await device.client.connect();
    const { personId, deviceId } = device;
    await change(() => box.run('person.setRoles', { personId, roles: ['member', 'auditor'] }, { confirm: true }));
    const roles = await change(() => box.run('device.setCeiling', { deviceId, ceiling: 'full' }, { confirm: true }));
    await change(() => box.run('session.endAll'));
    device.client.close();
    return roles.join() === 'member,auditor' && device.client.connects === 4;
  });
  await check('a token dies at once, and is shown once', async () => {
    const made = await box.run<{ secret: string; token: { tokenId: string } }>('token.create', { name: 'office page' });
    secrets.push(made.secret);
    const stranger = new Stranger(box.address, address());
    const ask = () => stranger.http('GET', '/v1/models', { authorization: `Bearer ${made.secret}` });
    const before = await ask();
    await box.run('token.revoke', { tokenId: made.token.tokenId });
    const after = await ask();
    return before.status === 200 && after.status === 401;
  });
}
