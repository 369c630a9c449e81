import { describe, expect, it } from 'vitest';
import { nearest } from '../../../src/common/index.ts';

describe('the nearest name', () => {
  it.each([
    ['lsit', ['edit', 'list', 'show'], 'list'],
    ['prot', ['port', 'data', 'plot'], 'port'],
    ['statsu', ['status', 'start'], 'status'],
    ['PORT', ['port'], 'port'],
    ['zzz', ['port', 'data'], undefined],
    ['x', [], undefined],
  ])('to %s among %j is %s', (word, names, expected) => {
    expect(nearest(word, names)).toBe(expected);
  });
});
