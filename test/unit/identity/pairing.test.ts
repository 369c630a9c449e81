import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomToken } from '../../../src/common/index.ts';
import { TestPhone } from '../../support/phone.ts';
import { codeOf, TestBox } from './test-box.ts';

let box: TestBox;
beforeEach(async () => {
  box = await TestBox.start();
});
afterEach(() => box.stop());

interface Opened {
  pairingId: string;
  link: string;
  page: string;
}

const open = (input: object = {}) => box.call<Opened>('pair.open', input);
const confirm = (pairingId: string, check: string, more: object = { personName: 'Li Wei' }) =>
  box.call<{ deviceId: string; personId: string }>('pair.confirm', { pairingId, check, ...more });
const deviceCount = () => box.store.get<{ n: number }>('SELECT count(*) AS n FROM identity_device')!.n;

describe('pairing', () => {
  it.each<[string, { keyAlg?: 'p256'; browser?: boolean }]>([
    ['a native client with Ed25519', {}],
    ['a native client with P-256', { keyAlg: 'p256' }],
    ['a browser', { browser: true }],
  ])('lets in %s, with the same six digits on both sides', async (_, options) => {
    const { pairingId, link, page } = await open();
    const phone = new TestPhone(options);
    await phone.join(box.identity, options.browser ? page : link);
    expect(await phone.status(box.identity)).toMatchObject({ state: 'waiting' });
    const shown = await box.call<{ device: { check: string } }>('pair.show', { pairingId });
    expect(shown.device.check).toBe(phone.check);
    const { deviceId, personId } = await confirm(pairingId, phone.check);
    expect(await phone.status(box.identity)).toMatchObject({ state: 'confirmed', grant: { deviceId, personId } });
    expect(phone.grant).toMatchObject({ roles: ['member'], personName: 'Li Wei', boxId: box.identity.boxId });
    expect(phone.connect(box.identity).caller).toMatchObject({ personId, deviceId, roles: ['member'] });
  });

  it('never gives an administrator role, whatever the device claims or the link was meant for', async () => {
    const { pairingId, link } = await open();
    const phone = new TestPhone();
    phone.requestedRole = 'system-admin';
    await phone.join(box.identity, link);
    expect(await codeOf(confirm(pairingId, phone.check, { personName: 'Eve', role: 'system-admin' }))).toBe(
      'ROLE_REFUSED',
    );
    expect(await codeOf(open({ role: 'security-admin' }))).toBe('ROLE_REFUSED');
    await confirm(pairingId, phone.check);
    await phone.status(box.identity);
    expect(phone.connect(box.identity).caller.scopes.filter((scope) => scope.endsWith('.admin'))).toEqual([]);
  });

  it('cuts the device of an administrator down to a member until the ceiling is lifted', async () => {
    const admin = await box.call<{ personId: string }>('person.create', {
      name: 'Ann',
      roles: ['member', 'system-admin'],
    });
    const { pairingId, link } = await open();
    const phone = new TestPhone();
    await phone.join(box.identity, link);
    const { deviceId } = await confirm(pairingId, phone.check, { personId: admin.personId });
    await phone.status(box.identity);
    expect(phone.connect(box.identity).caller.roles).toEqual(['member']);
    await box.call('device.setCeiling', { deviceId, ceiling: 'full' });
    expect(phone.connect(box.identity).caller.scopes).toContain('device.admin');
  });

  it('refuses the second phone on one link and reports it', async () => {
    const { pairingId, link } = await open();
    const [first, second] = [new TestPhone(), new TestPhone({ address: '192.168.1.51' })];
    await first.join(box.identity, link);
    second.scan(link);
    expect(await codeOf(second.begin(box.identity))).toBe('PAIRING_TAKEN');
    expect(box.events).toContainEqual({
      kind: 'pair-state',
      data: { pairingId, state: 'alarm', reason: 'second-device', address: '192.168.1.51' },
    });
    expect(box.records.map((r) => r.kind)).toContain('pair-refused');
    await confirm(pairingId, first.check);
    expect(await first.status(box.identity)).toMatchObject({ state: 'confirmed' });
    expect(deviceCount()).toBe(1);
  });

  it('lets only one of two phones win that prove in the same turn', async () => {
    const { link } = await open();
    const phones = [new TestPhone(), new TestPhone({ address: '192.168.1.51' })];
    for (const phone of phones) {
      phone.scan(link);
      await phone.begin(box.identity);
    }
    const codes = await Promise.all(phones.map((phone) => codeOf(phone.prove(box.identity))));
    expect(codes).toEqual([undefined, 'PAIRING_TAKEN']);
  });

  it('lets the same phone start over until the window ends, and confirms only what it showed last', async () => {
    const { pairingId, link } = await open();
    const phone = new TestPhone();
    await phone.join(box.identity, link);
    const before = phone.check;
    phone.nonce = phone.nonce.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'));
    await phone.join(box.identity, link);
    expect(phone.check).not.toBe(before);
    expect(await codeOf(confirm(pairingId, before))).toBe('PAIRING_CHECK_MISMATCH');
    await confirm(pairingId, phone.check);
    expect(deviceCount()).toBe(1);
  });

  it('refuses a spent link, an expired one, a cancelled one and one of a former run, all alike', async () => {
    const spent = await open();
    const phone = new TestPhone();
    await phone.join(box.identity, spent.link);
    await confirm(spent.pairingId, phone.check);
    const expired = await open();
    box.clock.pass(120_000);
    const cancelled = await open();
    await box.call('pair.cancel', { pairingId: cancelled.pairingId });
    const former = await open();
    await box.crash();
    for (const { link } of [spent, expired, cancelled, former]) {
      const other = new TestPhone({ address: '192.168.1.99' }).scan(link);
      expect(await codeOf(other.begin(box.identity))).toBe('PAIRING_LINK_INVALID');
    }
    const rows = await box.call<{ pairings: { state: string; closedReason: string | null }[] }>('pair.list', {});
    expect(rows.pairings.map((p) => p.closedReason ?? p.state).sort()).toEqual([
      'cancelled',
      'confirmed',
      'expired',
      'restart',
    ]);
  });

  it('runs its windows on time that passed, not on the wall clock', async () => {
    const { pairingId, link } = await open();
    box.clock.jump(-86_400_000);
    box.clock.pass(119_000);
    const phone = new TestPhone();
    await phone.join(box.identity, link);
    box.clock.jump(10 * 86_400_000);
    await confirm(pairingId, phone.check);
    const late = await open();
    box.clock.jump(-10 * 86_400_000);
    box.clock.pass(120_001);
    const other = new TestPhone().scan(late.link);
    expect(await codeOf(other.begin(box.identity))).toBe('PAIRING_LINK_INVALID');
  });

  it('ends a window on time even if its timer is late', async () => {
    const { pairingId, link } = await open();
    const phone = new TestPhone();
    await phone.join(box.identity, link);
    box.clock.passUnnoticed(120_000);
    expect(await codeOf(confirm(pairingId, phone.check))).toBe('PAIRING_NOT_FOUND');
    expect(await codeOf(phone.begin(box.identity))).toBe('PAIRING_LINK_INVALID');
    expect(deviceCount()).toBe(0);
  });

  it('takes no other nonce than the one promised, though all the rest fits', async () => {
    const { link } = await open();
    const phone = new TestPhone().scan(link);
    await phone.begin(box.identity);
    phone.nonce = randomToken(32);
    expect(await codeOf(phone.prove(box.identity))).toBe('PAIRING_LINK_INVALID');
  });

  it('survives a crash between confirm and the grant: the device asks again and gets it', async () => {
    const { pairingId, link } = await open();
    const phone = new TestPhone();
    await phone.join(box.identity, link);
    await confirm(pairingId, phone.check);
    await box.crash();
    expect(await phone.status(box.identity)).toMatchObject({ state: 'confirmed' });
    expect(phone.connect(box.identity).caller.deviceId).toBe(phone.grant!.deviceId);
  });

  it('gives no device when it crashes between prove and confirm', async () => {
    const { pairingId, link } = await open();
    const phone = new TestPhone();
    await phone.join(box.identity, link);
    await box.crash();
    expect(await codeOf(confirm(pairingId, phone.check))).toBe('PAIRING_NOT_READY');
    expect(await phone.status(box.identity)).toMatchObject({ state: 'closed' });
    expect(deviceCount()).toBe(0);
  });

  it('refuses a device that saw another TLS key, and raises an alarm', async () => {
    const { link } = await open();
    const phone = new TestPhone().scan(link);
    phone.spki = 'A'.repeat(43);
    expect(await codeOf(phone.begin(box.identity))).toBe('SPKI_MISMATCH');
    expect(box.events.map((e) => e.data['reason'])).toContain('spki-mismatch');
  });

  it('takes a device that cannot name the TLS key for a browser', async () => {
    const { pairingId, link } = await open();
    const phone = new TestPhone().scan(link);
    phone.spki = null;
    await phone.begin(box.identity);
    await phone.prove(box.identity);
    expect(await confirm(pairingId, phone.check)).toMatchObject({ class: 'browser' });
  });

  it('takes whatever comes with an Origin header for a browser', async () => {
    const { pairingId, page } = await open();
    const liar = new TestPhone({ browser: true }).scan(page);
    liar.spki = liar.link!.spki;
    await liar.begin(box.identity);
    await liar.prove(box.identity);
    expect(await confirm(pairingId, liar.check)).toMatchObject({ class: 'browser' });
  });

  it('counts wrong secrets over all windows and locks at twenty, until somebody stands at the console', async () => {
    const guess = async (n: number) => {
      const { link } = await open();
      const phone = new TestPhone({ address: `192.168.2.${n}` }).scan(link);
      phone.link!.secret = 'A'.repeat(22);
      await phone.begin(box.identity);
      return await codeOf(phone.prove(box.identity));
    };
    // Opening at the console forgives, so the windows are opened by an administrator's device.
    const admin = await box.call<{ personId: string }>('person.create', {
      name: 'Ann',
      roles: ['member', 'system-admin'],
    });
    const { pairingId, link } = await open();
    const laptop = new TestPhone();
    await laptop.join(box.identity, link);
    const { deviceId } = await confirm(pairingId, laptop.check, { personId: admin.personId });
    await box.call('device.setCeiling', { deviceId, ceiling: 'full' });
    await laptop.status(box.identity);
    const { caller } = laptop.connect(box.identity);
    const window = await box.call<Opened>('pair.open', { seconds: 600 }, caller);
    for (let n = 0; n < 20; n++) {
      if (n === 10) await box.crash();
      const target = n < 10 ? window : await box.call<Opened>('pair.open', {}, box.identity.rebuild(caller));
      const phone = new TestPhone({ address: `192.168.2.${n}` }).scan(target.link);
      phone.link!.secret = 'A'.repeat(22);
      await phone.begin(box.identity);
      expect(await codeOf(phone.prove(box.identity))).toBe('PAIRING_LINK_INVALID');
      if (n >= 10 && n < 19) await box.call('pair.cancel', { pairingId: target.pairingId });
    }
    expect(await codeOf(box.call('pair.open', {}, box.identity.rebuild(caller)))).toBe('PAIRING_LOCKED');
    expect(await codeOf(new TestPhone({ address: '192.168.3.1' }).scan(window.link).begin(box.identity))).toBe(
      'PAIRING_LOCKED',
    );
    expect(await guess(77)).toBe('PAIRING_LINK_INVALID');
    const fresh = await open();
    await new TestPhone({ address: '192.168.3.2' }).join(box.identity, fresh.link);
  });

  it('locks a source out for five minutes after ten failures in a minute, loopback included', async () => {
    const { link } = await open({ seconds: 600 });
    for (let n = 0; n < 10; n++) {
      const phone = new TestPhone({ address: '127.0.0.1' }).scan(link);
      phone.link!.pairingId = `pair_${'0'.repeat(26)}`;
      expect(await codeOf(phone.begin(box.identity))).toBe('PAIRING_LINK_INVALID');
    }
    const honest = new TestPhone({ address: '::ffff:127.0.0.1' }).scan(link);
    expect(await codeOf(honest.begin(box.identity))).toBe('LOCKED_OUT');
    expect(await codeOf(new TestPhone().join(box.identity, link))).toBe(undefined);
    box.clock.pass(300_000);
    const again = await open();
    expect(await codeOf(new TestPhone({ address: '127.0.0.1' }).join(box.identity, again.link))).toBe(undefined);
  });

  it('holds a status call until the confirmation', async () => {
    const { pairingId, link } = await open();
    const phone = new TestPhone();
    await phone.join(box.identity, link);
    const waiting = phone.status(box.identity, 30_000);
    await confirm(pairingId, phone.check);
    expect(await waiting).toMatchObject({ state: 'confirmed' });
  });

  it('answers the status of a pairing to its own device only', async () => {
    const { link } = await open();
    const phone = new TestPhone();
    await phone.join(box.identity, link);
    const thief = new TestPhone({ address: '192.168.1.66' }).scan(link);
    expect(await codeOf(thief.status(box.identity))).toBe('PAIRING_LINK_INVALID');
  });

  it('keeps no secret of a link on the disk', async () => {
    const { link } = await open();
    const phone = new TestPhone();
    await phone.join(box.identity, link);
    const { secret } = phone.link!;
    const folder = box.folder;
    const found = readdirSync(folder, { withFileTypes: true })
      .filter((f) => f.isFile())
      .filter(
        (f) =>
          readFileSync(join(folder, f.name)).includes(secret) ||
          readFileSync(join(folder, f.name)).includes(Buffer.from(secret, 'base64url')),
      );
    expect(found).toEqual([]);
    expect(JSON.stringify([box.events, box.records])).not.toContain(secret);
  });
});
