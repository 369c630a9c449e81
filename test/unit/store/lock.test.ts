import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockDirectory } from '../../../src/store/lock.ts';

test('a lock that the disk does not take is an error of ours, and one that is taken is let go', () => {
  const base = mkdtempSync(join(tmpdir(), 'jingu-lock-'));
  try {
    mkdirSync(join(base, 'data', 'lock'), { recursive: true });
    expect(() => lockDirectory(join(base, 'data'))).toThrow(expect.objectContaining({ code: 'STORE_FAILED' }));
    writeFileSync(join(base, 'file'), '');
    expect(() => lockDirectory(join(base, 'file'))).toThrow(expect.objectContaining({ code: 'STORE_FAILED' }));
    const unlock = lockDirectory(join(base, 'other'));
    expect(() => lockDirectory(join(base, 'other'))).toThrow(expect.objectContaining({ code: 'STORE_LOCKED' }));
    unlock();
    lockDirectory(join(base, 'other'))();
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
});
