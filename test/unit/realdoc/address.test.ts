import { describe, expect, it } from 'vitest';
import { isJinguError } from '../../../src/common/index.ts';
import { readTarget } from '../../../src/realdoc/edit/address.ts';
import { parseScript, printScript } from '../../../src/realdoc/edit/line-form.ts';
import { type FormatResolver, noAddresses, type PlacePorts, resolvePlaces } from '../../../src/realdoc/edit/place.ts';
import { rebaseAims } from '../../../src/realdoc/edit/rebase.ts';
import { resolveVerbs } from '../../../src/realdoc/edit/resolve.ts';
import type { Verb } from '../../../src/realdoc/edit/verbs.ts';
import { TextTree } from '../../../src/realdoc/text/tree.ts';

const NONE: PlacePorts = {
  format: noAddresses,
  candidate: () => {
    throw new Error('no candidates here');
  },
};

async function edit(text: string | Uint8Array, verbs: Verb[], ports: Partial<PlacePorts> = {}): Promise<string> {
  const tree = TextTree.of(Buffer.from(text));
  const base = { path: 'w/a.md', version: 1, tree };
  const aims = resolveVerbs(base, verbs, await resolvePlaces(base, verbs, { ...NONE, ...ports }));
  const result = rebaseAims(aims, tree, []);
  if ('stale' in result) throw new Error('stale without later versions');
  return tree.apply(result.change).toBuffer().toString('latin1');
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => 'accepted',
    (error: unknown) => (isJinguError(error) ? error.code : String(error)),
  );
}

describe('what a range may name', () => {
  it('lines, characters, candidates and the addresses of formats are told apart by their look', () => {
    const cases: [string, unknown][] = [
      ['12', { lines: { from: 12, to: 12 } }],
      ['12-13', { lines: { from: 12, to: 13 } }],
      ['12:5-9', { chars: { line: 12, from: 5, to: 9 } }],
      ['12:5', { chars: { line: 12, from: 5, to: 5 } }],
      ['#3', { candidate: 3 }],
      ['# Notice period', { kind: 'heading', address: '# Notice period', level: 1, title: 'Notice period' }],
      ['### 3. Fees', { kind: 'heading', address: '### 3. Fees', level: 3, title: '3. Fees' }],
      ['@Box.start', { kind: 'symbol', address: '@Box.start', name: 'Box.start' }],
      ['/a~1b/0/c~0d', { kind: 'pointer', address: '/a~1b/0/c~0d', tokens: ['a/b', '0', 'c~d'] }],
      ['B7', { kind: 'cells', address: 'B7', from: { column: 2, row: 7 }, to: { column: 2, row: 7 } }],
      [
        'aa10:AB12',
        { kind: 'cells', address: 'aa10:AB12', from: { column: 27, row: 10 }, to: { column: 28, row: 12 } },
      ],
    ];
    for (const [text, target] of cases) expect(readTarget(text)).toEqual(target);
    expect(readTarget('Sheet1!B7')).toMatchObject({ sheet: 'Sheet1', from: { column: 2, row: 7 } });
    expect(readTarget("'Year ''26'!A1:B2")).toMatchObject({ sheet: "Year '26", to: { column: 2, row: 2 } });
    for (const text of ['x', '0', '1-', '5:', '#', '@', 'B0', 'ABCD1', '12:5-9-1', '>3'])
      expect(readTarget(text)).toBeUndefined();
  });

  it('characters of a line are counted as people see them, whatever their bytes', async () => {
    expect(await edit('a\nGr\u00fc\u00dfe \u{1f600} an\n', [{ set: '2:7', text: ['!'] }])).toBe(
      Buffer.from('a\nGr\u00fc\u00dfe ! an\n').toString('latin1'),
    );
    expect(await edit('a\r\nabcdef\r\n', [{ cut: '2:2-4' }])).toBe('a\r\naef\r\n');
    expect(await edit('one two one\n', [{ sub: { range: '1:9-11', find: 'one', replace: '1' } }])).toBe('one two 1\n');
    // Every byte that is no UTF-8 is shown as one mark, so it counts as one character.
    const bytes = Buffer.from([0x61, 0xff, 0xe4, 0xb8, 0x62, 0x0a]);
    expect([...bytes.toString('utf8')].slice(0, 4).join('')).toBe('a\ufffd\ufffdb');
    expect(await edit(bytes, [{ set: '1:4', text: ['c'] }])).toBe(
      Buffer.from([0x61, 0xff, 0xe4, 0xb8, 0x63, 0x0a]).toString('latin1'),
    );
    expect(await codeOf(edit('abc\n', [{ set: '1:3-4', text: ['x'] }]))).toBe('DOC_ADDRESS_UNKNOWN');
    expect(await codeOf(edit('abc\n', [{ set: '1:3-2', text: ['x'] }]))).toBe('DOC_ADDRESS_UNKNOWN');
    expect(await codeOf(edit('abc\n', [{ set: '2:1', text: ['x'] }]))).toBe('DOC_LINE_UNKNOWN');
    expect(await codeOf(edit('abc\n', [{ move: '1:1', to: '>0' }]))).toBe('DOC_VERB_INVALID');
  });

  it('a guard on characters looks at those characters and not at their neighbours', async () => {
    expect(await edit('30 days, 60 days\n', [{ set: '1:10-11', text: ['90'], was: '60' }])).toBe('30 days, 90 days\n');
    expect(await codeOf(edit('30 days, 60 days\n', [{ set: '1:10-11', text: ['90'], was: '30' }]))).toBe(
      'DOC_GUARD_FAILED',
    );
  });

  it('a candidate is its line with its line end, or the very match that was shown', async () => {
    const candidate = (_base: unknown, ref: number) =>
      Promise.resolve(ref === 1 ? { line: 2 } : { line: 1, chars: { from: 3, to: 3 } });
    expect(await edit('x x\r\ny\r\n', [{ set: '#1', text: ['z'] }], { candidate })).toBe('x x\r\nz\r\n');
    expect(await edit('x x\ny\n', [{ put: '>#1', text: ['z'] }], { candidate })).toBe('x x\ny\nz\n');
    expect(await edit('x x\ny\n', [{ move: '#1', to: '<#2' }], { candidate })).toBe('y\nx x\n');
    expect(await edit('x x\ny\n', [{ sub: { range: '#2', find: 'x', replace: 'z' } }], { candidate })).toBe('x z\ny\n');
  });

  it('a format resolves its own addresses, and spells what is written there', async () => {
    const format: FormatResolver = async (base, target) => {
      if (target.address !== 'B1') return noAddresses(base, target);
      return {
        lines: { from: 1, to: 1 },
        region: { from: 2, to: 9 },
        cut: { from: 1, to: 9 },
        text: 'say "x"',
        print: (text) => Buffer.from(`"${text.join('\n').replaceAll('"', '""')}"`),
      };
    };
    const csv = 'a,"s ""x""",c\n';
    const at = { region: csv.indexOf('"'), end: csv.lastIndexOf('"') + 1 };
    const quoted: FormatResolver = async (base, target, meant) => {
      const place = await format(base, target, meant);
      return {
        ...place,
        region: { from: at.region, to: at.end },
        cut: { from: at.region - 1, to: at.end },
        text: 's "x"',
      };
    };
    expect(await edit(csv, [{ set: 'B1', text: ['q "y"'], was: 's "x"' }], { format: quoted })).toBe('a,"q ""y""",c\n');
    expect(await edit(csv, [{ sub: { range: 'B1', find: '"x"', replace: '"z"' } }], { format: quoted })).toBe(
      'a,"s ""z""",c\n',
    );
    expect(await edit(csv, [{ cut: 'B1' }], { format: quoted })).toBe('a,c\n');
    expect(await codeOf(edit(csv, [{ set: 'C1', text: ['q'] }], { format: quoted }))).toBe('DOC_ADDRESS_UNKNOWN');
    expect(await codeOf(edit(csv, [{ set: 'B1', text: ['q'] }]))).toBe('DOC_ADDRESS_UNKNOWN');
    expect(await codeOf(edit(csv, [{ set: 'what', text: ['q'] }]))).toBe('DOC_VERB_INVALID');
  });

  it('the line form takes addresses wherever it takes lines', () => {
    const text = [
      'set Sheet1!B7',
      '+12.50',
      'cut # Notice period',
      'put >@Box.start',
      '+new',
      'move # Fees and costs <12',
      'sub /server/port "1" -> "2" all',
      'sub # The "old" part "a" -> "b"',
      'sub 12:5-9 "a" -> "b" #2',
      '',
    ].join('\n');
    const script = parseScript(text);
    expect(script.verbs).toEqual([
      { set: 'Sheet1!B7', text: ['12.50'] },
      { cut: '# Notice period' },
      { put: '>@Box.start', text: ['new'] },
      { move: '# Fees and costs', to: '<12' },
      { sub: { range: '/server/port', find: '1', replace: '2', all: true } },
      { sub: { range: '# The "old" part', find: 'a', replace: 'b' } },
      { sub: { range: '12:5-9', find: 'a', replace: 'b', nth: 2 } },
    ]);
    expect(printScript(script)).toBe(text);
  });
});
