/** Links that must not work, and those who guess. */
import { TestPhone } from '../../support/phone.ts';
import { WireSession } from '../../support/wire-session.ts';
import { codeOf, type PairingRig } from './rig.ts';

export async function nobodyElse(rig: PairingRig): Promise<void> {
  const { box, check, newPhone, peer, open, confirm } = rig;
  console.log('--- links that must not work');
  await check('a spent link is refused, to the same device and to others', async () => {
    const { pairingId, link } = await open();
    const phone = newPhone({});
    await phone.join(peer(phone), link);
    await confirm(pairingId, phone);
    const other = newPhone({}).scan(link);
    const again = await codeOf(phone.begin(peer(phone)));
    return again === 'PAIRING_LINK_INVALID' && (await codeOf(other.begin(peer(other)))) === 'PAIRING_LINK_INVALID';
  });
  await check('of two phones on one link the second is refused, reported, and the first goes on', async () => {
    const { pairingId, link } = await open();
    const [first, second] = [newPhone({}), newPhone({})];
    await first.join(peer(first), link);
    second.scan(link);
    const refused = await codeOf(second.begin(peer(second)));
    const { records } = await box.run<{ records: { body: Record<string, unknown> }[] }>('audit.list', { max: 20 });
    await confirm(pairingId, first);
    const session = await WireSession.open(box.address, first);
    const isReported = records.some(
      ({ body }) =>
        body['reason'] === 'second-device' &&
        body['pairingId'] === pairingId &&
        body['address'] === second.source.address,
    );
    return refused === 'PAIRING_TAKEN' && isReported && session.hello !== undefined;
  });
  await check('of eight phones that prove at once exactly one is bound', async () => {
    const { pairingId, link } = await open();
    const phones = Array.from({ length: 8 }, () => newPhone({}).scan(link));
    for (const phone of phones) await phone.begin(peer(phone));
    const codes = await Promise.all(phones.map((phone) => codeOf(phone.prove(peer(phone)))));
    const winners = phones.filter((_, n) => codes[n] === undefined);
    await confirm(pairingId, winners[0]!);
    const { devices } = await box.run<{ devices: { deviceId: string }[] }>('device.list');
    const mine = devices.filter((d) => d.deviceId === winners[0]!.grant!.deviceId);
    return winners.length === 1 && codes.filter((c) => c === 'PAIRING_TAKEN').length === 7 && mine.length === 1;
  });
  await check('an expired window is closed, though the phone had proved itself', async () => {
    const { pairingId, link } = await open({ seconds: 10 });
    const [early, late] = [newPhone({}), newPhone({})];
    await early.join(peer(early), link);
    const waiting = early.status(peer(early), 30_000);
    const ended = await waiting;
    late.scan(link);
    const refused = await codeOf(late.begin(peer(late)));
    const input = { pairingId, check: early.check, personName: 'Too late' };
    return (
      ended.state === 'closed' &&
      refused === 'PAIRING_LINK_INVALID' &&
      (await codeOf(box.run('pair.confirm', input))) !== undefined
    );
  });
}

export async function guessing(rig: PairingRig): Promise<void> {
  const { box, check, address, newPhone, peer, open } = rig;
  console.log('--- guessing');
  await check(
    'the eleventh guess of one source meets a lock, loopback included, and others are not touched',
    async () => {
      const from = address();
      const guess = () => {
        const phone = new TestPhone({ address: from }).scan(box.link);
        phone.link!.pairingId = `pair_${'0'.repeat(26)}`;
        return codeOf(phone.begin(peer(phone)));
      };
      const codes: (string | undefined)[] = [];
      for (let n = 0; n < 11; n++) codes.push(await guess());
      const { pairingId, link } = await open();
      const honest = newPhone({});
      await honest.join(peer(honest), link);
      await box.run('pair.cancel', { pairingId });
      return codes.slice(0, 10).every((c) => c === 'PAIRING_LINK_INVALID') && codes[10] === 'LOCKED_OUT';
    },
  );
  await check('after twenty wrong secrets the twenty-first guess, even a right one, meets a locked box', async () => {
    const { link } = await open({ seconds: 600 });
    const codes: (string | undefined)[] = [];
    for (let n = 0; n < 20; n++) {
      const phone = newPhone({}).scan(link);
      phone.link!.secret = 'A'.repeat(22);
      await phone.begin(peer(phone));
      codes.push(await codeOf(phone.prove(peer(phone))));
    }
    const right = newPhone({});
    const locked = await codeOf(right.join(peer(right), link));
    // A window opened at the console lifts the lock: somebody stands there now.
    const { pairingId, link: fresh } = await open();
    const lifted = await codeOf(right.join(peer(right), fresh));
    await box.run('pair.cancel', { pairingId });
    return codes.every((c) => c === 'PAIRING_LINK_INVALID') && locked === 'PAIRING_LOCKED' && lifted === undefined;
  });
}
