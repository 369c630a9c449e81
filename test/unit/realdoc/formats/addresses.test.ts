import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolvePlaces } from '../../../../src/realdoc/edit/place.ts';
import { rebaseAims } from '../../../../src/realdoc/edit/rebase.ts';
import { resolveVerbs } from '../../../../src/realdoc/edit/resolve.ts';
import type { Verb } from '../../../../src/realdoc/edit/verbs.ts';
import { Formats } from '../../../../src/realdoc/formats/addresses.ts';
import { TextTree } from '../../../../src/realdoc/text/tree.ts';
import { refusalOf } from './land.ts';

/** The text after verbs that name places in the terms of the format. */
async function edit(path: string, text: string, verbs: Verb[]): Promise<string> {
  const tree = TextTree.of(Buffer.from(text));
  const base = { path, version: 1, tree };
  const places = await resolvePlaces(base, verbs, {
    format: new Formats(undefined).addresses,
    candidate: () => Promise.resolve({ line: 1 }),
  });
  const result = rebaseAims(resolveVerbs(base, verbs, places), tree, []);
  if ('stale' in result) throw new Error('stale without later versions');
  return tree.apply(result.change).toBuffer().toString('utf8');
}

const PRICES = 'Item,Price\n"Tea, green","2"\nMilk,1\n';
const PACKAGE = '{\n  "name": "a \\"b\\"",\n  "files": ["x"],\n  "n": 1\n}\n';

/** Verbs of another writer against the same base, carried over the first writer's change; nothing if they are refused. */
async function editBoth(path: string, text: string, first: Verb, second: Verb): Promise<string | undefined> {
  const tree = TextTree.of(Buffer.from(text));
  const base = { path, version: 1, tree };
  const aims = async (verb: Verb) => {
    const ports = { format: new Formats(undefined).addresses, candidate: () => Promise.resolve({ line: 1 }) };
    return resolveVerbs(base, [verb], await resolvePlaces(base, [verb], ports));
  };
  const before = rebaseAims(await aims(first), tree, []);
  if ('stale' in before) throw new Error('stale without later versions');
  const carried = rebaseAims(await aims(second), tree, before.change);
  return 'stale' in carried ? undefined : tree.apply(before.change).apply(carried.change).toBuffer().toString('utf8');
}

describe('verbs with addresses', () => {
  it('two writers on one base: both are right, or the later one is told', async () => {
    const keys = ['a', 'b', 'c', 'd'];
    const verb = fc.tuple(fc.constantFrom('set', 'cut', 'put'), fc.constantFrom(...keys), fc.nat({ max: 9 }));
    let carried = 0;
    await fc.assert(
      fc.asyncProperty(verb, verb, fc.constantFrom(0, 2), async ([one, key, n], [two, other, m], indent) => {
        const text = JSON.stringify(Object.fromEntries(keys.map((k) => [k, { v: k }])), null, indent);
        const make = (act: string, at: string, value: string): Verb => {
          if (act === 'set') return { set: `/${at}`, text: [value] };
          return act === 'cut' ? { cut: `/${at}` } : { put: `>/${at}`, text: [`"${value}": 1`] };
        };
        const verbs = [make(one, key, `1${n}`), make(two, other, `2${m}`)] as const;
        const both = await editBoth('w/a.json', text, ...verbs);
        if (both === undefined) return;
        carried++;
        const inTurn = await edit('w/a.json', await edit('w/a.json', text, [verbs[0]]), [verbs[1]]);
        expect(JSON.parse(both)).toEqual(JSON.parse(inTurn));
      }),
      { numRuns: 300 },
    );
    expect(carried).toBeGreaterThan(100);
  });

  it('several verbs of one call mean the base, in cells and keys as in lines', async () => {
    const cells: Verb[] = [
      { set: 'B2', text: ['3'] },
      { put: '>A3', text: ['Salt,9'] },
      { set: 'Item@3', text: ['Oat'] },
    ];
    expect(await edit('w/a.csv', PRICES, cells)).toBe('Item,Price\n"Tea, green","3"\nOat,1\nSalt,9\n');
    const keys: Verb[] = [{ cut: '/n' }, { put: '>/files/0', text: ['"y"'] }, { set: '/name', text: ['c'] }];
    expect(await edit('w/a.json', PACKAGE, keys)).toBe('{\n  "name": "c",\n  "files": ["x", "y"]\n}\n');
    expect(await edit('w/a.csv', PRICES, [{ cut: 'row 2' }, { set: '3', text: ['Oat,1'] }])).toBe(
      'Item,Price\nOat,1\n',
    );
  });

  it('guards and sub speak of what a cell or string says', async () => {
    expect(await edit('w/a.csv', PRICES, [{ set: 'A2', text: ['Tea'], was: 'Tea, green' }])).toContain('"Tea","2"');
    expect(await edit('w/a.json', PACKAGE, [{ sub: { range: '/name', find: '"b"', replace: '"c"' } }])).toContain(
      '"a \\"c\\""',
    );
    const wrong = await refusalOf(() => edit('w/a.csv', PRICES, [{ cut: 'A2', was: 'Coffee' }]));
    expect(wrong.code).toBe('DOC_GUARD_FAILED');
  });

  it('verbs that meet in a member are refused together', async () => {
    const both: Verb[] = [{ cut: '/files' }, { set: '/files/0', text: ['y'] }];
    expect(await refusalOf(() => edit('w/a.json', PACKAGE, both))).toMatchObject({ code: 'DOC_VERB_INVALID' });
  });

  it('a text without addresses says so', async () => {
    expect(await refusalOf(() => edit('w/a.txt', 'a\n', [{ cut: '/a' }]))).toMatchObject({
      code: 'DOC_ADDRESS_UNKNOWN',
    });
    expect(await edit('w/a.md', '# A\n\nx\n\n# B\n', [{ move: '# A', to: '>5' }])).toBe('\n# B\n# A\n\nx\n');
  });
});
