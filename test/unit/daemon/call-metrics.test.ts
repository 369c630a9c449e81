import { afterEach, expect, test } from 'vitest';
import { callMetrics } from '../../../src/daemon/metrics.ts';
import type { EndedCall } from '../../../src/door/index.ts';
import { closed, operation, Type } from '../../../src/protocol/index.ts';
import { MetricRegistry } from '../../../src/telemetry/index.ts';
import { makeRig, person, type Rig } from '../../support/door-rig.ts';

let rig: Rig;
afterEach(async () => await rig.close());

const look = operation({
  id: 'note.look',
  since: 1,
  summary: { en: 'Look', zh: '查看' },
  input: closed({ text: Type.String() }),
  output: closed({}),
  effect: 'read',
  risk: 'low',
  confirmation: 'never',
  idempotency: 'natural',
  undo: 'none',
  scope: 'doc.read',
  errors: [],
  examples: [],
  read: (_ctx, { text }) => {
    if (text === 'boom') throw new Error('a bug');
    return {};
  },
});
const call = (id: string, text: string) => rig.door.invoke(person(), { operation: id, input: { text } });

test('every call that ended is told once, with the rule that denied it and no word of the caller', async () => {
  const metrics = new MetricRegistry();
  const count = callMetrics(metrics);
  const ended: EndedCall[] = [];
  rig = makeRig({
    operations: [look],
    observe: (each) => {
      ended.push(each);
      count(each);
    },
  });
  await call('note.look', 'my words');
  await expect(call('note.look', 'boom')).rejects.toMatchObject({ code: 'INTERNAL' });
  await expect(call('my.words', 'x')).rejects.toMatchObject({ code: 'OPERATION_UNKNOWN' });
  rig.policy.verdict = 'deny';
  await expect(call('note.look', 'my words')).rejects.toMatchObject({ code: 'POLICY_DENIED' });
  expect(ended.map(({ operation, outcome, deniedBy }) => [operation, outcome, deniedBy])).toEqual([
    ['note.look', 'ok', undefined],
    ['note.look', 'internal', undefined],
    ['unknown', 'unknown-method', undefined],
    ['note.look', 'denied', 'rule-a'],
  ]);
  const text = metrics.render();
  expect(text).toContain('jingu_operations_total{operation="note.look",outcome="denied"} 1\n');
  expect(text).toContain('jingu_operation_duration_seconds_count{operation="note.look"} 3\n');
  expect(text).toContain('jingu_policy_denials_total{rule="rule-a"} 1\n');
  expect(text).not.toMatch(/my.words/);
});

test('a counter that fails changes no answer', async () => {
  rig = makeRig({
    operations: [look],
    observe: () => {
      throw new Error('full');
    },
  });
  await expect(call('note.look', 'x')).resolves.toMatchObject({ output: {} });
});
