import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, newId } from '../../../src/common/index.ts';

/** The definition, as RFC 8785 says it and no faster. */
function simple(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(simple).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${simple(member)}`).join(',')}}`;
}

describe('canonical JSON', () => {
  it('is what the definition says, whatever the order of members', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        fc.pre(JSON.stringify(value).isWellFormed() && !/\\ud[89a-f]/i.test(JSON.stringify(value)));
        expect(canonicalJson(value)).toBe(simple(value));
      }),
    );
    expect(canonicalJson({ b: 1, a: [undefined, '', {}], 10: null, 9: true, c: undefined })).toBe(
      '{"10":null,"9":true,"a":[null,"",{}],"b":1}',
    );
    const long = 'a "long" name '.repeat(10);
    for (const value of [{ [long]: -0 }, { [long]: 1e21 }]) expect(canonicalJson(value)).toBe(simple(value));
  });

  it('refuses what JSON cannot carry', () => {
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 1, '\ud800', { ['\udc00']: 1 }]) {
      expect(() => canonicalJson({ wrong: [wrong] })).toThrow(TypeError);
    }
  });
});

describe('ids', () => {
  it('are never the same twice, sort by birth and keep their shape', () => {
    const ids = Array.from({ length: 5000 }, (_, i) => newId('x', 1_700_000_000_000 + i));
    expect(new Set(ids.map((id) => id.slice(-16))).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
    for (const id of ids) expect(id).toMatch(/^x_[0-9a-hjkmnp-tv-z]{26}$/);
  });
});
