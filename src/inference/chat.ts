import { fail, randomToken } from '../common/index.ts';
import type { Caller } from '../protocol/index.ts';
import { checkJson } from './answer-check.ts';
import { CALL_FORM } from './engine/dialect.ts';
import type { ChatMessage, SamplingParams, ToolShape } from './engine/messages.ts';
import type { CompleteRequest, Completion, Inference } from './inference.ts';
import { callSchema, parametersOf, ToolCallSplitter } from './tool-calls.ts';

export type ToolChoice = 'auto' | 'none' | 'required' | { name: string };

export interface ChatRequest extends SamplingParams {
  model?: string;
  messages: ChatMessage[];
  tools?: ToolShape[];
  toolChoice?: ToolChoice;
  /** The answer is JSON that fits this schema. */
  schema?: Record<string, unknown>;
  maxTokens?: number;
  stop?: string[];
}

export interface ChatAnswer extends Omit<Completion, 'finish'> {
  finish: 'stop' | 'length' | 'tool-calls';
  toolCalls: { id: string; name: string; arguments: string }[];
}

/** What a chat of unspecified length may take of the context. */
const DEFAULT_TOKENS = 2048;

/**
 * One turn of a chat. Calls of tools are handed back, never run. Text parts that may still turn out to be a call are
 * held back. Throws what `Inference.complete` throws.
 */
export async function chat(
  inference: Inference,
  caller: Caller,
  request: ChatRequest,
  options: { signal: AbortSignal; onText: (text: string) => void },
): Promise<ChatAnswer> {
  const tools = offered(request);
  const forced = tools.length > 0 && request.toolChoice !== 'auto' && request.toolChoice !== undefined;
  const splitter = tools.length > 0 ? new ToolCallSplitter(tools) : undefined;
  let text = '';
  const say = (more: string) => {
    text += more;
    if (more !== '') options.onText(more);
  };
  const answer = await inference.complete(caller, toComplete(request, tools, forced), {
    signal: options.signal,
    onPart: (part) => {
      if (part.type === 'text') say(splitter ? splitter.push(part.text) : part.text);
    },
  });
  if (splitter) say(splitter.end());
  const calls = splitter?.calls ?? [];
  if (forced) requireCalls(calls, tools);
  return {
    ...answer,
    text: calls.length > 0 ? text.trim() : text,
    finish: calls.length > 0 ? 'tool-calls' : answer.finish,
    toolCalls: calls.map((call) => ({
      id: `call_${randomToken(12)}`,
      name: call.name,
      arguments: JSON.stringify(call.arguments),
    })),
  };
}

function offered({ tools = [], toolChoice = 'auto' }: ChatRequest): ToolShape[] {
  if (toolChoice === 'none') return [];
  if (typeof toolChoice !== 'object') return tools;
  const one = tools.filter((tool) => tool.name === toolChoice.name);
  if (one.length === 0) throw fail('INPUT_INVALID', { pointer: '/toolChoice/name', reason: 'there is no such tool' });
  return one;
}

function toComplete(request: ChatRequest, tools: ToolShape[], forced: boolean): CompleteRequest {
  const { messages, tools: _tools, toolChoice: _choice, schema, maxTokens, ...rest } = request;
  return {
    ...rest,
    prompt: { messages, ...(tools.length > 0 ? { tools } : {}) },
    maxTokens: maxTokens ?? DEFAULT_TOKENS,
    reserveAll: false,
    // The mark is put there for the model; the grammar then leaves it no way but one well-formed call.
    ...(forced ? { opening: CALL_FORM.prefix, grammar: { kind: 'call', schema: callSchema(tools) } as const } : {}),
    ...(schema && !forced ? { grammar: { kind: 'json', schema } as const } : {}),
  };
}

function requireCalls(calls: readonly { name: string; arguments: unknown }[], tools: readonly ToolShape[]): void {
  if (calls.length === 0) throw fail('OUTPUT_INVALID', { reason: 'it is not a call of a tool' });
  for (const call of calls) {
    const tool = tools.find(({ name }) => name === call.name)!;
    checkJson(JSON.stringify(call.arguments), parametersOf(tool));
  }
}
