import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commonScopes, scopesOfToken, scopesOn } from '../../../src/identity/callers.ts';
import { FailureLimiter } from '../../../src/identity/index.ts';
import type { Person } from '../../../src/identity/records.ts';
import { BROWSER_CEILING, ROLES, type Role, SCOPES, type Scope, scopesOf } from '../../../src/protocol/index.ts';
import { pairAdmin, pairUp } from './pair-up.ts';
import { codeOf, TestBox } from './test-box.ts';
import { VirtualClock } from './virtual-clock.ts';

const scopeSet = fc.subarray([...SCOPES]);
const roleSet = fc.subarray(Object.keys(ROLES) as Role[]);
const isWithin = (inner: readonly Scope[], outer: readonly Scope[]) => inner.every((scope) => outer.includes(scope));

function personWith(roles: Role[]): Person {
  return { personId: 'person_1', name: 'x', kind: 'local', state: 'active', roles, epoch: 1, createdAt: 0 };
}

describe('effective rights', () => {
  it('are never widened by adding a principal', () => {
    fc.assert(
      fc.property(fc.array(scopeSet, { minLength: 1, maxLength: 6 }), scopeSet, (principals, one) => {
        const before = commonScopes(...principals);
        expect(isWithin(commonScopes(...principals, one), before)).toBe(true);
        expect(isWithin(commonScopes(...principals, one), one)).toBe(true);
        expect(commonScopes(...principals, one)).toEqual(commonScopes(one, ...principals));
      }),
    );
  });

  it('are empty for nobody', () => {
    expect(commonScopes()).toEqual([]);
  });

  it('of a device are within those of its person, and a ceiling only cuts', () => {
    const kind = fc.constantFrom<'native' | 'browser'>('native', 'browser');
    fc.assert(
      fc.property(roleSet, kind, (roles, deviceClass) => {
        const person = personWith(roles);
        const low = scopesOn(person, { ceiling: 'member', class: deviceClass });
        const full = scopesOn(person, { ceiling: 'full', class: deviceClass });
        expect(isWithin(low, full)).toBe(true);
        expect(isWithin(full, scopesOf(roles))).toBe(true);
        expect(low.some((scope) => BROWSER_CEILING.has(scope))).toBe(false);
      }),
    );
  });

  it('of a token never hold an admin scope, whatever the row says', () => {
    fc.assert(
      fc.property(roleSet, scopeSet, (roles, scopes) => {
        const got = scopesOfToken(personWith(roles), { scopes });
        expect(got.filter((scope) => scope.endsWith('.admin') || scope === 'approval.answer')).toEqual([]);
        expect(isWithin(got, scopes)).toBe(true);
      }),
    );
  });
});

describe('people and roles', () => {
  let box: TestBox;
  beforeEach(async () => {
    box = await TestBox.start();
  });
  afterEach(() => box.stop());

  it('let nobody change their own roles or lift their own device', async () => {
    const phone = await pairAdmin(box);
    const { caller } = phone.connect(box.identity);
    const { personId, deviceId } = phone.grant!;
    const roles = ['member', 'system-admin', 'auditor'];
    expect(await codeOf(box.call('person.setRoles', { personId, roles }, caller))).toBe('ROLE_REFUSED');
    const second = await pairUp(box, { personId });
    const lift = { deviceId: second.grant!.deviceId, ceiling: 'full' };
    expect(await codeOf(box.call('device.setCeiling', lift, caller))).toBe('ROLE_REFUSED');
    expect(await codeOf(box.call('device.setCeiling', { deviceId, ceiling: 'full' }, caller))).toBe('ROLE_REFUSED');
  });

  it('let nobody give what they lack, and only the console merge two administrator roles', async () => {
    const { caller } = (await pairAdmin(box)).connect(box.identity);
    const { personId } = (await pairUp(box, { personName: 'Li Wei' })).grant!;
    for (const role of ['security-admin', 'auditor']) {
      const roles = ['member', role];
      expect(await codeOf(box.call('person.setRoles', { personId, roles }, caller))).toBe('ROLE_REFUSED');
      expect(await codeOf(box.call('person.create', { name: `New ${role}`, roles }, caller))).toBe('ROLE_REFUSED');
    }
    expect(await codeOf(box.call('person.setRoles', { personId, roles: ['member', 'system-admin'] }, caller))).toBe(
      undefined,
    );
    const both = ['member', 'system-admin', 'auditor'];
    expect(await codeOf(box.call('person.setRoles', { personId, roles: both }, caller))).toBe('ROLE_REFUSED');
    expect(await codeOf(box.call('person.setRoles', { personId, roles: both }))).toBe(undefined);
    expect(await codeOf(box.call('person.setRoles', { personId, roles: ['api-client'] }))).toBe('ROLE_REFUSED');
  });

  it('let an administrator of two kinds give each of them, but not both to one person', async () => {
    const phone = await pairAdmin(box);
    const { personId } = phone.grant!;
    const both = ['member', 'system-admin', 'auditor'];
    await box.call('person.setRoles', { personId, roles: both });
    const { caller } = phone.connect(box.identity);
    expect(await codeOf(box.call('person.create', { name: 'Wang Fang', roles: both }, caller))).toBe('ROLE_REFUSED');
    expect(await codeOf(box.call('person.create', { name: 'Zhao Min', roles: ['auditor'] }, caller))).toBe(undefined);
  });

  it('leave the console as it is', async () => {
    for (const [id, more] of [
      ['person.suspend', {}],
      ['person.setRoles', { roles: ['member'] }],
    ] as const) {
      expect(await codeOf(box.call(id, { personId: 'person_console', ...more }))).toBe('PERSON_FIXED');
    }
  });

  it('have one person of a name', async () => {
    await box.call('person.create', { name: 'Li Wei' });
    expect(await codeOf(box.call('person.create', { name: 'Li Wei' }))).toBe('PERSON_EXISTS');
    expect(await codeOf(pairUp(box, { personName: 'Li Wei' }))).toBe('PERSON_EXISTS');
  });

  it('end running sessions when roles change', async () => {
    const phone = await pairUp(box, { personName: 'Li Wei' });
    const { session, caller } = phone.connect(box.identity);
    await box.call('person.setRoles', { personId: phone.grant!.personId, roles: ['member', 'auditor'] });
    expect(await codeOf(() => box.identity.assertCurrent(caller))).toBe('SESSION_EXPIRED');
    expect(await codeOf(() => box.identity.callerForSession(session))).toBe('SESSION_EXPIRED');
    expect(phone.connect(box.identity).caller.roles).toEqual(['member']);
  });

  it('give the agent what the person may, less every right that needs a person', async () => {
    const console_ = box.identity.consoleCaller();
    const agent = box.identity.agentCaller(console_, 'task_1');
    expect(agent).toMatchObject({ kind: 'agent', agent: 'agent@box', taskId: 'task_1', personId: 'person_console' });
    expect(agent.scopes.filter((scope) => scope.includes('admin') || scope.startsWith('a'))).toEqual([]);
    expect(agent.label.integrity).toBe(1);
    const phone = await pairUp(box, { personName: 'Li Wei' });
    const member = phone.connect(box.identity).caller;
    expect(isWithin(box.identity.agentCaller(member, 'task_1').scopes, member.scopes)).toBe(true);
    expect(box.identity.rebuild({ ...agent, scopes: ['doc.read'] }).scopes).toEqual(['doc.read']);
    expect(box.identity.rebuild({ ...agent, scopes: [...SCOPES] }).scopes).toEqual(agent.scopes);
  });

  it('let the box act for nobody only with what is named', async () => {
    const caller = box.identity.internalCaller(['doc.write']);
    expect(caller).toMatchObject({ kind: 'internal', personId: null, scopes: ['doc.write'] });
    box.identity.assertCurrent(caller);
    await box.call('session.endAll', {});
    expect(await codeOf(() => box.identity.assertCurrent(caller))).toBe('SESSION_EXPIRED');
  });

  it('refuse a database that belongs to another box', async () => {
    await box.store.write((tx) => tx.run(`UPDATE identity_box SET box_id = 'box_other'`));
    expect(await codeOf(box.crash())).toBe('BOX_MISMATCH');
  });
});

describe('the failure limiter', () => {
  it('counts per source and kind, and forgets failures after a minute', () => {
    const clock = new VirtualClock();
    const limiter = new FailureLimiter(clock);
    for (let n = 0; n < 9; n++) expect(limiter.failed('10.0.0.1', 'pair')).toBe(false);
    clock.pass(60_000);
    expect(limiter.failed('10.0.0.1', 'pair')).toBe(false);
    for (let n = 0; n < 8; n++) expect(limiter.failed('10.0.0.1', 'pair')).toBe(false);
    expect(limiter.failed('10.0.0.1', 'pair')).toBe(true);
    expect(() => limiter.assertOpen('10.0.0.1', 'pair')).toThrow(/Too many failed/);
    limiter.assertOpen('10.0.0.1', 'connect');
    limiter.assertOpen('10.0.0.2', 'pair');
  });

  it('takes an IPv6 network for one source and mapped addresses for the IPv4 one', () => {
    const limiter = new FailureLimiter(new VirtualClock());
    for (let n = 0; n < 10; n++) limiter.failed(`fd00:1:2:3::${n}`, 'pair');
    expect(() => limiter.assertOpen('fd00:1:2:3:ffff:ffff:ffff:ffff', 'pair')).toThrow();
    limiter.assertOpen('fd00:1:2:4::1', 'pair');
    for (let n = 0; n < 10; n++) limiter.failed('::ffff:10.0.0.9', 'pair');
    expect(() => limiter.assertOpen('10.0.0.9', 'pair')).toThrow();
    for (let n = 0; n < 10; n++) limiter.failed('::1', 'pair');
    expect(() => limiter.assertOpen('0:0:0:0:0:0:0:1', 'pair')).toThrow();
  });

  it('remembers ten thousand sources and forgets the oldest', () => {
    const limiter = new FailureLimiter(new VirtualClock());
    for (let n = 0; n < 9; n++) limiter.failed('10.200.0.1', 'pair');
    for (let n = 0; n < 9_999; n++) limiter.failed(`10.0.${n >> 8}.${n & 255}`, 'pair');
    expect(limiter.failed('10.200.0.1', 'pair')).toBe(true);
    for (let n = 0; n < 10_000; n++) limiter.failed(`10.1.${n >> 8}.${n & 255}`, 'pair');
    limiter.assertOpen('10.200.0.1', 'pair');
  });
});
