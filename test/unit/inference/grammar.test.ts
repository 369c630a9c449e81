import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkJson, guideFor } from '../../../src/inference/answer-check.ts';
import { ForcedText } from '../../../src/inference/engine/forced-text.ts';
import { Automaton, checkGbnf, choicesGrammar, schemaGrammar, toGbnf } from '../../../src/inference/grammar/index.ts';

function accepts(grammar: Parameters<typeof toGbnf>[0], text: string): boolean {
  const automaton = new Automaton(grammar);
  return automaton.read(text) && automaton.ends;
}

/** JSON as `json.dumps` writes it. */
function dumps(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(dumps).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([k, v]) => `${JSON.stringify(k)}: ${dumps(v)}`)
      .join(', ')}}`;
  }
  return JSON.stringify(value);
}

describe('choices', () => {
  const texts = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), {
    minLength: 1,
    maxLength: 20,
  });

  it('allow exactly the given texts', () => {
    fc.assert(
      fc.property(texts, fc.string({ unit: 'grapheme', maxLength: 12 }), (choices, other) => {
        const grammar = choicesGrammar(choices);
        for (const choice of choices) expect(accepts(grammar, choice)).toBe(true);
        expect(accepts(grammar, other)).toBe(choices.includes(other));
        for (const choice of choices) expect(accepts(grammar, `${choice}!`)).toBe(choices.includes(`${choice}!`));
      }),
    );
  });

  it('are printed with every special character escaped, as one tree of common beginnings', () => {
    expect(toGbnf(choicesGrammar(['Lunch: 11', 'Lunch: 12', 'say "hi"\\\n', '五楼']))).toBe(
      'root ::= ("Lunch: 1" ("1" | "2") | "say \\"hi\\"\\\\\\n" | "五楼")\n',
    );
  });

  it('refuse an empty list, an empty text and broken Unicode', () => {
    for (const choices of [[], [''], ['\ud800']]) {
      expect(() => guideFor({ kind: 'choices', choices })).toThrow(
        expect.objectContaining({ code: 'GRAMMAR_INVALID' }),
      );
    }
  });
});

describe('schemas', () => {
  const schema = {
    type: 'object',
    properties: {
      old: { enum: ['Lunch: 11:30', '五楼 "x"', 3, null] },
      text: { type: 'string', maxLength: 20 },
      count: { type: 'integer' },
      share: { type: 'number' },
      tags: { type: 'array', items: { type: 'string', maxLength: 5 }, minItems: 1, maxItems: 3 },
      day: { type: 'string', format: 'date' },
      either: { anyOf: [{ type: 'boolean' }, { type: 'null' }] },
      tree: { $ref: '#/$defs/tree' },
    },
    required: ['old', 'count'],
    additionalProperties: false,
    $defs: {
      tree: {
        type: 'object',
        properties: { name: { type: 'string' }, kids: { type: 'array', items: { $ref: '#/$defs/tree' } } },
        required: ['name'],
      },
    },
  };
  const clean = (maxLength: number) =>
    fc.string({ unit: 'grapheme', maxLength }).filter((s) => s.isWellFormed() && !/[\u007f]/.test(s));
  const { tree } = fc.letrec<{ tree: { name: string; kids?: unknown[] } }>((tie) => ({
    tree: fc.record({ name: clean(5), kids: fc.array(tie('tree'), { maxLength: 2 }) }, { requiredKeys: ['name'] }),
  }));
  const value = fc.record(
    {
      old: fc.constantFrom('Lunch: 11:30', '五楼 "x"', 3, null),
      text: clean(5),
      count: fc.integer(),
      share: fc
        .double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 })
        .map((n) => Math.round(n * 100) / 100 + 0),
      tags: fc.array(clean(2), { minLength: 1, maxLength: 3 }),
      day: fc.constant('2026-02-28'),
      either: fc.constantFrom(true, false, null),
      tree,
    },
    { requiredKeys: ['old', 'count'] },
  );

  it('allow every value that fits, with its members in the order of the schema', () => {
    const grammar = schemaGrammar(schema);
    fc.assert(
      fc.property(value, (v) => {
        const ordered = Object.fromEntries(
          Object.keys(schema.properties)
            .filter((k) => k in v)
            .map((k) => [k, v[k as never]]),
        );
        expect(accepts(grammar, dumps(ordered))).toBe(true);
        expect(() => checkJson(dumps(ordered), schema)).not.toThrow();
      }),
    );
  });

  it('refuse texts that do not fit', () => {
    const grammar = schemaGrammar(schema);
    for (const text of [
      '{}',
      '{"old": "Lunch"}',
      '{"old": "Lunch: 11:30", "count": 1.5}',
      '{"old": "Lunch: 11:30", "count": 1, "tags": []}',
      '{"old": "Lunch: 11:30", "count": 1, "more": 1}',
      '{"count": 1, "old": "Lunch: 11:30"}',
      '{"old": "Lunch: 11:30", "count": 1',
      '{"old": "Lunch: 11:30", "count": 1, "day": "tomorrow"}',
    ]) {
      expect(accepts(grammar, text), text).toBe(false);
    }
  });

  it('allow leaving out any optional member, the first one too', () => {
    const optional = { type: 'object', properties: { a: { const: 1 }, b: { const: 2 }, c: { const: 3 } } };
    const grammar = schemaGrammar(optional);
    for (const text of ['{}', '{"a": 1}', '{"b": 2}', '{"a": 1, "c": 3}', '{"a": 1, "b": 2, "c": 3}']) {
      expect(accepts(grammar, text), text).toBe(true);
    }
    expect(accepts(grammar, '{, "b": 2}')).toBe(false);
  });

  it('allow any JSON where the schema says nothing', () => {
    const grammar = schemaGrammar({});
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (v) => {
        const text = dumps(v);
        // Numbers beyond 16 digits and bare control characters are spelled otherwise.
        fc.pre(!/\d{19}|e[+-]\d{4}|[\u007f]/.test(text));
        expect(accepts(grammar, text)).toBe(true);
      }),
    );
  });

  it.each([
    ['/not', { not: {} }],
    ['/properties/a/patternProperties', { type: 'object', properties: { a: { patternProperties: {} } } }],
    ['/$ref', { $ref: 'https://example.org/x' }],
    ['/$ref', { $ref: '#/$defs/100%' }],
    ['/items/$ref', { type: 'array', items: { $ref: '#/$defs/none' } }],
    ['/type', { type: 'date' }],
    ['/enum', { enum: [] }],
    ['/required', { type: 'object', properties: {}, required: ['x'] }],
    ['/pattern', { type: 'string', pattern: '(a+)+$' }],
    ['/pattern', { type: 'string', pattern: '(a)\\1' }],
    ['/pattern', { type: 'string', pattern: 'a*a*a*b' }],
  ])('refuse what cannot be honoured, at %s', (pointer, bad) => {
    expect(() => schemaGrammar(bad)).toThrow(
      expect.objectContaining({ code: 'SCHEMA_UNSUPPORTED', details: expect.objectContaining({ pointer }) }),
    );
  });

  it('merge allOf and share properties with anyOf', () => {
    const grammar = schemaGrammar({
      allOf: [{ type: 'object', properties: { a: { const: 1 } }, required: ['a'] }, { $ref: '#/$defs/b' }],
      $defs: { b: { type: 'object', properties: { b: { const: 2 } }, required: ['b'] } },
    });
    expect(accepts(grammar, '{"a": 1, "b": 2}')).toBe(true);
    expect(accepts(grammar, '{"a": 1}')).toBe(false);
  });

  it('are checked again after the answer for what no grammar says', () => {
    const { check } = guideFor({ kind: 'json', schema: { type: 'string', pattern: '^[0-9]+$' } });
    expect(() => check('"12"', 'stop')).not.toThrow();
    expect(() => check('"1x"', 'stop')).toThrow(expect.objectContaining({ code: 'OUTPUT_INVALID' }));
    expect(() => check('"12', 'length')).toThrow(expect.objectContaining({ code: 'OUTPUT_INVALID' }));
  });
});

describe('GBNF of others', () => {
  it('is read like the grammars we print ourselves, and like those of its own documentation', () => {
    const ours = [
      choicesGrammar(['say "hi"\\\n', '[x]', 'a | b', '# no', '五楼']),
      schemaGrammar({
        type: 'object',
        properties: { a: {}, b: { enum: ['x', 'y'] }, c: { type: 'string', maxLength: 9 } },
      }),
    ];
    for (const grammar of ours) expect(() => checkGbnf(toGbnf(grammar))).not.toThrow();
    const chess = `# moves
root ::= "1. " move " " move "\\n" ([1-9] [0-9]? ". " move " " move "\\n")+
move ::= (pawn | nonpawn |
          castle) [+#]?
pawn ::= ([a-h] "x")? [a-h] [1-8] ("=" [NBKQR])? # promotion
nonpawn ::= [NBKQR] [a-h]? [1-8]? "x"? [a-h] [1-8]
castle ::= "O-O" "-O"? . x{2,3} x{,}
x ::= [^\\]a-z\\n]`;
    expect(() => checkGbnf(chess.replace(' x{,}', ''))).not.toThrow();
  });

  it.each([
    ['', 'no rule named root'],
    ['start ::= "a"', 'no rule named root'],
    ['root ::= nothing', '"nothing" is not defined'],
    ['root = "a"', '"::=" is missing'],
    ['root ::= ("a"', 'not closed'],
    ['root ::= "a', 'ends with its line'],
    ['root ::= "a" )', 'ends with its line'],
    ['root ::= "a"{3000}', 'repetitions'],
    ['root ::= "a"\n"b"', 'begins with its name'],
  ])('is refused before the engine sees it: %s', (text, reason) => {
    expect(() => guideFor({ kind: 'gbnf', text })).toThrow(
      expect.objectContaining({ code: 'GRAMMAR_INVALID', message: expect.stringContaining(reason) }),
    );
  });
});

describe('forced text', () => {
  it('is what every allowed answer shares, cut where words end', () => {
    const forced = new ForcedText(choicesGrammar(['Coffee machine', 'Coffee maker']));
    expect(forced.next()).toEqual({ text: 'Coffee', completes: false });
    forced.read('Coffee mac');
    expect(forced.next()).toEqual({ text: 'hine', completes: true });
  });

  it('begins JSON with its first member and ends it with the last brace', () => {
    const forced = new ForcedText(
      schemaGrammar({
        type: 'object',
        properties: { old: { enum: ['a b', 'c d'] }, new: { type: 'string' } },
        required: ['old', 'new'],
      }),
    );
    expect(forced.next()).toEqual({ text: '{"old": "', completes: false });
    forced.read('{"old": "c');
    expect(forced.next()).toEqual({ text: ' d", "new": "', completes: false });
    forced.read(' d", "new": "free"');
    expect(forced.next()).toEqual({ text: '}', completes: true });
  });

  it('never disagrees with the choices: reading forced text always leads to one of them', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 }),
        fc.nat(),
        (choices, pick) => {
          const chosen = choices[pick % choices.length]!;
          const forced = new ForcedText(choicesGrammar(choices));
          let text = '';
          while (text !== chosen) {
            const { text: more, completes } = forced.next();
            expect(chosen.startsWith(text + more)).toBe(true);
            text += more;
            if (completes) break;
            if (text === chosen) break;
            forced.read(more);
            const next = [...chosen.slice(text.length)][0]!;
            forced.read(next);
            text += next;
          }
          expect(text).toBe(chosen);
        },
      ),
    );
  });
});
