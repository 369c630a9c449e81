import { type AnyOperation, closed, ORGANISATION, operation, PLAIN_READ, Type } from '../../protocol/index.ts';
import { chat } from '../chat.ts';
import type { Inference } from '../inference.ts';
import { zoneOf } from '../model-record.ts';
import { ModelId, UsageSchema } from './shapes.ts';

const Name = Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_.-]+$' });
const Content = Type.String({ maxLength: 400_000 });

const ChatMessageSchema = closed({
  role: Type.Union([Type.Literal('system'), Type.Literal('user'), Type.Literal('assistant'), Type.Literal('tool')]),
  content: Content,
  calls: Type.Optional(Type.Array(closed({ name: Name, arguments: Type.Unknown() }), { maxItems: 32 })),
});

const ToolSchema = closed({
  name: Name,
  description: Type.Optional(Type.String({ maxLength: 4000 })),
  parameters: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});

/** Chat for programs: what `/v1/chat/completions` runs. */
export function inferChat(inference: Inference): AnyOperation[] {
  return [
    operation({
      id: 'infer.chat',
      since: 1,
      summary: { en: 'Write one turn of a chat', zh: '生成一轮对话' },
      input: closed({
        model: Type.Optional(ModelId),
        messages: Type.Array(ChatMessageSchema, { minItems: 1, maxItems: 1000 }),
        tools: Type.Optional(Type.Array(ToolSchema, { maxItems: 64 })),
        toolChoice: Type.Optional(
          Type.Union([Type.Literal('auto'), Type.Literal('none'), Type.Literal('required'), closed({ name: Name })]),
        ),
        schema: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
        maxTokens: Type.Optional(Type.Integer({ minimum: 1, maximum: 32_768 })),
        temperature: Type.Optional(Type.Number({ minimum: 0, maximum: 2 })),
        topP: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
        seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295 })),
        presencePenalty: Type.Optional(Type.Number({ minimum: -2, maximum: 2 })),
        frequencyPenalty: Type.Optional(Type.Number({ minimum: -2, maximum: 2 })),
        stop: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: 8 })),
      }),
      output: closed({
        text: Type.String(),
        toolCalls: Type.Array(closed({ id: Type.String(), name: Type.String(), arguments: Type.String() })),
        finish: Type.Union([Type.Literal('stop'), Type.Literal('length'), Type.Literal('tool-calls')]),
        model: Type.String(),
        zone: Type.Literal('box'),
        usage: UsageSchema,
      }),
      ...PLAIN_READ,
      scope: 'infer',
      audited: true,
      surfaces: ['ws', 'rest'],
      errors: [
        'MODEL_UNKNOWN',
        'MODEL_NOT_READY',
        'MODEL_ALTERED',
        'MODEL_QUARANTINED',
        'MODEL_LOAD_FAILED',
        'ENGINE_RESTARTING',
        'PROMPT_TOO_LONG',
        'SCHEMA_UNSUPPORTED',
        'OUTPUT_INVALID',
        'RATE_LIMITED',
        'ZONE_UNAVAILABLE',
      ],
      examples: [{ note: 'hello', input: { messages: [{ role: 'user', content: 'Say hello.' }], maxTokens: 16 } }],
      facts: (_ctx, { model }) => ({ targets: [{ kind: 'model', id: model ?? 'auto' }], zone: zoneOf(model) }),
      read: async (ctx, input) => {
        // Chosen once, and said before the first word: a stream tells where it runs from its first chunk.
        const model = `box/${inference.models.resolve(input.model).id}`;
        ctx.stream({ type: 'start', model, zone: 'box' });
        const answer = await chat(
          inference,
          ctx.caller,
          { ...input, model },
          {
            signal: ctx.signal,
            onText: (text) => ctx.stream({ type: 'text', text }),
          },
        );
        ctx.raise(ORGANISATION);
        return answer;
      },
    }),
    operation({
      id: 'infer.models',
      since: 1,
      summary: { en: 'List the models a program may ask', zh: '列出程序可调用的模型' },
      input: closed({}),
      output: closed({
        models: Type.Array(closed({ id: Type.String(), zone: Type.Literal('box'), state: Type.String() })),
      }),
      ...PLAIN_READ,
      scope: 'infer',
      surfaces: ['ws', 'rest'],
      errors: [],
      examples: [{ note: 'all', input: {} }],
      facts: () => ({ targets: [], zone: 'box' }),
      read: async () => {
        const views = await Promise.all(inference.models.all().map((record) => inference.models.view(record)));
        const usable = views.filter(({ state }) => ['ready', 'loading', 'warm'].includes(state));
        return {
          models: usable.map(({ record, state }) => ({ id: `box/${record.id}`, zone: 'box' as const, state })),
        };
      },
    }),
  ];
}
