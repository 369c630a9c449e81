import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isJinguError } from '../../../src/common/index.ts';
import { parseScript, printScript, type Script } from '../../../src/realdoc/edit/line-form.ts';
import { rebaseAims } from '../../../src/realdoc/edit/rebase.ts';
import { bySplice, resolveVerbs } from '../../../src/realdoc/edit/resolve.ts';
import type { Verb } from '../../../src/realdoc/edit/verbs.ts';
import { compose } from '../../../src/realdoc/text/compose.ts';
import { applyChange, type Change } from '../../../src/realdoc/text/splice.ts';
import { TextTree } from '../../../src/realdoc/text/tree.ts';

function edit(text: string | Uint8Array, verbs: Verb[]): string {
  const tree = TextTree.of(Buffer.from(text));
  const aims = resolveVerbs({ path: 'w/a', version: 1, tree }, verbs);
  const result = rebaseAims(aims, tree, []);
  if ('stale' in result) throw new Error('stale without later versions');
  return tree.apply(result.change).toBuffer().toString('latin1');
}

function refusal(text: string, verbs: Verb[]): { code: string; details: Record<string, unknown> } {
  try {
    edit(text, verbs);
  } catch (error) {
    if (isJinguError(error)) return { code: error.code, details: error.details };
    throw error;
  }
  return { code: 'accepted', details: {} };
}

const ABC = 'a\nb\nc\nd\ne\n';

describe('verbs', () => {
  it('all line numbers of a call mean the base', () => {
    expect(
      edit(ABC, [
        { cut: '1' },
        { set: '3', text: ['C', 'C2'] },
        { put: '>4', text: ['x'] },
        { put: '<5', text: ['y'] },
      ]),
    ).toBe('b\nC\nC2\nd\nx\ny\ne\n');
    expect(edit(ABC, [{ move: '1-2', to: '>4' }])).toBe('c\nd\na\nb\ne\n');
    expect(edit(ABC, [{ move: '5', to: '<1' }])).toBe('e\na\nb\nc\nd\n');
    expect(edit(ABC, [{ put: '>0', text: ['first'] }])).toBe(`first\n${ABC}`);
    expect(edit('', [{ put: '>0', text: ['first'] }])).toBe('first\n');
    expect(edit('', [{ put: '<1', text: ['first'] }])).toBe('first\n');
  });

  it('line ends stay as they are, one by one, and so does an open last line', () => {
    expect(edit('a\r\nb\nc\r\n', [{ set: '1-2', text: ['x', 'y'] }])).toBe('x\r\ny\nc\r\n');
    expect(edit('a\r\nb\r\n', [{ put: '>1', text: ['n'] }])).toBe('a\r\nn\r\nb\r\n');
    expect(edit('a\nb', [{ set: '2', text: ['x'] }])).toBe('a\nx');
    expect(edit('a\nb', [{ set: '2', text: ['x', 'y'] }])).toBe('a\nx\ny');
    expect(edit('a\r\nb', [{ put: '>2', text: ['c'] }])).toBe('a\r\nb\r\nc');
    expect(edit('a\nb', [{ move: '2', to: '<1' }])).toBe('b\na\n');
    expect(edit('\ufeffa\nb\n', [{ sub: { line: 1, find: 'a', replace: 'x' } }])).toBe(
      Buffer.from('\ufeffx\nb\n').toString('latin1'),
    );
  });

  it('bytes that are no UTF-8 survive an edit beside them', () => {
    const text = Buffer.from([0xff, 0xfe, 0x20, 0x61, 0x0a, 0x62, 0x0a, 0x80, 0x0a]);
    const after = edit(text, [{ set: '2', text: ['c'] }]);
    expect(Buffer.from(after, 'latin1')).toEqual(Buffer.from([0xff, 0xfe, 0x20, 0x61, 0x0a, 0x63, 0x0a, 0x80, 0x0a]));
  });

  it('a text that is there several times is never guessed', () => {
    const found = refusal('x one\ny\nx two\nx three x\n', [{ sub: { find: 'x', replace: 'z' } }]);
    expect(found.code).toBe('DOC_AMBIGUOUS');
    expect(found.details['candidates']).toEqual([
      { nth: 1, line: 1, column: 1, text: 'x one' },
      { nth: 2, line: 3, column: 1, text: 'x two' },
      { nth: 3, line: 4, column: 1, text: 'x three x' },
      { nth: 4, line: 4, column: 9, text: 'x three x' },
    ]);
    expect(edit('x\ny\nx\n', [{ sub: { find: 'x', replace: 'z', nth: 2 } }])).toBe('x\ny\nz\n');
    expect(edit('x\ny\nx\n', [{ sub: { find: 'x', replace: 'z', all: true }, count: 2 }])).toBe('z\ny\nz\n');
    expect(refusal('x\nx\n', [{ sub: { find: 'x', replace: 'z', all: true }, count: 3 }]).code).toBe(
      'DOC_GUARD_FAILED',
    );
  });

  it('a text that is not there comes back with the nearest lines and the kind of difference', () => {
    const cases: [string, string, string][] = [
      ['Total:  5 pens\n', 'Total: 5 pens', 'whitespace'],
      ['say \\"yes\\"\n', 'say "yes"', 'escape'],
      ['Net 30 Days\n', 'net 30 days', 'case'],
      ['电话\uff1a1234\n', '电话:1234', 'full-width'],
      ['entirely different words\n', 'different wordz', 'other'],
    ];
    for (const [text, find, difference] of cases) {
      const { code, details } = refusal(text, [{ sub: { find, replace: '-' } }]);
      expect(code).toBe('DOC_TEXT_NOT_FOUND');
      expect(details['difference']).toBe(difference);
      expect((details['nearest'] as { line: number }[])[0]?.line).toBe(1);
    }
  });

  it('guards stop an edit whose expectation does not hold', () => {
    expect(refusal(ABC, [{ set: '2', text: ['x'], was: 'q' }])).toMatchObject({
      code: 'DOC_GUARD_FAILED',
      details: { guard: 'was', actual: 'b' },
    });
    expect(refusal(ABC, [{ cut: '2-3', count: 3 }]).code).toBe('DOC_GUARD_FAILED');
    expect(refusal(ABC, [{ cut: '2', hash: '00000000' }]).code).toBe('DOC_GUARD_FAILED');
    expect(edit(ABC, [{ cut: '2', hash: '3e23e816', was: 'b', count: 1 }])).toBe('a\nc\nd\ne\n');
  });

  it('refuses lines that are not there, verbs that overlap, and texts with line breaks', () => {
    expect(refusal(ABC, [{ set: '6', text: ['x'] }])).toMatchObject({
      code: 'DOC_LINE_UNKNOWN',
      details: { total: 5 },
    });
    expect(refusal(ABC, [{ cut: '3-2' }]).code).toBe('DOC_LINE_UNKNOWN');
    expect(refusal(ABC, [{ cut: '2-3' }, { set: '3', text: ['x'] }]).code).toBe('DOC_VERB_INVALID');
    expect(refusal(ABC, [{ cut: '2-4' }, { put: '>3', text: ['x'] }]).code).toBe('DOC_VERB_INVALID');
    expect(refusal(ABC, [{ move: '2-4', to: '>3' }]).code).toBe('DOC_VERB_INVALID');
    expect(refusal(ABC, [{ set: '1', text: ['x\ny'] }]).code).toBe('DOC_VERB_INVALID');
    expect(refusal(ABC, [{ set: '1', text: ['\ud800'] }]).code).toBe('DOC_VERB_INVALID');
    expect(refusal(ABC, [{ sub: { find: 'a\n', replace: 'x' } }]).code).toBe('DOC_VERB_INVALID');
  });

  it('echoed line numbers are taken off only where every line carries the right one', () => {
    expect(edit(ABC, [{ set: '2-3', text: ['2|x', '3|y'] }])).toBe('a\nx\ny\nd\ne\n');
    expect(edit(ABC, [{ set: '2-3', text: ['2|x', 'y'] }])).toBe('a\n2|x\ny\nd\ne\n');
  });
});

describe('line form', () => {
  const word = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((t) => !/[\r\n]/.test(t) && t.isWellFormed());
  const some = word.filter((t) => t.length > 0);
  const line = fc.integer({ min: 1, max: 99_999 });
  const range = fc.tuple(line, line).map(([a, b]) => (a === b ? `${a}` : `${Math.min(a, b)}-${Math.max(a, b)}`));
  const place = fc.tuple(fc.constantFrom('>', '<'), line).map(([side, n]) => `${side}${n}`);
  const text = fc.array(word, { minLength: 1, maxLength: 4 });
  const optional = <T>(arb: fc.Arbitrary<T>, key: string) =>
    fc.option(arb, { nil: undefined }).map((v) => (v === undefined ? {} : { [key]: v }));
  const guards = fc
    .tuple(
      optional(some, 'was'),
      optional(fc.nat(1000), 'count'),
      optional(fc.stringMatching(/^[0-9a-f]{8,16}$/), 'hash'),
    )
    .map((parts) => Object.assign({}, ...parts) as object);
  const scope = fc.oneof(
    fc.constant({}),
    line.map((n) => ({ line: n })),
    fc.tuple(line, fc.integer({ min: 1, max: 9 })).map(([n, more]) => ({ range: `${n}-${n + more}` })),
  );
  const which = fc.oneof(
    fc.constant({}),
    fc.constant({ all: true }),
    line.map((n) => ({ nth: n })),
  );
  const verb = fc.oneof(
    fc.record({ set: range, text }),
    fc.record({ put: place, text }),
    fc.record({ cut: range }),
    fc.record({ move: range, to: place }),
    fc.tuple(some, word, scope, which).map(([find, replace, s, w]) => ({ sub: { find, replace, ...s, ...w } })),
  );
  const script: fc.Arbitrary<Script> = fc
    .tuple(
      fc.array(
        fc.tuple(verb, guards).map(([v, g]) => ({ ...v, ...g }) as Verb),
        { minLength: 1, maxLength: 5 },
      ),
      fc.boolean(),
      line,
    )
    .map(([verbs, hasHeader, base]) => (hasHeader ? { path: 'office/minutes of May.md', base, verbs } : { verbs }));

  it('reads back what it prints', () => {
    fc.assert(
      fc.property(script, (s) => {
        expect(parseScript(printScript(s))).toEqual(s);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses what is not a script, with the line that is wrong', () => {
    for (const bad of [
      '',
      'set 1',
      '+x',
      'set x\n+y',
      'frobnicate 3',
      'sub "a" "b"',
      'cut 1\nwas x',
      'cut 1\n@w/a v1',
    ]) {
      expect(() => parseScript(bad)).toThrow(/Verb/);
    }
  });
});

describe('edits against an independent model of the text', () => {
  /** The model: lines as objects with identity. It knows nothing of bytes, splices or offsets. */
  interface Cell {
    text: string;
  }
  const verbOn = fc.record({
    kind: fc.constantFrom('set', 'cut', 'put>', 'put<', 'sub'),
    line: fc.nat(1000),
    span: fc.integer({ min: 0, max: 2 }),
    word: fc.constantFrom('p', 'qq', 'r s'),
  });

  function toVerb(
    v: { kind: string; line: number; span: number; word: string },
    lines: Cell[],
  ): { verb: Verb; from: number; to: number } {
    const from = (v.line % lines.length) + 1;
    const to = Math.min(lines.length, from + v.span);
    const range = from === to ? `${from}` : `${from}-${to}`;
    if (v.kind === 'set') return { verb: { set: range, text: [v.word] }, from, to };
    if (v.kind === 'cut') return { verb: { cut: range }, from, to };
    if (v.kind === 'sub')
      return { verb: { sub: { line: from, find: lines[from - 1]!.text, replace: v.word } }, from, to: from };
    return { verb: { put: `${v.kind[3]}${from}` as '>1', text: [v.word] }, from, to: from };
  }

  function onModel(model: Cell[], v: { kind: string; word: string }, target: Cell[]): Cell[] {
    const first = model.indexOf(target[0]!);
    if (v.kind === 'set' || v.kind === 'sub')
      return [...model.slice(0, first), { text: v.word }, ...model.slice(first + target.length)];
    if (v.kind === 'cut') return [...model.slice(0, first), ...model.slice(first + target.length)];
    const at = v.kind === 'put>' ? first + 1 : first;
    return [...model.slice(0, at), { text: v.word }, ...model.slice(at)];
  }

  it('an edit of any older base lands on the very lines it named, or is refused; never anywhere else', () => {
    let landed = 0;
    let refused = 0;
    fc.assert(
      fc.property(
        fc.array(verbOn, { minLength: 1, maxLength: 8 }),
        verbOn,
        fc.nat(100),
        fc.integer({ min: 1, max: 9 }),
        (edits, late, baseAt, size) => {
          // Duplicate lines on purpose: the same text everywhere is no excuse.
          let cells: Cell[] = Array.from({ length: size }, (_, i) => ({ text: `line ${i % 3}` }));
          let bytes: Uint8Array = Buffer.from(cells.map((c) => `${c.text}\n`).join(''));
          const history: { cells: Cell[]; bytes: Uint8Array }[] = [{ cells, bytes }];
          const changes: Change[] = [];
          for (const e of edits) {
            if (cells.length === 0) break;
            const tree = TextTree.of(bytes);
            const { verb, from, to } = toVerb(e, cells);
            const result = rebaseAims(resolveVerbs({ path: 'w/a', version: 1, tree }, [verb]), tree, []);
            if ('stale' in result) throw new Error('stale at its own base');
            cells = onModel(cells, e, cells.slice(from - 1, to));
            bytes = applyChange(bytes, result.change);
            expect(Buffer.from(bytes).toString()).toBe(cells.map((c) => `${c.text}\n`).join(''));
            changes.push(result.change);
            history.push({ cells, bytes });
          }
          const at = baseAt % history.length;
          const base = history[at]!;
          if (base.cells.length === 0) return;
          const tree = TextTree.of(base.bytes);
          const { verb, from, to } = toVerb(late, base.cells);
          const targets = base.cells.slice(from - 1, to);
          const net = changes.slice(at).reduce<Change>((a, b) => compose(a, b), []);
          const result = rebaseAims(resolveVerbs({ path: 'w/a', version: 1, tree }, [verb]), tree, net);
          const where = targets.map((cell) => cells.indexOf(cell));
          const isWhole = where.every((n, i) => n >= 0 && n === where[0]! + i);
          if ('stale' in result) {
            refused++;
            // A refusal is always allowed to be careful about text that was rewritten to the same words; it must not
            // happen when nothing at all came between.
            expect(changes.slice(at).length).toBeGreaterThan(0);
            return;
          }
          landed++;
          const after = Buffer.from(applyChange(bytes, result.change)).toString();
          // At the end of a text later additions follow earlier ones.
          const isAppend = late.kind === 'put>' && from === base.cells.length;
          if (isWhole && isAppend)
            expect(after).toBe([...cells, { text: late.word }].map((c) => `${c.text}\n`).join(''));
          else if (isWhole)
            expect(after).toBe(
              onModel(cells, late, targets)
                .map((c) => `${c.text}\n`)
                .join(''),
            );
          else {
            // The targets were replaced by equal text: the only way to land is that the bytes there are the same as seen.
            const seen = targets.map((c) => `${c.text}\n`).join('');
            const net2 = result.change.toSorted(bySplice)[0];
            if (net2 && net2.del.length > 0) expect(seen).toContain(Buffer.from(net2.del).toString());
          }
        },
      ),
      { numRuns: 3000 },
    );
    expect(landed).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(100);
  });
});
