import * as TypeBox from 'typebox';
import { describe, expect, test } from 'vitest';
import { Type } from '../../../src/protocol/index.ts';

type Builders = typeof Type;
type Build = (type: Builders) => unknown;

/** One of each, with and without options, nested as operations nest them. */
const BUILDS: Record<string, Build> = {
  text: (t) => t.String({ minLength: 1, pattern: '^a' }),
  'plain text': (t) => t.String(),
  numbers: (t) => [t.Integer({ minimum: 1 }), t.Number({ maximum: 2 }), t.Integer(), t.Number()],
  simple: (t) => [t.Boolean(), t.Null(), t.Unknown(), t.Unknown({ description: 'x' }), t.Boolean({ default: true })],
  literals: (t) => [t.Literal('a'), t.Literal(3), t.Literal(true, { description: 'x' })],
  enum: (t) => t.Enum(['a', 'b'], { description: 'x' }),
  array: (t) => t.Array(t.Array(t.String()), { maxItems: 3 }),
  union: (t) => t.Union([t.String(), t.Null()], { description: 'x' }),
  record: (t) => t.Record(t.String(), t.Unknown()),
  'record with options': (t) => t.Record(t.String({ maxLength: 64 }), t.Integer(), { maxProperties: 2 }),
  object: (t) => t.Object({ a: t.String(), b: t.Optional(t.Integer({ minimum: 0 })) }, { additionalProperties: false }),
  'nothing required': (t) => t.Object({ b: t.Optional(t.String()) }),
  empty: (t) => t.Object({}),
  'optional object': (t) => t.Object({ o: t.Optional(t.Object({ a: t.String(), b: t.Optional(t.String()) })) }),
};

describe('type builders', () => {
  test.each(Object.entries(BUILDS))('%s: the same JSON, member by member, as TypeBox makes', (_, build) => {
    expect(JSON.stringify(build(Type))).toBe(JSON.stringify(build(TypeBox.Type as unknown as Builders)));
  });

  test('Optional leaves its argument alone, so one schema may be required here and optional there', () => {
    const shared = Type.String();
    Type.Optional(shared);
    expect(Type.Object({ shared })).toMatchObject({ required: ['shared'] });
  });
});
