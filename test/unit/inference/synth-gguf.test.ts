import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { synthGguf, TINY } from '../../../scripts/synth-gguf.ts';

it('writes the same bytes on every machine', () => {
  const content = synthGguf(TINY);
  expect(content.length).toBe(1_851_488);
  expect(createHash('sha256').update(content).digest('hex')).toBe(
    '41ae34d8647b0bb1e754137c3c12b0466b186943be1b29eb40ea95d844661bdb',
  );
});
