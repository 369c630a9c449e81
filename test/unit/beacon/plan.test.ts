import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BeaconPlan, hostName, instanceName, txtOf } from '../../../src/beacon/plan.ts';

const plan: BeaconPlan = {
  port: 7443,
  addresses: ['0.0.0.0'],
  boxId: 'qxd3v7m1k9wz0abcdefghijk',
  label: '三楼 Jingu',
  protocol: { min: 1, max: 3 },
};

test('TXT is exactly four values in order, and says nothing else', () => {
  expect(Object.entries(txtOf(plan))).toEqual([
    ['v', '1'],
    ['proto', '1-3'],
    ['id', 'qxd3v7m1k9wz'],
    ['name', '三楼 Jingu'],
  ]);
  expect(hostName(plan)).toBe('jingu-qxd3v7m1k9wz');
  expect(instanceName(plan)).toBe('三楼 Jingu');
});

test('any label gives values that old parsers take: short, whole characters, no controls', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (label) => {
      const name = txtOf({ ...plan, label })['name']!;
      const instance = instanceName({ ...plan, label });
      for (const [value, limit] of [
        [name, 200],
        [instance, 63],
      ] as const) {
        expect(value.length).toBeGreaterThan(0);
        expect(Buffer.byteLength(value)).toBeLessThanOrEqual(limit);
        expect(value.isWellFormed()).toBe(true);
        expect(/\p{Cc}/u.test(value)).toBe(false);
      }
    }),
  );
});
