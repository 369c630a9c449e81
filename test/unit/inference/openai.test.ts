import { describe, expect, it } from 'vitest';
import { fail, isJinguError } from '../../../src/common/index.ts';
import {
  ChatChunks,
  chatCompletion,
  modelList,
  openAiError,
  readChatRequest,
  sseData,
} from '../../../src/inference/openai/index.ts';

const hello = [{ role: 'user', content: 'hello' }];
const usage = { promptTokens: 10, cachedTokens: 4, completionTokens: 3 };
const answer = {
  text: 'Hi.',
  finish: 'stop' as const,
  toolCalls: [],
  model: 'box/tiny',
  zone: 'box' as const,
  usage,
};
const called = {
  ...answer,
  text: '',
  finish: 'tool-calls' as const,
  toolCalls: [{ id: 'call_1', name: 'read', arguments: '{"path":"a"}' }],
};

function refusal(body: unknown): { code: string; details: unknown } {
  try {
    readChatRequest(body);
  } catch (error) {
    if (isJinguError(error)) return { code: error.code, details: error.details };
    throw error;
  }
  throw new Error('it was accepted');
}

describe('a request in the shape of chat completions', () => {
  it('becomes input of infer.chat', () => {
    const { input, stream, includeUsage } = readChatRequest({
      model: 'box/tiny',
      messages: [
        { role: 'developer', content: 'Be short.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'one' },
            { type: 'text', text: 'two' },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'read', arguments: '{"path":"a"}' } }],
        },
        { role: 'tool', tool_call_id: 'call_1', content: 'text of a' },
      ],
      tools: [{ type: 'function', function: { name: 'read', description: 'Read', parameters: { type: 'object' } } }],
      tool_choice: { type: 'function', function: { name: 'read' } },
      max_completion_tokens: 99,
      temperature: 0.5,
      top_p: 0.9,
      seed: -1,
      stop: 'END',
      n: 1,
      user: 'someone',
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(stream && includeUsage).toBe(true);
    expect(input).toEqual({
      model: 'box/tiny',
      messages: [
        { role: 'system', content: 'Be short.' },
        { role: 'user', content: 'one\ntwo' },
        { role: 'assistant', content: '', calls: [{ name: 'read', arguments: { path: 'a' } }] },
        { role: 'tool', content: 'text of a' },
      ],
      tools: [{ name: 'read', description: 'Read', parameters: { type: 'object' } }],
      toolChoice: { name: 'read' },
      maxTokens: 99,
      temperature: 0.5,
      topP: 0.9,
      seed: 4_294_967_295,
      stop: ['END'],
    });
  });

  it('carries the schema of response_format', () => {
    const schema = { type: 'object', properties: {} };
    const format = { type: 'json_schema', json_schema: { name: 'x', schema, strict: true } };
    expect(readChatRequest({ messages: hello, response_format: format }).input.schema).toEqual(schema);
    expect(readChatRequest({ messages: hello, response_format: { type: 'json_object' } }).input.schema).toEqual({
      type: 'object',
    });
    expect(readChatRequest({ messages: hello, response_format: { type: 'text' } }).input.schema).toBeUndefined();
  });

  it.each([
    ['n', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['logit_bias', { logit_bias: { 5: 1 } }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['audio', { audio: { voice: 'x' } }],
    ['functions', { functions: [] }],
    ['store', { store: true }],
    ['reasoning_effort', { reasoning_effort: 'high' }],
    ['prediction', { prediction: {} }],
    ['constructor', { constructor: 1 }],
    ['surprise', { surprise: 1 }],
    ['response_format', { response_format: { type: 'json_object' }, tools: [{ function: { name: 'x' } }] }],
    ['/messages/0/content/0/type', { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }],
    ['/tools/0/type', { tools: [{ type: 'custom' }] }],
  ])('is refused by name when it asks for %s', (parameter, more) => {
    expect(refusal({ messages: hello, ...more })).toEqual({
      code: 'PARAMETER_UNSUPPORTED',
      details: expect.objectContaining({ parameter }),
    });
  });

  it.each([
    ['', null],
    ['/messages', {}],
    ['/messages', { messages: [] }],
    ['/messages/0/role', { messages: [{ role: 'robot', content: '' }] }],
    ['/messages/0/content', { messages: [{ role: 'user', content: 5 }] }],
    [
      '/messages/0/tool_calls/0/function/arguments',
      {
        messages: [{ role: 'assistant', tool_calls: [{ function: { name: 'x', arguments: '{' } }] }],
      },
    ],
    ['/temperature', { messages: hello, temperature: 3 }],
    ['/max_tokens', { messages: hello, max_tokens: 0 }],
    ['/stop', { messages: hello, stop: ['a', 'b', 'c', 'd', 'e'] }],
    ['/tool_choice', { messages: hello, tools: [{ function: { name: 'x' } }], tool_choice: 'maybe' }],
    ['/response_format/type', { messages: hello, response_format: { type: 'xml' } }],
  ])('is refused with the pointer %s', (pointer, body) => {
    expect(refusal(body)).toEqual({ code: 'INPUT_INVALID', details: expect.objectContaining({ pointer }) });
  });
});

describe('an answer in the shape of chat completions', () => {
  const head = { id: 'chatcmpl-1', created: 1_700_000_000 };

  it('carries text, reason, usage and where it ran', () => {
    expect(chatCompletion(answer, head)).toMatchObject({
      object: 'chat.completion',
      model: 'box/tiny',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hi.' }, finish_reason: 'stop' }],
      usage: {
        prompt_tokens: 10,
        completion_tokens: 3,
        total_tokens: 13,
        prompt_tokens_details: { cached_tokens: 4 },
      },
      jingu: { zone: 'box' },
    });
  });

  it('hands calls of tools to the client', () => {
    expect(chatCompletion(called, head)).toMatchObject({
      choices: [
        {
          message: {
            content: null,
            tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'read', arguments: '{"path":"a"}' } }],
          },
          finish_reason: 'tool_calls',
        },
      ],
    });
  });

  it('streams: role first, text, calls, the reason, usage last when it was asked for', () => {
    const chunks = new ChatChunks(head, 'box/tiny', true);
    const all = [chunks.first(), chunks.text('Hi'), ...chunks.last(called)] as {
      choices: { delta: Record<string, unknown>; finish_reason: string | null }[];
      usage: unknown;
    }[];
    expect(all[0]!.choices[0]!.delta).toEqual({ role: 'assistant', content: '' });
    expect(all[1]!.choices[0]!.delta).toEqual({ content: 'Hi' });
    expect(all[2]!.choices[0]!.delta['tool_calls']).toMatchObject([{ index: 0, id: 'call_1', type: 'function' }]);
    expect(all.map((chunk) => chunk.choices[0]?.finish_reason ?? null)).toEqual([null, null, null, 'tool_calls', null]);
    expect(all.map((chunk) => chunk.usage)).toEqual([
      null,
      null,
      null,
      null,
      expect.objectContaining({ total_tokens: 13 }),
    ]);
    expect(all.at(-1)!.choices).toEqual([]);
  });

  it('has no usage in a stream that did not ask for it', () => {
    const all = new ChatChunks(head, 'box/tiny', false).last(answer);
    expect(all).toHaveLength(1);
    expect(all[0]).not.toHaveProperty('usage');
  });

  it('writes one event a line', () => {
    expect(sseData({ text: 'a\nb' })).toBe('data: {"text":"a\\nb"}\n\n');
  });

  it('lists models with their zone as owner', () => {
    expect(modelList([{ id: 'box/tiny', zone: 'box' }], 1)).toEqual({
      object: 'list',
      data: [{ id: 'box/tiny', object: 'model', created: 1, owned_by: 'box' }],
    });
  });
});

describe('an error in the shape of OpenAI', () => {
  it.each([
    [
      fail('PROMPT_TOO_LONG', { promptTokens: 9, contextTokens: 5, reserveTokens: 1 }),
      413,
      'invalid_request_error',
      'context_length_exceeded',
    ],
    [
      fail('PARAMETER_UNSUPPORTED', { parameter: 'n', reason: 'x' }),
      400,
      'invalid_request_error',
      'PARAMETER_UNSUPPORTED',
    ],
    [fail('RATE_LIMITED', { limit: 'x' }), 429, 'rate_limit_error', 'RATE_LIMITED'],
    [fail('SCOPE_MISSING', { operation: 'x', scope: 'infer' }), 403, 'permission_error', 'SCOPE_MISSING'],
    [fail('MODEL_NOT_READY', { model: 'x', state: 'absent' }), 503, 'server_error', 'MODEL_NOT_READY'],
    [fail('MODEL_UNKNOWN', { model: 'x' }), 404, 'invalid_request_error', 'MODEL_UNKNOWN'],
  ])('keeps status, kind and code of %s', (error, status, type, code) => {
    const shaped = openAiError(error.toWire());
    expect(shaped.status).toBe(status);
    expect(shaped.body).toMatchObject({ error: { type, code, message: expect.stringContaining(error.message) } });
  });

  it('names the parameter', () => {
    const shaped = openAiError(fail('INPUT_INVALID', { pointer: '/messages/0/role', reason: 'x' }).toWire());
    expect(shaped.body).toMatchObject({ error: { param: 'messages.0.role' } });
  });
});
