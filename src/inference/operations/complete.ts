import { type AnyOperation, closed, ORGANISATION, operation, PLAIN_READ, Type } from '../../protocol/index.ts';
import type { Inference } from '../inference.ts';
import { zoneOf } from '../model-record.ts';
import { GrammarSchema, Message, ModelId, UsageSchema } from './shapes.ts';

/** What tasks ask models with. On no surface: only the agent's own loop calls it, through the door like all others. */
export function modelComplete(inference: Inference): AnyOperation {
  return operation({
    id: 'model.complete',
    since: 1,
    summary: { en: 'Let a model write an answer, held to a grammar if wanted', zh: '让模型作答,可用语法约束' },
    input: closed({
      model: Type.Optional(ModelId),
      messages: Type.Array(Message, { minItems: 1, maxItems: 500 }),
      grammar: Type.Optional(GrammarSchema),
      opening: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 4000,
          description: 'what the answer is made to begin with; not part of it',
        }),
      ),
      maxTokens: Type.Integer({ minimum: 1, maximum: 32_768 }),
      temperature: Type.Optional(Type.Number({ minimum: 0, maximum: 2 })),
      seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295 })),
      stop: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: 8 })),
      prefixKey: Type.Optional(
        Type.String({ minLength: 1, maxLength: 200, description: 'requests that begin alike name the same key' }),
      ),
    }),
    output: closed({
      text: Type.String(),
      finish: Type.Union([Type.Literal('stop'), Type.Literal('length')]),
      model: Type.String(),
      zone: Type.Literal('box'),
      usage: UsageSchema,
    }),
    ...PLAIN_READ,
    scope: 'task.submit',
    audited: true,
    surfaces: [],
    errors: [
      'MODEL_UNKNOWN',
      'MODEL_NOT_READY',
      'MODEL_ALTERED',
      'MODEL_QUARANTINED',
      'MODEL_LOAD_FAILED',
      'ENGINE_RESTARTING',
      'PROMPT_TOO_LONG',
      'SCHEMA_UNSUPPORTED',
      'GRAMMAR_INVALID',
      'OUTPUT_INVALID',
      'RATE_LIMITED',
      'ZONE_UNAVAILABLE',
    ],
    examples: [
      {
        note: 'choose one of the lines in view',
        input: {
          messages: [
            { role: 'system', content: 'Answer with one line of the document.' },
            { role: 'user', content: 'Which line is about lunch?' },
          ],
          grammar: { kind: 'choices', choices: ['Lunch: 11:30 to 12:30', 'Printer: third floor'] },
          maxTokens: 64,
        },
      },
    ],
    facts: (_ctx, { model }) => ({
      targets: [{ kind: 'model', id: model ?? 'auto' }],
      zone: zoneOf(model),
    }),
    read: async (ctx, { messages, ...request }) => {
      const answer = await inference.complete(
        ctx.caller,
        { ...request, prompt: { messages } },
        { signal: ctx.signal, onPart: (part) => ctx.stream(part) },
      );
      // Written by a machine from text of others: content of the organisation at best, whoever asked.
      ctx.raise(ORGANISATION);
      return answer;
    },
  });
}
