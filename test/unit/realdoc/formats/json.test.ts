import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkJson } from '../../../../src/realdoc/formats/json/check.ts';
import { landInJson } from '../../../../src/realdoc/formats/json/edit.ts';
import { landInJsonLines } from '../../../../src/realdoc/formats/json/lines.ts';
import { outlineOfJson } from '../../../../src/realdoc/formats/json/outline.ts';
import { printPointer } from '../../../../src/realdoc/formats/pointer.ts';
import { docOf, edited, refusalOf, shownAt } from './land.ts';

const CONFIG = `// the server
{
  "server": { "port": 8080, "host": "box" }, // inside
  /* how long */
  "timeout": 1.50e+2,
  "zip": "10115",
  "tags": ["a","b"],
  "empty": {}
}
`;
const json = (act: Parameters<typeof edited>[2], address: string, ...lines: string[]): string =>
  edited(landInJson, CONFIG, act, address, ...lines);

describe('JSON by pointer', () => {
  it('lets a comment swallow nothing, and none into a text without them', async () => {
    const shared = '{ // c\n  "a": 1, "b": 2,\n  "c": 3\n}\n';
    const refused = async (text: string, act: Parameters<typeof edited>[2], address: string, value: string) =>
      (await refusalOf(() => edited(landInJson, text, act, address, value))).code;
    expect(await refused(shared, 'set', '/a', '9 // x')).toBe('DOC_VERB_INVALID');
    expect(edited(landInJson, shared, 'set', '/a', '9 /* x */')).toBe(shared.replace('1,', '9 /* x */,'));
    expect(edited(landInJson, shared, 'set', '/c', '9 // x')).toBe(shared.replace('3\n', '9 // x\n'));
    expect(await refused('{"a": 1}', 'set', '/a', '9 /* x */')).toBe('DOC_VERB_INVALID');
    expect(await refused('{"a": 1}', 'after', '/a', '"b": 2 /* x */')).toBe('DOC_VERB_INVALID');
    expect(await refused('[1]', 'after', '/0', '2 /* x */')).toBe('DOC_VERB_INVALID');
    expect(edited(landInJson, '[1 /* y */]', 'after', '/0', '2 /* x */')).toContain('2 /* x */');
    const named = landInJson(docOf('[1]', 'w/a.jsonc'), { verb: 1, act: 'after', address: '/0', text: ['2 /* x */'] });
    expect(named.patches[0]!.ins).toContain('/* x */');
  });

  it('names the line of the file where a record of JSON Lines has a key twice', async () => {
    const text = '{"a": 1}\n\n{"b": 1, "b": 2}\n';
    const { code, details } = await refusalOf(() => edited(landInJsonLines, text, 'set', '/1/b', '3'));
    expect([code, details['places']]).toEqual(['DOC_AMBIGUOUS', [{ line: 3 }, { line: 3 }]]);
  });

  it('sets a value and leaves every other byte', () => {
    expect(json('set', '/server/port', '8081')).toBe(CONFIG.replace('8080', '8081'));
    expect(json('set', '/server/host', 'a "b"')).toBe(CONFIG.replace('"box"', '"a \\"b\\""'));
    expect(json('set', '/timeout', '1.0')).toBe(CONFIG.replace('1.50e+2', '1.0'));
    expect(json('set', '/tags/1', '"x"')).toBe(CONFIG.replace('"b"', '"x"'));
    expect(json('set', '/tags', '[', '  1, // one', ']')).toBe(CONFIG.replace('["a","b"]', '[\n  1, // one\n]'));
    expect(json('set', '/empty', '{', '  "a": 1', '}')).toBe(CONFIG.replace('{}', '{\n  "a": 1\n}'));
  });

  it('keeps a string a string, and says what is no value', async () => {
    expect(json('set', '/zip', '10117')).toBe(CONFIG.replace('10115', '10117'));
    expect(await refusalOf(() => json('set', '/server/port', 'many'))).toMatchObject({ code: 'DOC_VERB_INVALID' });
  });

  it('puts members beside others in their manner', () => {
    expect(json('after', '/zip', '"new": 1')).toBe(CONFIG.replace('"10115",\n', '"10115",\n  "new": 1,\n'));
    expect(json('after', '/empty', '"new": 1')).toBe(CONFIG.replace('{}\n', '{},\n  "new": 1\n'));
    expect(json('before', '/timeout', '"new": 1,')).toBe(CONFIG.replace('  /* how', '  "new": 1,\n  /* how'));
    expect(json('after', '/server', '"new": 1')).toBe(CONFIG.replace('// inside\n', '// inside\n  "new": 1,\n'));
    expect(json('before', '/tags/0', '"x"')).toBe(CONFIG.replace('["a","b"]', '["x","a","b"]'));
    expect(json('after', '/tags/-', 'c')).toBe(CONFIG.replace('["a","b"]', '["a","b","c"]'));
    expect(json('after', '/empty/-', '"n": 1')).toBe(CONFIG.replace('{}', '{"n": 1}'));
    expect(json('after', '/server/port', '"tls": true')).toBe(CONFIG.replace('8080, ', '8080, "tls": true, '));
  });

  it('cuts a member with its comma', () => {
    expect(json('cut', '/zip')).toBe(CONFIG.replace('  "zip": "10115",\n', ''));
    expect(json('cut', '/empty')).toBe(CONFIG.replace(',\n  "empty": {}\n', '\n'));
    expect(json('cut', '/server/port')).toBe(CONFIG.replace('"port": 8080, ', ''));
    expect(json('cut', '/server/host')).toBe(CONFIG.replace(', "host": "box"', ''));
    expect(json('cut', '/tags/0')).toBe(CONFIG.replace('"a",', ''));
    expect(edited(landInJson, '{"a": 1}', 'cut', '/a')).toBe('{}');
    expect(edited(landInJson, '{\r\n\t"a": 1,\r\n\t"b": 2\r\n}', 'cut', '/b')).toBe('{\r\n\t"a": 1\r\n}');
  });

  it('refuses what is not there, doubled or broken', async () => {
    expect(await refusalOf(() => json('set', '/servr/port', '1'))).toMatchObject({
      code: 'DOC_ADDRESS_UNKNOWN',
    });
    expect((await refusalOf(() => json('cut', '/server/prot'))).details['near']).toContain('/server/port');
    expect(await refusalOf(() => shownAt(landInJson, '{"a":1,"a":2}', '/a'))).toMatchObject({ code: 'DOC_AMBIGUOUS' });
    expect(await refusalOf(() => shownAt(landInJson, '{"a":{"x":1},"a":{}}', '/a/x'))).toMatchObject({
      code: 'DOC_AMBIGUOUS',
    });
    expect(await refusalOf(() => shownAt(landInJson, '{"a":1', '/a'))).toMatchObject({ code: 'DOC_SYNTAX' });
    expect(await refusalOf(() => json('after', '/zip', '"tags": 1'))).toMatchObject({ code: 'DOC_VERB_INVALID' });
    expect(await refusalOf(() => json('after', '/zip', 'tags 1'))).toMatchObject({ code: 'DOC_VERB_INVALID' });
  });

  it('does not mind depth, long keys or many members', async () => {
    const deep = '['.repeat(1_000_000) + ']'.repeat(1_000_000);
    expect(checkJson(Buffer.from(deep))).toBeUndefined();
    expect(shownAt(landInJson, deep, '/0/0/0').length).toBe(2_000_000 - 6);
    const many = `{${Array.from({ length: 300_000 }, (_, i) => `"k${i}":${i}`).join(',')}}`;
    expect(shownAt(landInJson, many, '/k299999')).toBe('299999');
    expect(await refusalOf(() => shownAt(landInJson, many, '/nope'))).toMatchObject({ code: 'DOC_ADDRESS_UNKNOWN' });
    expect(await refusalOf(() => shownAt(landInJson, '1', '/a'.repeat(300)))).toMatchObject({
      code: 'DOC_VERB_INVALID',
    });
  });

  it('agrees with JSON.parse on what is JSON', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string({ unit: fc.constantFrom(...'{}[]",:0-1e.tru\\n u00aF') })), (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        expect(checkJson(Buffer.from(text)) === undefined).toBe(isJson);
      }),
      { numRuns: 2000 },
    );
  });

  it('a value set at any pointer is found there, and nothing else changed', () => {
    const arb = fc.tuple(
      fc.jsonValue({ maxDepth: 4, noUnicodeString: false }),
      fc.constantFrom(0, 1, 2, '\t'),
      fc.nat(),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(arb, ([value, indent, pick, next]) => {
        const all: (string | number)[][] = [];
        const collect = (v: unknown, path: (string | number)[]): void => {
          if (path.length > 0) all.push(path);
          if (Array.isArray(v))
            v.forEach((item, i) => {
              collect(item, [...path, i]);
            });
          else if (v && typeof v === 'object') for (const [k, item] of Object.entries(v)) collect(item, [...path, k]);
        };
        collect(value, []);
        const steps = all[pick % Math.max(1, all.length)];
        if (!steps) return;
        const text = JSON.stringify(value, null, indent);
        const wanted = structuredClone(value) as never;
        const spelled = JSON.stringify(next, null, indent).split('\n');
        const after = edited(landInJson, text, 'set', printPointer(steps), ...spelled);
        put(
          wanted,
          steps,
          typeof at(value, steps) === 'string' &&
            (next === null || typeof next === 'number' || typeof next === 'boolean')
            ? JSON.stringify(next)
            : next,
        );
        expect(JSON.parse(after)).toEqual(JSON.parse(JSON.stringify(wanted)));
        const cut = edited(landInJson, text, 'cut', printPointer(steps));
        const less = structuredClone(value) as never;
        remove(less, steps);
        expect(JSON.parse(cut)).toEqual(JSON.parse(JSON.stringify(less)));
      }),
      { numRuns: 500 },
    );
  });
});

describe('JSON Lines', () => {
  const LOG = '{"a":1}\n\n{"a":2,"b":"x"}\n{broken\n{"a":3}';
  const at = (act: Parameters<typeof edited>[2], address: string, ...lines: string[]): string =>
    edited(landInJsonLines, LOG, act, address, ...lines);

  it('counts records from 0 and edits inside one', async () => {
    expect(at('set', '/1/b', 'y')).toBe(LOG.replace('"x"', '"y"'));
    expect(at('cut', '/1')).toBe(LOG.replace('{"a":2,"b":"x"}\n', ''));
    expect(at('after', '/0', '{"n":0}')).toBe(LOG.replace('{"a":1}\n', '{"a":1}\n{"n":0}\n'));
    expect(at('after', '/-', '{"n":0}')).toBe(`${LOG}\n{"n":0}`);
    expect(await refusalOf(() => at('set', '/2/a', '1'))).toMatchObject({
      code: 'DOC_SYNTAX',
      details: { line: 4 },
    });
    expect(await refusalOf(() => at('set', '/4/a', '1'))).toMatchObject({ code: 'DOC_ADDRESS_UNKNOWN' });
    expect(await refusalOf(() => at('after', '/0', 'no'))).toMatchObject({ code: 'DOC_VERB_INVALID' });
  });
});

it('outlines members with lines and pointers', () => {
  expect(outlineOfJson(docOf(CONFIG).source.slice(0, 1e9)).map((e) => [e.line, e.level, e.address])).toEqual([
    [3, 1, '/server'],
    [3, 2, '/server/port'],
    [3, 2, '/server/host'],
    [5, 1, '/timeout'],
    [6, 1, '/zip'],
    [7, 1, '/tags'],
    [8, 1, '/empty'],
  ]);
});

type Json = { [key: string]: Json };
const at = (value: unknown, steps: (string | number)[]): unknown =>
  steps.reduce((v, s) => (v as Record<string, unknown>)[s], value);
const put = (value: unknown, steps: (string | number)[], next: unknown): void => {
  Object.defineProperty(at(value, steps.slice(0, -1)), steps.at(-1)!, {
    value: next,
    enumerable: true,
    writable: true,
    configurable: true,
  });
};
const remove = (value: unknown, steps: (string | number)[]): void => {
  const parent = at(value, steps.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(Number(steps.at(-1)), 1);
  else delete (parent as Json)[steps.at(-1)!];
};
