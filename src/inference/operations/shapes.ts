import { closed, Type } from '../../protocol/index.ts';

export const ModelId = Type.String({ minLength: 1, maxLength: 128, pattern: '^[A-Za-z0-9][A-Za-z0-9._:/-]*$' });

export const UsageSchema = closed({
  promptTokens: Type.Integer({ minimum: 0 }),
  cachedTokens: Type.Integer({ minimum: 0 }),
  completionTokens: Type.Integer({ minimum: 0 }),
});

export const Message = closed({
  role: Type.Union([Type.Literal('system'), Type.Literal('user'), Type.Literal('assistant')]),
  content: Type.String({ maxLength: 400_000 }),
});

export const GrammarSchema = Type.Union([
  closed({ kind: Type.Literal('json'), schema: Type.Record(Type.String(), Type.Unknown()) }),
  closed({
    kind: Type.Literal('choices'),
    choices: Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), { minItems: 1, maxItems: 4096 }),
  }),
  closed({ kind: Type.Literal('gbnf'), text: Type.String({ minLength: 1, maxLength: 400_000 }) }),
]);
