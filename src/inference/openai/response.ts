import type { WireError } from '../../common/index.ts';
import { httpStatus } from '../../common/index.ts';
import type { ChatAnswer } from '../chat.ts';
import type { Usage } from '../engine/messages.ts';

const FINISH = { stop: 'stop', length: 'length', 'tool-calls': 'tool_calls' } as const;

export interface AnswerHead {
  /** `chatcmpl-...`, the same in every chunk. */
  id: string;
  /** Unix seconds. */
  created: number;
}

/** The whole answer in one object. Where it ran travels in `model` (`box/...`) and in `jingu.zone`. */
export function chatCompletion(answer: ChatAnswer, { id, created }: AnswerHead): Record<string, unknown> {
  return {
    id,
    object: 'chat.completion',
    created,
    model: answer.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: answer.text === '' && answer.toolCalls.length > 0 ? null : answer.text,
          refusal: null,
          ...(answer.toolCalls.length > 0 ? { tool_calls: answer.toolCalls.map(toolCall) } : {}),
        },
        logprobs: null,
        finish_reason: FINISH[answer.finish],
      },
    ],
    usage: usage(answer.usage),
    jingu: { zone: answer.zone },
  };
}

/** The chunks of a streamed answer, in order: `first`, `text`s, then those of `last`. */
export class ChatChunks {
  readonly #head: AnswerHead;
  readonly #model: string;
  readonly #includeUsage: boolean;

  constructor(head: AnswerHead, model: string, includeUsage: boolean) {
    this.#head = head;
    this.#model = model;
    this.#includeUsage = includeUsage;
  }

  first(): Record<string, unknown> {
    return this.#chunk([{ index: 0, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }]);
  }

  text(content: string): Record<string, unknown> {
    return this.#chunk([{ index: 0, delta: { content }, logprobs: null, finish_reason: null }]);
  }

  last(answer: ChatAnswer): Record<string, unknown>[] {
    const chunks = answer.toolCalls.map((call, index) =>
      this.#chunk([
        { index: 0, delta: { tool_calls: [{ index, ...toolCall(call) }] }, logprobs: null, finish_reason: null },
      ]),
    );
    chunks.push(this.#chunk([{ index: 0, delta: {}, logprobs: null, finish_reason: FINISH[answer.finish] }]));
    if (this.#includeUsage)
      chunks.push({ ...this.#chunk([]), usage: usage(answer.usage), jingu: { zone: answer.zone } });
    return chunks;
  }

  #chunk(choices: unknown[]): Record<string, unknown> {
    return {
      id: this.#head.id,
      object: 'chat.completion.chunk',
      created: this.#head.created,
      model: this.#model,
      choices,
      // With usage asked for, every chunk carries the member, null until the last one.
      ...(this.#includeUsage ? { usage: null } : {}),
    };
  }
}

/** One server-sent event. */
export function sseData(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

export const SSE_DONE = 'data: [DONE]\n\n';

export function modelList(models: readonly { id: string; zone: string }[], created: number): Record<string, unknown> {
  return {
    object: 'list',
    data: models.map(({ id, zone }) => ({ id, object: 'model', created, owned_by: zone })),
  };
}

/** A catalogued error in OpenAI's shape, with the HTTP status to send it with. */
export function openAiError(error: WireError): { status: number; body: Record<string, unknown> } {
  const parameter = error.details?.['parameter'] ?? error.details?.['pointer'];
  return {
    status: httpStatus(error),
    body: {
      error: {
        message: error.hint ? `${error.message} ${error.hint}` : error.message,
        type: TYPES[error.category] ?? 'server_error',
        param: typeof parameter === 'string' ? parameter.replace(/^\//, '').replaceAll('/', '.') : null,
        code: error.code === 'PROMPT_TOO_LONG' ? 'context_length_exceeded' : error.code,
      },
    },
  };
}

const TYPES: Partial<Record<WireError['category'], string>> = {
  malformed: 'invalid_request_error',
  'bad-request': 'invalid_request_error',
  'bad-input': 'invalid_request_error',
  'unknown-method': 'invalid_request_error',
  'not-found': 'invalid_request_error',
  conflict: 'invalid_request_error',
  unauthenticated: 'authentication_error',
  denied: 'permission_error',
  limited: 'rate_limit_error',
};

function usage({ promptTokens, cachedTokens, completionTokens }: Usage): Record<string, unknown> {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  };
}

function toolCall(call: ChatAnswer['toolCalls'][number]): Record<string, unknown> {
  return { id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments } };
}
