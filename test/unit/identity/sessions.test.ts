import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Revocation } from '../../../src/identity/index.ts';
import type { TestPhone } from '../../support/phone.ts';
import { pairAdmin, pairUp } from './pair-up.ts';
import { codeOf, TestBox } from './test-box.ts';

let box: TestBox;
let phone: TestPhone;
beforeEach(async () => {
  box = await TestBox.start();
  phone = await pairUp(box, { personName: 'Li Wei' });
});
afterEach(() => box.stop());

const DAY = 86_400_000;

describe('connect', () => {
  it('takes a challenge once', async () => {
    const challenge = box.identity.makeChallenge();
    const connect = phone.connectMessage(challenge);
    expect(await codeOf(() => box.identity.connect(challenge.connId, connect, phone.source))).toBe(undefined);
    expect(await codeOf(() => box.identity.connect(challenge.connId, connect, phone.source))).toBe('CHALLENGE_INVALID');
  });

  it('refuses an answer after ten seconds, however the wall clock stands', async () => {
    const challenge = box.identity.makeChallenge();
    const connect = phone.connectMessage(challenge);
    box.clock.pass(10_000);
    box.clock.jump(-60_000);
    expect(await codeOf(() => box.identity.connect(challenge.connId, connect, phone.source))).toBe('CHALLENGE_INVALID');
  });

  it('refuses an answer made for another connection', async () => {
    const [mine, other] = [box.identity.makeChallenge(), box.identity.makeChallenge()];
    const connect = phone.connectMessage(mine);
    expect(await codeOf(() => box.identity.connect(other.connId, connect, phone.source))).toBe('SIGNATURE_INVALID');
  });

  it.each<[string, (p: TestPhone) => object]>([
    ['another device', () => ({ deviceId: `device_${'0'.repeat(26)}` })],
    ['wider scopes', () => ({ requestedScopes: ['doc.read'] })],
    ['another nonce', () => ({ clientNonce: 'A'.repeat(43) })],
    ['another key', () => ({ spki: 'A'.repeat(43) })],
  ])('refuses an answer changed to name %s', async (_, change) => {
    const challenge = box.identity.makeChallenge();
    const connect = { ...phone.connectMessage(challenge), ...change(phone) };
    expect(await codeOf(() => box.identity.connect(challenge.connId, connect, phone.source))).toMatch(
      /SIGNATURE_INVALID|DEVICE_UNKNOWN/,
    );
  });

  it('binds the signature to the origin the box saw', async () => {
    const browser = await pairUp(box, { personName: 'Wang Fang' }, { browser: true });
    const challenge = box.identity.makeChallenge();
    const connect = browser.connectMessage(challenge);
    const elsewhere = { ...browser.source, origin: 'https://evil.example' };
    expect(await codeOf(() => box.identity.connect(challenge.connId, connect, elsewhere))).toBe('SIGNATURE_INVALID');
  });

  it('refuses a native client that saw another TLS key, or says it saw none', async () => {
    for (const spki of ['A'.repeat(43), null]) {
      const challenge = box.identity.makeChallenge();
      const connect = phone.connectMessage(challenge, { spki });
      expect(await codeOf(() => box.identity.connect(challenge.connId, connect, phone.source))).toBe('SPKI_MISMATCH');
    }
  });

  it('finds the common protocol or says both ranges', async () => {
    const challenge = box.identity.makeChallenge();
    const wide = phone.connectMessage(challenge, { protocol: [1, 9] });
    expect(box.identity.connect(challenge.connId, wide, phone.source).session.protocol).toBe(1);
    const next = box.identity.makeChallenge();
    const late = phone.connectMessage(next, { protocol: [7, 9] });
    expect(await codeOf(() => box.identity.connect(next.connId, late, phone.source))).toBe('PROTOCOL_UNSUPPORTED');
  });

  it('grants what was asked for when that is less, and never more', () => {
    const ask = (requestedScopes: string[]) => {
      const challenge = box.identity.makeChallenge();
      const connect = phone.connectMessage(challenge, { requestedScopes });
      return box.identity.connect(challenge.connId, connect, phone.source).caller.scopes;
    };
    expect(ask(['doc.read'])).toEqual(['doc.read']);
    expect(ask(['doc.read', 'device.admin', 'no.such'])).toEqual(['doc.read']);
    expect(ask(['device.admin'])).toEqual([]);
  });

  it('locks a source out after ten failures', async () => {
    for (let n = 0; n < 10; n++) {
      const challenge = box.identity.makeChallenge();
      const connect = { ...phone.connectMessage(challenge), clientNonce: 'A'.repeat(43) };
      expect(await codeOf(() => box.identity.connect(challenge.connId, connect, phone.source))).toBe(
        'SIGNATURE_INVALID',
      );
    }
    expect(await codeOf(() => phone.connect(box.identity))).toBe('LOCKED_OUT');
  });

  it('ends a device that nobody used for a year; using it moves the end', async () => {
    box.clock.pass(300 * DAY);
    phone.connect(box.identity);
    await box.store.write(() => undefined);
    box.clock.pass(364 * DAY);
    expect(await codeOf(() => phone.connect(box.identity))).toBe(undefined);
    await box.store.write(() => undefined);
    box.clock.pass(366 * DAY);
    expect(await codeOf(() => phone.connect(box.identity))).toBe('DEVICE_EXPIRED');
  });
});

describe('a session', () => {
  it('lasts ten minutes of real time and is renewed in place', async () => {
    const { session } = phone.connect(box.identity);
    box.clock.pass(599_000);
    box.clock.jump(7 * DAY);
    expect(box.identity.callerForSession(session).deviceId).toBe(phone.grant!.deviceId);
    const challenge = box.identity.makeChallenge(session.connId);
    const proof = box.identity.renew(session, phone.renewMessage(challenge), phone.source);
    expect(proof.expiresInMs).toBe(600_000);
    box.clock.pass(599_999);
    expect(await codeOf(() => box.identity.callerForSession(session))).toBe(undefined);
    box.clock.pass(1);
    expect(await codeOf(() => box.identity.callerForSession(session))).toBe('SESSION_EXPIRED');
    expect(await codeOf(() => box.identity.renew(session, phone.renewMessage(challenge), phone.source))).toBe(
      'SESSION_EXPIRED',
    );
  });

  it('that ended does not come back with an earlier clock, nor does its bearer', async () => {
    const { session } = phone.connect(box.identity);
    const { bearer } = box.identity.issueBearer(session);
    box.clock.pass(600_000);
    box.clock.jump(-DAY);
    expect(await codeOf(() => box.identity.callerForSession(session))).toBe('SESSION_EXPIRED');
    expect(await codeOf(() => box.identity.callerForBearer(bearer, phone.source))).toBe('SESSION_EXPIRED');
  });

  it('is not renewed by another device, nor twice by one answer', async () => {
    const { session } = phone.connect(box.identity);
    const other = await pairUp(box, { personName: 'Wang Fang' });
    const challenge = box.identity.makeChallenge(session.connId);
    expect(await codeOf(() => box.identity.renew(session, other.renewMessage(challenge), other.source))).toBe(
      'SIGNATURE_INVALID',
    );
    const next = box.identity.makeChallenge(session.connId);
    const renew = phone.renewMessage(next);
    box.identity.renew(session, renew, phone.source);
    expect(await codeOf(() => box.identity.renew(session, renew, phone.source))).toBe('CHALLENGE_INVALID');
  });

  it('ends with its socket and with the box', async () => {
    const { session } = phone.connect(box.identity);
    box.identity.endSession(session);
    expect(await codeOf(() => box.identity.callerForSession(session))).toBe('SESSION_EXPIRED');
    const { session: next } = phone.connect(box.identity);
    await box.crash();
    expect(await codeOf(() => box.identity.callerForSession(next))).toBe('SESSION_EXPIRED');
    phone.connect(box.identity);
  });

  it('gives bearers that live ten minutes and die with the device', async () => {
    const { session } = phone.connect(box.identity);
    const { bearer } = box.identity.issueBearer(session);
    box.identity.endSession(session);
    expect(box.identity.callerForBearer(bearer, phone.source)).toMatchObject({ surface: 'rest', personName: 'Li Wei' });
    box.clock.pass(600_000);
    expect(await codeOf(() => box.identity.callerForBearer(bearer, phone.source))).toBe('SESSION_EXPIRED');
    const later = box.identity.issueBearer(phone.connect(box.identity).session);
    await box.call('device.revoke', { deviceId: phone.grant!.deviceId });
    expect(await codeOf(() => box.identity.callerForBearer(later.bearer, phone.source))).toBe('DEVICE_REVOKED');
  });
});

describe('revocation', () => {
  it('tells whoever holds sockets in the turn of the commit, and ends callers built before', async () => {
    const heard: Revocation[] = [];
    box.identity.onRevoked((revocation) => heard.push(revocation));
    const { session, caller } = phone.connect(box.identity);
    const { deviceId } = phone.grant!;
    await box.call('device.revoke', { deviceId });
    expect(heard).toEqual([{ kind: 'device', id: deviceId, reason: 'revoked' }]);
    expect(await codeOf(() => box.identity.assertCurrent(caller))).toBe('DEVICE_REVOKED');
    expect(await codeOf(() => box.identity.callerForSession(session))).toBe('DEVICE_REVOKED');
    expect(await codeOf(() => box.identity.rebuild(caller))).toBe('DEVICE_REVOKED');
    expect(await codeOf(() => phone.connect(box.identity))).toBe('DEVICE_REVOKED');
    expect(await phone.status(box.identity)).toMatchObject({ state: 'closed' });
    await box.crash();
    expect(await codeOf(() => phone.connect(box.identity))).toBe('DEVICE_REVOKED');
  });

  it('ends every device, token and agent of a suspended person, and lets them back by `person.resume`', async () => {
    const { personId } = phone.grant!;
    const { caller } = phone.connect(box.identity);
    const agent = box.identity.agentCaller(caller, 'task_1');
    const { secret } = await box.call<{ secret: string }>('token.create', { name: 'script', personId });
    await box.call('person.suspend', { personId });
    for (const dead of [caller, agent]) {
      expect(await codeOf(() => box.identity.assertCurrent(dead))).toBe('PERSON_SUSPENDED');
      expect(await codeOf(() => box.identity.rebuild(dead))).toBe('PERSON_SUSPENDED');
    }
    expect(await codeOf(() => box.identity.callerForToken(secret, 'v1', phone.source))).toBe('PERSON_SUSPENDED');
    await box.call('person.resume', { personId });
    expect(await codeOf(() => box.identity.assertCurrent(caller))).toBe('SESSION_EXPIRED');
    expect(phone.connect(box.identity).caller.personId).toBe(personId);
    expect(box.identity.rebuild(agent)).toMatchObject({
      kind: 'agent',
      taskId: 'task_1',
      deviceId: phone.grant!.deviceId,
    });
  });

  it('makes everybody prove themselves again after `session.endAll`', async () => {
    const { session, caller } = phone.connect(box.identity);
    await box.call('session.endAll', {});
    expect(await codeOf(() => box.identity.callerForSession(session))).toBe('SESSION_EXPIRED');
    expect(await codeOf(() => box.identity.assertCurrent(caller))).toBe('SESSION_EXPIRED');
    phone.connect(box.identity);
  });

  it('lets a device revoke itself', async () => {
    const { caller } = phone.connect(box.identity);
    await box.call('device.leave', {}, caller);
    expect(await codeOf(() => phone.connect(box.identity))).toBe('DEVICE_REVOKED');
  });
});

describe('an API token', () => {
  it('is shown once, stored hashed, and ends after its days', async () => {
    const { secret, token } = await box.call<{ secret: string; token: { tokenId: string } }>('token.create', {
      name: 'chat page',
      days: 30,
    });
    expect(box.identity.callerForToken(secret, 'v1', phone.source)).toMatchObject({ kind: 'token', scopes: ['infer'] });
    expect(JSON.stringify(await box.call('token.list', {}))).not.toContain(secret);
    for (const file of readdirSync(box.folder).filter((name) => name.startsWith('jingu.db'))) {
      expect([file, readFileSync(join(box.folder, file)).includes(secret.slice(3))]).toEqual([file, false]);
    }
    box.clock.pass(30 * DAY);
    expect(await codeOf(() => box.identity.callerForToken(secret, 'v1', phone.source))).toBe('TOKEN_INVALID');
    expect(token.tokenId).toMatch(/^token_/);
  });

  it('stays ended when the clock is set back, in the same run and over a crash', async () => {
    const { secret } = await box.call<{ secret: string }>('token.create', { name: 'x', days: 1 });
    box.clock.pass(DAY);
    for (const days of [0, -1, -400]) {
      box.clock.jump(days * DAY);
      expect(await codeOf(() => box.identity.callerForToken(secret, 'v1', phone.source))).toBe('TOKEN_INVALID');
    }
    await box.crash();
    expect(await codeOf(() => box.identity.callerForToken(secret, 'v1', phone.source))).toBe('TOKEN_INVALID');
    // One that is made while the clock is wrong lives as long as it says.
    const late = await box.call<{ secret: string }>('token.create', { name: 'y', days: 1 });
    box.clock.pass(DAY - 1);
    expect(await codeOf(() => box.identity.callerForToken(late.secret, 'v1', phone.source))).toBe(undefined);
    box.clock.pass(1);
    expect(await codeOf(() => box.identity.callerForToken(late.secret, 'v1', phone.source))).toBe('TOKEN_INVALID');
  });

  it('ends, like a device, when the clock jumps ahead, and setting it right again revives neither', async () => {
    const { secret } = await box.call<{ secret: string }>('token.create', { name: 'x', days: 30 });
    box.clock.jump(366 * DAY);
    expect(await codeOf(() => box.identity.callerForToken(secret, 'v1', phone.source))).toBe('TOKEN_INVALID');
    expect(await codeOf(() => phone.connect(box.identity))).toBe('DEVICE_EXPIRED');
    box.clock.jump(-366 * DAY);
    expect(await codeOf(() => box.identity.callerForToken(secret, 'v1', phone.source))).toBe('TOKEN_INVALID');
    expect(await codeOf(() => phone.connect(box.identity))).toBe('DEVICE_EXPIRED');
  });

  it('never holds an admin scope or the right to answer approvals', async () => {
    for (const scope of ['device.admin', 'policy.admin', 'approval.answer']) {
      expect(await codeOf(box.call('token.create', { name: 'x', scopes: [scope] }))).toBe('ROLE_REFUSED');
    }
  });

  it('gives no more than its maker and its person hold', async () => {
    const admin = (await pairAdmin(box)).connect(box.identity).caller;
    expect(await codeOf(box.call('token.create', { name: 'x', scopes: ['audit.read'] }, admin))).toBe('ROLE_REFUSED');
    const { personId } = phone.grant!;
    expect(await codeOf(box.call('token.create', { name: 'x', scopes: ['audit.read'], personId }))).toBe(
      'ROLE_REFUSED',
    );
    const { secret } = await box.call<{ secret: string }>('token.create', {
      name: 'x',
      scopes: ['doc.read'],
      personId,
    });
    expect(box.identity.callerForToken(secret, 'rest', phone.source).scopes).toEqual(['doc.read']);
  });

  it('dies at once when revoked, and wrong ones lock their source out', async () => {
    const { secret, token } = await box.call<{ secret: string; token: { tokenId: string } }>('token.create', {
      name: 'x',
    });
    const caller = box.identity.callerForToken(secret, 'v1', phone.source);
    await box.call('token.revoke', { tokenId: token.tokenId });
    expect(await codeOf(() => box.identity.assertCurrent(caller))).toBe('TOKEN_INVALID');
    expect(await codeOf(() => box.identity.callerForToken(secret, 'v1', phone.source))).toBe('TOKEN_INVALID');
    for (let n = 0; n < 10; n++) {
      expect(await codeOf(() => box.identity.callerForToken(`jt_${n}`, 'v1', phone.source))).toBe('TOKEN_INVALID');
    }
    expect(await codeOf(() => box.identity.callerForToken(secret, 'v1', phone.source))).toBe('LOCKED_OUT');
  });
});
