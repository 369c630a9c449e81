import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { printPointer } from '../../../../src/realdoc/formats/pointer.ts';
import { landInYaml } from '../../../../src/realdoc/formats/yaml/edit.ts';
import { edited, refusalOf, shownAt } from './land.ts';

const SITE = `# the site
server:
  host: box   # where
  port: 8080
  # how
  name: 'Büro'
  note: "a"
base: &base
  size: 1
dev:
  <<: *base
  more: 2
copy: *base
steps:
  - one
  - k: v
    l: w
  - three # last
flow: {a: 1, b: [2, 3]}
text: |
  first
  second

empty:
`;
const yaml = (act: Parameters<typeof edited>[2], address: string, ...lines: string[]): string =>
  edited(landInYaml, SITE, act, address, ...lines);

describe('YAML by pointer', () => {
  it('sets values in their style', () => {
    expect(yaml('set', '/server/port', '8081')).toBe(SITE.replace('8080', '8081'));
    expect(yaml('set', '/server/host', 'other box')).toBe(SITE.replace('box ', 'other box '));
    expect(yaml('set', '/server/host', 'a: b')).toBe(SITE.replace('box ', '"a: b" '));
    expect(yaml('set', '/server/host', '123')).toBe(SITE.replace('box ', '"123" '));
    expect(yaml('set', '/server/host', 'x # y')).toBe(SITE.replace('box ', '"x # y" '));
    expect(yaml('set', '/server/name', "It's")).toBe(SITE.replace("'Büro'", "'It''s'"));
    expect(yaml('set', '/server/note', 'say "hi"')).toBe(SITE.replace('"a"', '"say \\"hi\\""'));
    expect(yaml('set', '/flow/b/1', '4')).toBe(SITE.replace('[2, 3]', '[2, 4]'));
    expect(yaml('set', '/flow/a', 'x, y')).toBe(SITE.replace('a: 1', 'a: "x, y"'));
    expect(yaml('set', '/text', 'new', '', 'lines')).toBe(SITE.replace('  first\n  second\n', '  new\n\n  lines\n'));
    expect(yaml('set', '/empty', 'full')).toBe(SITE.replace('empty:', 'empty: full'));
    expect(yaml('set', '/steps/0', 'eins')).toBe(SITE.replace('- one', '- eins'));
    expect(yaml('set', '/server/host', 'two', 'lines')).toBe(
      SITE.replace('box   # where', '|-\n    two\n    lines   # where').replace(
        '|-\n    two\n    lines   # where',
        '|-\n    two\n    lines   # where',
      ),
    );
  });

  it('keeps a string one for readers of YAML 1.1 too', () => {
    const set = (text: string, value: string) => edited(landInYaml, text, 'set', '/a', value);
    expect(set('a: foo\n', 'yes')).toBe('a: "yes"\n');
    expect(set('a: foo\n', '0777')).toBe('a: "0777"\n');
    expect(set('a: foo\n', '2026-01-01')).toBe('a: "2026-01-01"\n');
    // What was none to them before may go on as it was.
    expect(set('a: no\n', 'yes')).toBe('a: yes\n');
    expect(set('a: 2025-12-31\n', '2026-01-01')).toBe('a: 2026-01-01\n');
    expect(set('a: 5\n', 'yes')).toBe('a: yes\n');
  });

  it('takes an item of a flow list with its anchor or tag, and puts before both', () => {
    const text = 'list: [&a x, !!str 1, b: 2, y]\n';
    const at = (act: Parameters<typeof edited>[2], address: string, ...lines: string[]) =>
      edited(landInYaml, text, act, address, ...lines);
    expect(at('cut', '/list/0')).toBe('list: [!!str 1, b: 2, y]\n');
    expect(at('cut', '/list/1')).toBe('list: [&a x, b: 2, y]\n');
    expect(at('cut', '/list/2')).toBe('list: [&a x, !!str 1, y]\n');
    expect(at('before', '/list/0', 'n')).toBe('list: [n, &a x, !!str 1, b: 2, y]\n');
    expect(at('before', '/list/1', 'n')).toBe('list: [&a x, n, !!str 1, b: 2, y]\n');
    expect(at('set', '/list/0', 'z')).toBe('list: [&a z, !!str 1, b: 2, y]\n');
  });

  it('refuses what would leave an alias without its anchor, or give it another one', async () => {
    const refused = async (text: string, act: Parameters<typeof edited>[2], address: string, ...lines: string[]) =>
      (await refusalOf(() => edited(landInYaml, text, act, address, ...lines))).code;
    expect(await refused('list: [&a x, y]\nother: *a\n', 'cut', '/list/0')).toBe('DOC_VERB_INVALID');
    expect(await refused('a: &x 1\nb: *x\n', 'cut', '/a')).toBe('DOC_VERB_INVALID');
    expect(await refused('a:\n  b: &x 1\nc: *x\n', 'set', '/a', 'd: 2')).toBe('DOC_VERB_INVALID');
    expect(await refused('a: &x 1\nb: *x\n', 'after', '/a', 'c: &x 2')).toBe('DOC_VERB_INVALID');
    // Both go, or nobody means it, or it is the value alone that changes.
    expect(await refused('m:\n  a: &x 1\n  b: *x\nn: 1\n', 'cut', '/m')).toBe('accepted');
    expect(await refused('a: &x 1\nb: 2\n', 'cut', '/a')).toBe('accepted');
    expect(edited(landInYaml, 'a: &x 1\nb: *x\n', 'set', '/a', '2')).toBe('a: &x 2\nb: *x\n');
  });

  it('sets whole maps and lists at their indentation', () => {
    expect(yaml('set', '/steps', '- a', '- b')).toBe(SITE.replace(/- one[\s\S]*- three # last\n/, '- a\n  - b\n'));
    expect(edited(landInYaml, 'a:\n- 1\n- 2\nb: 3\n', 'set', '/a', 'none')).toBe('a:\n  none\nb: 3\n');
    expect(edited(landInYaml, 'a:\n- 1\nb: 3\n', 'set', '/a', '- 4', '- 5')).toBe('a:\n- 4\n- 5\nb: 3\n');
    expect(yaml('set', '/base', 'size: 2', 'wide:', '  x: 1')).toBe(
      SITE.replace('  size: 1\n', '  size: 2\n  wide:\n    x: 1\n'),
    );
  });

  it('puts entries and items beside others', () => {
    expect(yaml('after', '/server/port', 'tls: true')).toBe(SITE.replace('8080\n', '8080\n  tls: true\n'));
    expect(yaml('before', '/server/name', 'tls: true')).toBe(SITE.replace('  # how', '  tls: true\n  # how'));
    expect(yaml('after', '/steps/2', 'four')).toBe(SITE.replace('# last\n', '# last\n  - four\n'));
    expect(yaml('before', '/steps/0', '- zero')).toBe(SITE.replace('  - one', '  - zero\n  - one'));
    expect(yaml('before', '/steps/1/k', 'j: u')).toBe(SITE.replace('- k: v', '- j: u\n    k: v'));
    expect(yaml('after', '/flow/a', 'n: 0')).toBe(SITE.replace('a: 1', 'a: 1, n: 0'));
    expect(yaml('after', '/steps/-', 'end')).toBe(SITE.replace('# last\n', '# last\n  - end\n'));
    expect(edited(landInYaml, 'a: 1', 'after', '/a', 'b: 2')).toBe('a: 1\nb: 2');
  });

  it('takes entries and items out', () => {
    expect(yaml('cut', '/server/port')).toBe(SITE.replace('  port: 8080\n', ''));
    expect(yaml('cut', '/steps/2')).toBe(SITE.replace('  - three # last\n', ''));
    expect(yaml('cut', '/steps/1/k')).toBe(SITE.replace('- k: v\n    l', '- l'));
    expect(yaml('cut', '/flow/a')).toBe(SITE.replace('a: 1, ', ''));
    expect(yaml('cut', '/flow/b/1')).toBe(SITE.replace(', 3', ''));
    expect(yaml('cut', '/copy')).toBe(SITE.replace('copy: *base\n', ''));
    expect(parse(edited(landInYaml, 'a:\n  b: 1\nc: 2\n', 'cut', '/a/b'))).toEqual({ a: {}, c: 2 });
  });

  it('refuses aliases, doubled keys, other structure', async () => {
    expect(await refusalOf(() => yaml('set', '/copy/size', '2'))).toMatchObject({
      code: 'DOC_ALIAS',
      details: { anchor: 'base', anchorAddress: '/base/size' },
    });
    expect(await refusalOf(() => yaml('set', '/dev/size', '2'))).toMatchObject({ code: 'DOC_ALIAS' });
    expect(await refusalOf(() => yaml('set', '/copy', '2'))).toMatchObject({ code: 'DOC_ALIAS' });
    expect(await refusalOf(() => shownAt(landInYaml, 'a: 1\na: 2\n', '/a'))).toMatchObject({ code: 'DOC_AMBIGUOUS' });
    expect((await refusalOf(() => yaml('set', '/server/prt', '2'))).details['near']).toContain('/server/port');
    expect(await refusalOf(() => shownAt(landInYaml, 'a: [1\nb: 2\n', '/a'))).toMatchObject({ code: 'DOC_SYNTAX' });
    expect(await refusalOf(() => yaml('after', '/server/port', 'no entry'))).toMatchObject({
      code: 'DOC_VERB_INVALID',
    });
  });

  it('tells documents apart', async () => {
    const two = 'kind: A\nn: 1\n---\nkind: B\n';
    expect(edited(landInYaml, two, 'set', 'doc2/kind', 'C')).toBe('kind: A\nn: 1\n---\nkind: C\n');
    expect(edited(landInYaml, two, 'set', '/n', '2')).toBe('kind: A\nn: 2\n---\nkind: B\n');
    expect(await refusalOf(() => edited(landInYaml, two, 'set', '/kind', 'C'))).toMatchObject({
      code: 'DOC_AMBIGUOUS',
    });
  });

  it('ends typed and soon on hostile texts', async () => {
    const laughs = `a: &a [x]\n${Array.from({ length: 30 }, (_, i) => `k${i}: &k${i} [*${i ? `k${i - 1}` : 'a'}, *${i ? `k${i - 1}` : 'a'}]`).join('\n')}\nend: 1\n`;
    expect(edited(landInYaml, laughs, 'set', '/end', '2')).toBe(laughs.replace('end: 1', 'end: 2'));
    for (const text of ['['.repeat(50_000), '- '.repeat(20_000), `${'{a: '.repeat(20_000)}1${'}'.repeat(20_000)}`]) {
      const { code } = await refusalOf(() => shownAt(landInYaml, text, '/zz'));
      expect(['DOC_SYNTAX', 'DOC_PARSE_REFUSED', 'DOC_ADDRESS_UNKNOWN']).toContain(code);
    }
  });

  it('a value set at any pointer is read back, and all else is as it was', () => {
    const word = fc.oneof(
      fc.constantFrom(
        'true',
        '1',
        'a: b',
        '- x',
        '# no',
        'ä ö',
        '"q"',
        "it's",
        '',
        ' x',
        'null',
        '&a',
        '*b',
        '[1',
        '{}',
        'x #y',
        'tab\tx',
        '|',
        '>',
        '%',
        '@',
        '`',
      ),
      fc.string({ maxLength: 8 }).filter((s) => !/[\r\n\u0085\u2028\u2029\ufeff]/.test(s)),
    );
    const key = fc.constantFrom('a', 'b', 'käse', 'long key', 'x/y', '7', 'à');
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom<unknown>('plain', 5, true),
        fc.dictionary(key, tie('value'), { minKeys: 1, maxKeys: 3 }),
        fc.array(tie('value'), { minLength: 1, maxLength: 3 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(key, value, { minKeys: 1, maxKeys: 4 }), fc.nat(), word, (root, pick, next) => {
        const text = emit(root, 0);
        expect(parse(text)).toEqual(root);
        const all: (string | number)[][] = [];
        const collect = (v: unknown, path: (string | number)[]): void => {
          if (Array.isArray(v))
            v.forEach((x, i) => {
              collect(x, [...path, i]);
            });
          else if (v && typeof v === 'object') for (const [k, x] of Object.entries(v)) collect(x, [...path, k]);
          else all.push(path);
        };
        collect(root, []);
        const steps = all[pick % all.length]!;
        const after = edited(landInYaml, text, 'set', printPointer(steps), next);
        const old = steps.reduce((v, s) => (v as never)[s], root as unknown);
        const got = steps.reduce((v, s) => (v as never)[s], parse(after) as unknown);
        if (typeof old === 'string' && !/^\s*["'[{]/.test(next)) expect(got).toBe(next);
        const blank = (v: unknown): unknown => {
          const copy = structuredClone(v);
          const parent = steps.slice(0, -1).reduce((x, s) => (x as never)[s], copy as unknown);
          (parent as Record<string, unknown>)[steps.at(-1)!] = 0;
          return copy;
        };
        expect(blank(parse(after))).toEqual(blank(root));
      }),
      { numRuns: 300 },
    );
  });
});

function emit(value: unknown, depth: number): string {
  const pad = '  '.repeat(depth);
  if (Array.isArray(value))
    return value
      .map((v) => (v && typeof v === 'object' ? `${pad}-\n${emit(v, depth + 1)}` : `${pad}- ${v}\n`))
      .join('');
  return Object.entries(value as object)
    .map(([k, v]) => {
      const key = /^\d|\//.test(k) ? JSON.stringify(k) : k;
      return v && typeof v === 'object' ? `${pad}${key}: # c\n${emit(v, depth + 1)}` : `${pad}${key}: ${v}\n`;
    })
    .join('');
}
