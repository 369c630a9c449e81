import { Value } from 'typebox/value';
import { expect, test } from 'vitest';
import { egressOperations } from '../../../src/egress/index.ts';

test('every example is valid and the list shows what the guest has', async () => {
  for (const operation of egressOperations()) {
    for (const example of operation.examples) expect(Value.Check(operation.input, example.input)).toBe(true);
  }
  const show = egressOperations().find((operation) => operation.id === 'egress.show')!;
  const shown = await show.read!({} as never, {});
  expect(Value.Check(show.output, shown)).toBe(true);
  expect(JSON.stringify(shown)).toContain('huggingface.co');
});
