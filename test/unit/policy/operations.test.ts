import { Value } from 'typebox/value';
import { beforeAll, describe, expect, test } from 'vitest';
import { silentLogger, systemClock } from '../../../src/common/index.ts';
import { Policy, policyOperations } from '../../../src/policy/index.ts';
import type { AnyOperation, ReadContext } from '../../../src/protocol/index.ts';
import { callerOf } from '../../support/policy-requests.ts';

const policy = new Policy();
const edit = { id: 'doc.edit', effect: 'write', risk: 'low', undo: { by: 'doc.undo' }, scope: 'doc.write' } as const;
const operations = policyOperations({
  policy,
  contractOf: (id) => (id === 'doc.edit' ? edit : undefined),
  now: () => 1_000,
});
beforeAll(() => policy.start());

const ctx: ReadContext = {
  caller: callerOf('console'),
  callId: 'call_1',
  db: { get: () => undefined, all: () => [] },
  clock: systemClock,
  log: silentLogger,
  signal: new AbortController().signal,
  raise() {},
  stream() {},
  onEnd() {},
};
async function call(id: string, input: unknown): Promise<{ [key: string]: unknown }> {
  const op = operations.find((o) => o.id === id) as AnyOperation;
  expect(Value.Check(op.input, input)).toBe(true);
  const output = (await op.read!(ctx, input)) as { [key: string]: unknown };
  expect(Value.Check(op.output, output)).toBe(true);
  return output;
}

describe('policy.test', () => {
  test('answers a table against the policy in force, with guards, rules and facts', async () => {
    const { answers } = (await call('policy.test', {
      cases: [
        { as: 'agent', operation: 'doc.edit' },
        { as: 'agent', operation: 'doc.edit', label: { integrity: 0, confidentiality: 'secret', restrictedTo: [] } },
        { as: 'member', operation: 'infer.chat', zone: 'cloud' },
      ],
    })) as { answers: { verdict: string; guardIds: string[] }[] };
    expect(answers.map((a) => [a.verdict, a.guardIds])).toEqual([
      ['allow', []],
      ['ask', ['G3']],
      ['deny', ['G9']],
    ]);
  });

  test('tries candidate rules without installing them', async () => {
    const before = policy.policyHash;
    const cases = [{ as: 'agent', operation: 'doc.edit' }];
    const policies = { 'read-only': 'permit (principal, action == Action::"read", resource);' };
    const tried = (await call('policy.test', { cases, policies })) as {
      answers: { verdict: string }[];
      policyHash: string;
    };
    expect(tried.answers[0]!.verdict).toBe('deny');
    expect(tried.policyHash).not.toBe(before);
    const live = (await call('policy.test', { cases })) as { answers: { verdict: string }[]; policyHash: string };
    expect([live.answers[0]!.verdict, live.policyHash]).toEqual(['allow', before]);
    await expect(call('policy.test', { cases, policies: { typo: 'permit (' } })).rejects.toMatchObject({
      code: 'POLICY_BUNDLE_INVALID',
    });
  });
});

test('policy.show names every guard, rule and host in force', async () => {
  const shown = (await call('policy.show', {})) as {
    guards: unknown[];
    baseline: unknown[];
    organisation: { policies: { id: string }[] };
  };
  expect(shown.guards).toHaveLength(12);
  expect(shown.baseline).toHaveLength(13);
  expect(shown.organisation.policies.map((p) => p.id)).toContain('agent-approved');
});

test('every example is valid input', () => {
  for (const op of operations) for (const { input } of op.examples) expect(Value.Check(op.input, input)).toBe(true);
});
