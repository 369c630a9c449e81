import { afterEach, expect, test } from 'vitest';
import { fail, isJinguError } from '../../../src/common/index.ts';
import type { ApprovalRow } from '../../../src/door/index.ts';
import { type AnyOperation, closed, operation, PrepareAgain, Type } from '../../../src/protocol/index.ts';
import { makeRig, person, type Rig } from '../../support/door-rig.ts';

let rig: Rig;
afterEach(async () => await rig.close());

const table = { room: 'note', step: 1, sql: 'CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT) STRICT' };

function noteOperations(state = { version: 1, performed: 0, hold: Promise.resolve() }): AnyOperation[] {
  const about = { since: 1, risk: 'low', confirmation: 'never', scope: 'doc.write', errors: [], examples: [] } as const;
  return [
    operation({
      ...about,
      id: 'note.add',
      summary: { en: 'Add', zh: '添加' },
      input: closed({ text: Type.String({ maxLength: 100 }), pin: Type.Optional(Type.String({ secret: true })) }),
      output: closed({ id: Type.Integer(), token: Type.Optional(Type.String({ secret: true })) }),
      effect: 'write',
      idempotency: 'key',
      undo: { by: 'note.remove' },
      facts: () => ({ targets: [{ kind: 'document', id: 'doc_1', version: state.version }], diff: () => '+x' }),
      prepare: async () => await state.hold,
      apply: (ctx, { text }) => {
        if (text === 'boom') throw fail('DISK_FULL');
        const { lastId } = ctx.tx.run('INSERT INTO note (text) VALUES (?)', text);
        ctx.emit('doc:doc_1', 'version-created', { id: lastId });
        ctx.undoWith({ id: lastId });
        if (text === 'late boom') throw fail('DISK_FULL');
        return { id: lastId, token: 'very-secret' };
      },
    }),
    operation({
      ...about,
      id: 'note.remove',
      summary: { en: 'Remove', zh: '删除' },
      input: closed({ id: Type.Integer() }),
      output: closed({}),
      effect: 'write',
      idempotency: 'key',
      undo: { by: 'note.add' },
      apply: (ctx, { id }) => {
        ctx.tx.run('DELETE FROM note WHERE id = ?', id);
        return {};
      },
    }),
    operation({
      ...about,
      id: 'mail.send',
      risk: 'medium',
      summary: { en: 'Send', zh: '发送' },
      input: closed({ to: Type.String() }),
      output: closed({ sent: Type.Boolean() }),
      effect: 'send',
      idempotency: 'never-retry',
      undo: 'none',
      perform: async (_, { to }) => {
        state.performed += 1;
        if (to === 'nowhere') throw fail('UNAVAILABLE', { reason: 'no route' });
        if (to === 'crash') throw fail('UNKNOWN_OUTCOME');
        return { sent: true };
      },
    }),
  ];
}

const codeOf = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: unknown) => (isJinguError(error) ? error.code : String(error)),
  );
const count = () => rig.store.get<{ n: number }>('SELECT count(*) AS n FROM note')!.n;
const add = (text: string, key: string, more = {}) =>
  rig.door.invoke(person(), { operation: 'note.add', input: { text }, idempotencyKey: key, ...more });

test('a write commits change, audit record, event and idempotent outcome together, or nothing at all', async () => {
  rig = makeRig({ operations: noteOperations(), migrations: [table] });
  const result = await add('hello', 'k1');
  expect(result).toMatchObject({ output: { id: 1 }, undo: { operation: 'note.remove', input: { id: 1 } } });
  expect(rig.events.position('doc:doc_1').seq).toBe(1);
  expect(rig.audit.map((a) => a.type)).toEqual(['call']);
  expect(await codeOf(add('late boom', 'k2'))).toBe('DISK_FULL');
  expect(count()).toBe(1);
  expect(rig.events.position('doc:doc_1').seq).toBe(1);
  expect(rig.audit.map((a) => a.type)).toEqual(['call', 'refused']);
});

test('the same key gives one effect, another input with it is a conflict, secrets are not stored', async () => {
  const state = { version: 1, performed: 0, hold: Promise.resolve() };
  rig = makeRig({ operations: noteOperations(state), migrations: [table] });
  const first = await add('a', 'k');
  expect(first.output).toMatchObject({ token: 'very-secret' });
  const second = await add('a', 'k');
  expect(second).toMatchObject({ replayed: true, callId: first.callId, output: { id: 1, token: '<secret>' } });
  expect(await codeOf(add('b', 'k'))).toBe('IDEMPOTENCY_CONFLICT');
  const stored =
    JSON.stringify(rig.store.all('SELECT * FROM door_idempotency')) +
    JSON.stringify(rig.store.all('SELECT * FROM rig_audit'));
  expect(stored).not.toContain('very-secret');

  let release = () => {};
  state.hold = new Promise((resolve) => {
    release = resolve;
  });
  const racing = [add('c', 'k3'), add('c', 'k3')];
  release();
  const [x, y] = await Promise.all(racing);
  expect(x!.output).toEqual(y!.output);
  expect(count()).toBe(2);
});

test('unknown operations, members and missing keys are refused with the nearest name', async () => {
  rig = makeRig({ operations: noteOperations(), migrations: [table] });
  const nearOperation = await rig.door.invoke(person(), { operation: 'note.ad', input: {} }).catch((e: unknown) => e);
  expect(nearOperation).toMatchObject({ code: 'OPERATION_UNKNOWN', details: { nearest: 'note.add' } });
  const nearMember = await rig.door
    .invoke(person(), { operation: 'note.add', input: { text: 'a', pni: 1 }, idempotencyKey: 'k' })
    .catch((e: unknown) => e);
  expect(nearMember).toMatchObject({ code: 'INPUT_INVALID', details: { pointer: '/pni', nearest: 'pin' } });
  expect(await codeOf(rig.door.invoke(person(), { operation: 'note.add', input: { text: 'a' } }))).toBe(
    'IDEMPOTENCY_KEY_MISSING',
  );
  expect(
    await codeOf(
      rig.door.invoke(person({ scopes: [] }), { operation: 'note.add', input: { text: 'a' }, idempotencyKey: 'k' }),
    ),
  ).toBe('SCOPE_MISSING');
  expect(count()).toBe(0);
});

test('an outside effect has its intent on record first, and an unclear end is never repeated', async () => {
  const state = { version: 1, performed: 0, hold: Promise.resolve() };
  rig = makeRig({ operations: noteOperations(state), migrations: [table] });
  const send = (to: string, key: string) =>
    rig.door.invoke(person(), { operation: 'mail.send', input: { to }, idempotencyKey: key });
  await send('a', 'k1');
  expect(rig.audit.map((a) => a.type)).toEqual(['intent', 'outcome']);
  expect(await codeOf(send('nowhere', 'k2'))).toBe('UNAVAILABLE');
  expect(await codeOf(send('nowhere', 'k2'))).toBe('UNAVAILABLE');
  expect(state.performed).toBe(3);
  expect(await codeOf(send('crash', 'k3'))).toBe('UNKNOWN_OUTCOME');
  expect(await codeOf(send('crash', 'k3'))).toBe('UNKNOWN_OUTCOME');
  expect(state.performed).toBe(4);
});

test('a crash between intent and outcome is shown as unknown after the restart', async () => {
  rig = makeRig({ operations: noteOperations(), migrations: [table] });
  await rig.store.write((tx) =>
    tx.run(
      "INSERT INTO door_idempotency VALUES (1, 'per_1', 'mail.send', 'k', ?, 'call_x', 'running', NULL, NULL, 1)",
      '0d1e2ba7fbd4bd1ce4b6cf4e0ccdbd3aa04d9cbf62e4b1e5d3bbd77a4b1a5d6e',
    ),
  );
  await rig.door.recover();
  expect(rig.audit.at(-1)).toMatchObject({ type: 'outcome', body: { outcome: 'unknown', callId: 'call_x' } });
  expect(rig.store.get<{ state: string }>("SELECT state FROM door_idempotency WHERE key = 'k'")!.state).toBe('unknown');
});

async function resolved(row: { id: string }): Promise<ApprovalRow> {
  for (;;) {
    const now = rig.approvals.get(row.id)!;
    if (now.state !== 'pending' && now.state !== 'approved') return now;
    await new Promise<void>((resolve) => {
      const stop = rig.approvals.onResolved(() => {
        stop();
        resolve();
      });
    });
  }
}

const answer = (approval: ApprovalRow, word: string, key: string, more = {}) =>
  rig.door.invoke(person(), {
    operation: 'approval.answer',
    input: { id: approval.id, rev: approval.rev, answer: word, actionHash: approval.action_hash, ...more },
    idempotencyKey: key,
  });

test('a parked call runs once after a yes, and its key then gives the outcome', async () => {
  rig = makeRig({ operations: noteOperations(), migrations: [table] });
  rig.policy.verdict = 'ask';
  expect(await codeOf(add('a', 'k'))).toBe('APPROVAL_PENDING');
  expect(await codeOf(add('a', 'k'))).toBe('APPROVAL_PENDING');
  const [row] = rig.approvals.list({ person: 'per_1', states: ['pending'], limit: 9 });
  expect(rig.approvals.list({ person: 'per_1', states: ['pending'], limit: 9 })).toHaveLength(1);
  rig.policy.verdict = 'allow';
  await answer(row!, 'approve', 'a1');
  rig.policy.verdict = 'ask';
  expect((await resolved(row!)).state).toBe('executed');
  expect(count()).toBe(1);
  expect(await add('a', 'k')).toMatchObject({ replayed: true, output: { id: 1 } });
  rig.policy.verdict = 'allow';
  expect(await codeOf(answer(row!, 'deny', 'a2'))).toBe('APPROVAL_ALREADY_DECIDED');
});

test('a no, a changed document and a changed policy each leave nothing done', async () => {
  const state = { version: 1, performed: 0, hold: Promise.resolve() };
  rig = makeRig({ operations: noteOperations(state), migrations: [table] });
  const park = async (key: string) => {
    rig.policy.verdict = 'ask';
    await codeOf(add('a', key));
    rig.policy.verdict = 'allow';
    return rig.approvals.list({ person: 'per_1', states: ['pending'], limit: 9 })[0]!;
  };
  const no = await park('k1');
  await answer(no, 'deny', 'a1', { note: 'not today' });
  expect(await codeOf(add('a', 'k1'))).toBe('APPROVAL_DENIED');

  const moved = await park('k2');
  state.version = 2;
  await answer(moved, 'approve', 'a2');
  expect((await resolved(moved)).state).toBe('void');
  expect(await codeOf(add('a', 'k2'))).toBe('APPROVAL_VOID');

  const policy = await park('k3');
  rig.policy.hash = 'policy-2';
  await answer(policy, 'approve', 'a3');
  expect((await resolved(policy)).state).toBe('void');
  const forged = await park('k4');
  expect(await codeOf(answer({ ...forged, action_hash: '0'.repeat(64) }, 'approve', 'a4'))).toBe('APPROVAL_STALE');
  expect(count()).toBe(0);
});

test('two devices answer: one wins, the other is told', async () => {
  rig = makeRig({ operations: noteOperations(), migrations: [table] });
  rig.policy.verdict = 'ask';
  await codeOf(add('a', 'k'));
  rig.policy.verdict = 'allow';
  const row = rig.approvals.list({ person: 'per_1', states: ['pending'], limit: 9 })[0]!;
  const outcomes = await Promise.all([codeOf(answer(row, 'approve', 'a')), codeOf(answer(row, 'deny', 'b'))]);
  expect(outcomes.sort()).toEqual(['APPROVAL_ALREADY_DECIDED', 'no error']);
});

test('an agent can never answer an approval', async () => {
  rig = makeRig({ operations: noteOperations(), migrations: [table] });
  rig.policy.verdict = 'ask';
  await codeOf(add('a', 'k'));
  rig.policy.verdict = 'allow';
  const row = rig.approvals.list({ person: 'per_1', states: ['pending'], limit: 9 })[0]!;
  const agent = person({ kind: 'agent', surface: 'agent', agent: 'agent@box' });
  const request = { operation: 'approval.answer', input: { id: row.id, answer: 'approve' }, idempotencyKey: 'x' };
  expect(await codeOf(rig.door.invoke(agent, request))).toBe('OPERATION_UNKNOWN');
  expect(await codeOf(rig.door.invoke({ ...agent, surface: 'ws' }, request))).toBe('POLICY_DENIED');
});

test('a revoked device is refused although it was current when it connected', async () => {
  rig = makeRig({ operations: noteOperations(), migrations: [table] });
  rig.revoked.add('dev_1');
  await expect(add('a', 'k')).rejects.toThrow();
  expect(count()).toBe(0);
});

test('a dry run shows the plan, changes nothing and shows nothing that policy denies', async () => {
  rig = makeRig({ operations: noteOperations(), migrations: [table] });
  const dry = () => rig.door.invoke(person(), { operation: 'note.add', input: { text: 'a' }, dryRun: true });
  expect(await dry()).toMatchObject({ output: null, plan: { diff: '+x' } });
  rig.policy.verdict = 'deny';
  expect(await codeOf(dry())).toBe('POLICY_DENIED');
  expect(count()).toBe(0);
  expect(rig.approvals.list({ person: null, states: ['pending'], limit: 9 })).toEqual([]);
});

test('the exact change is worked out only for a call that a person is asked about, and is on record then', async () => {
  let asked = 0;
  const [first, ...others] = noteOperations();
  const diff = () => {
    asked += 1;
    return '+x';
  };
  const facts = () => ({ targets: [{ kind: 'document' as const, id: 'doc_1', version: 1 }], diff });
  rig = makeRig({ operations: [{ ...first!, facts }, ...others], migrations: [table] });
  await add('a', 'k1');
  expect(asked).toBe(0);
  expect(rig.audit[0]!.body).not.toHaveProperty('diffHash');
  rig.policy.verdict = 'ask';
  expect(await codeOf(add('b', 'k2'))).toBe('APPROVAL_PENDING');
  const row = rig.approvals.list({ person: 'per_1', states: ['pending'], limit: 9 })[0]!;
  expect(JSON.parse(row.card)).toMatchObject({ diff: '+x' });
  expect(asked).toBe(1);
  rig.policy.verdict = 'allow';
  await answer(row, 'approve', 'a1');
  rig.policy.verdict = 'ask';
  expect((await resolved(row)).state).toBe('executed');
  expect(asked).toBe(2);
  const bodies = rig.audit.filter(({ type }) => type === 'call').map(({ body }) => body);
  expect(bodies.some((body) => body['approvalId'] === row.id && typeof body['diffHash'] === 'string')).toBe(true);
});

test('what was laid out for a call is cleared away when it is over, and before it is prepared once more', async () => {
  let laidOut = 0;
  const most: number[] = [];
  const [first, ...others] = noteOperations();
  const prepare: AnyOperation['prepare'] = async (ctx) => {
    most.push(++laidOut);
    ctx.onEnd(async () => {
      laidOut -= 1;
    });
  };
  let again = 0;
  const apply: AnyOperation['apply'] = (ctx, input, prepared) => {
    if (again-- > 0) throw new PrepareAgain(fail('DISK_FULL'));
    return first!.apply!(ctx, input, prepared);
  };
  rig = makeRig({ operations: [{ ...first!, prepare, apply }, ...others], migrations: [table] });
  await add('a', 'k1');
  expect(await codeOf(add('boom', 'k2'))).toBe('DISK_FULL');
  await add('b', 'k4', { dryRun: true });
  again = 2;
  await add('c', 'k3');
  expect([laidOut, most]).toEqual([0, [1, 1, 1, 1, 1, 1]]);
});
