import { fail } from '../../common/index.ts';
import type { ChatRequest, ToolChoice } from '../chat.ts';
import type { ChatMessage, ToolShape } from '../engine/messages.ts';
import { Fields, invalid } from './fields.ts';

export interface OpenAiChat {
  /** Input of `infer.chat`. */
  input: ChatRequest;
  stream: boolean;
  /** Usage in the last chunk of a stream (`stream_options.include_usage`). */
  includeUsage: boolean;
}

/** Members that are read. */
const READ = new Set([
  'model',
  'messages',
  'tools',
  'tool_choice',
  'response_format',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'seed',
  'stop',
  'presence_penalty',
  'frequency_penalty',
  'stream',
  'stream_options',
]);

/** Members that change nothing here: bookkeeping of the client. */
const IGNORED = new Set(['user', 'metadata', 'service_tier', 'safety_identifier', 'prompt_cache_key', 'verbosity']);

/** Members that are accepted only with the value that means "no". */
const ONLY: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value === 1,
  logprobs: (value) => value === false,
  top_logprobs: (value) => value === 0,
  store: (value) => value === false,
  parallel_tool_calls: (value) => typeof value === 'boolean',
  logit_bias: (value) => typeof value === 'object' && Object.keys(value as object).length === 0,
  modalities: (value) => Array.isArray(value) && value.length === 1 && value[0] === 'text',
};

/**
 * A request in the shape of OpenAI's chat completions. What this box cannot do is refused by name (PARAMETER_UNSUPPORTED)
 * rather than left out in silence. Throws INPUT_INVALID with the pointer for everything else.
 */
export function readChatRequest(body: unknown): OpenAiChat {
  const fields = new Fields(body, '');
  for (const name of fields.names) {
    const value = fields.get(name);
    if (READ.has(name) || IGNORED.has(name) || value === undefined) continue;
    const allowed = Object.hasOwn(ONLY, name) ? ONLY[name] : undefined;
    if (!allowed) throw fail('PARAMETER_UNSUPPORTED', { parameter: name, reason: 'this box does not know it' });
    if (!allowed(value))
      throw fail('PARAMETER_UNSUPPORTED', { parameter: name, reason: 'this value is not available' });
  }
  const stream = fields.boolean('stream') ?? false;
  const includeUsage = fields.object('stream_options')?.boolean('include_usage') ?? false;
  return { input: readInput(fields), stream, includeUsage };
}

function readInput(fields: Fields): ChatRequest {
  const input: ChatRequest = { messages: readMessages(fields) };
  const model = fields.string('model');
  if (model !== undefined && model !== '') input.model = model;
  const tools = readTools(fields);
  if (tools.length > 0) {
    input.tools = tools;
    input.toolChoice = readToolChoice(fields);
  }
  const schema = readResponseFormat(fields);
  if (schema) {
    if (tools.length > 0 && input.toolChoice !== 'none') {
      throw fail('PARAMETER_UNSUPPORTED', { parameter: 'response_format', reason: 'not together with tools' });
    }
    input.schema = schema;
  }
  const maxTokens = fields.integer('max_completion_tokens', 1, 1_000_000) ?? fields.integer('max_tokens', 1, 1_000_000);
  // An upper bound, so a larger one than any context here asks for nothing that is not given.
  if (maxTokens !== undefined) input.maxTokens = Math.min(maxTokens, 32_768);
  const numbers = {
    temperature: fields.number('temperature', 0, 2),
    topP: fields.number('top_p', 0, 1),
    seed: fields.integer('seed', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    presencePenalty: fields.number('presence_penalty', -2, 2),
    frequencyPenalty: fields.number('frequency_penalty', -2, 2),
  };
  if (numbers.seed !== undefined) numbers.seed = Number(BigInt.asUintN(32, BigInt(numbers.seed)));
  for (const [name, value] of Object.entries(numbers)) if (value !== undefined) Object.assign(input, { [name]: value });
  const stop = readStop(fields);
  if (stop.length > 0) input.stop = stop;
  return input;
}

function readMessages(fields: Fields): ChatMessage[] {
  const list = fields.required('messages', fields.list('messages'));
  if (list.length === 0) throw invalid('/messages', 'a list with at least one message');
  return list.map((item, i) => {
    const message = new Fields(item, `/messages/${i}`);
    const role = message.required('role', message.string('role'));
    const content = readContent(message);
    switch (role) {
      case 'system':
      case 'developer':
        return { role: 'system', content };
      case 'user':
      case 'tool':
        return { role, content };
      case 'assistant': {
        const calls = (message.list('tool_calls') ?? []).map((call, k) =>
          readCall(call, `/messages/${i}/tool_calls/${k}`),
        );
        return calls.length > 0 ? { role, content, calls } : { role, content };
      }
      default:
        throw invalid(message.at('role'), 'system, developer, user, assistant or tool');
    }
  });
}

/** Text, or a list of text parts. */
function readContent(message: Fields): string {
  const content = message.get('content');
  if (content === undefined) return '';
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) throw invalid(message.at('content'), 'a string or a list of parts');
  return content
    .map((item, i) => {
      const part = new Fields(item, `${message.at('content')}/${i}`);
      const type = part.required('type', part.string('type'));
      if (type !== 'text')
        throw fail('PARAMETER_UNSUPPORTED', { parameter: part.at('type'), reason: `no ${type} here` });
      return part.required('text', part.string('text'));
    })
    .join('\n');
}

function readCall(value: unknown, pointer: string): { name: string; arguments: unknown } {
  const called = new Fields(value, pointer).object('function') ?? new Fields(undefined, `${pointer}/function`);
  const name = called.required('name', called.string('name'));
  const text = called.string('arguments') ?? '{}';
  try {
    return { name, arguments: JSON.parse(text) as unknown };
  } catch {
    throw invalid(called.at('arguments'), 'JSON');
  }
}

function readTools(fields: Fields): ToolShape[] {
  return (fields.list('tools') ?? []).map((item, i) => {
    const tool = new Fields(item, `/tools/${i}`);
    const type = tool.string('type') ?? 'function';
    if (type !== 'function')
      throw fail('PARAMETER_UNSUPPORTED', { parameter: tool.at('type'), reason: `no ${type} tools` });
    const described = tool.required('function', tool.object('function'));
    const description = described.string('description');
    const parameters = described.object('parameters') && described.get('parameters');
    return {
      name: described.required('name', described.string('name')),
      ...(description === undefined ? {} : { description }),
      ...(parameters === undefined ? {} : { parameters }),
    };
  });
}

function readToolChoice(fields: Fields): ToolChoice {
  const choice = fields.get('tool_choice') ?? 'auto';
  if (choice === 'auto' || choice === 'none' || choice === 'required') return choice;
  const named = new Fields(choice, '/tool_choice').object('function');
  if (!named) throw invalid('/tool_choice', 'auto, none, required or a function');
  return { name: named.required('name', named.string('name')) };
}

function readResponseFormat(fields: Fields): Record<string, unknown> | undefined {
  const format = fields.object('response_format');
  const type = format?.string('type') ?? 'text';
  if (type === 'text') return undefined;
  if (type === 'json_object') return { type: 'object' };
  if (type !== 'json_schema') throw invalid('/response_format/type', 'text, json_object or json_schema');
  const described = format!.required('json_schema', format!.object('json_schema'));
  described.required('schema', described.object('schema'));
  return described.get('schema') as Record<string, unknown>;
}

function readStop(fields: Fields): string[] {
  const stop = fields.get('stop');
  const list = stop === undefined ? [] : Array.isArray(stop) ? stop : [stop];
  if (list.length > 4 || !list.every((item) => typeof item === 'string' && item.length > 0 && item.length <= 200)) {
    throw invalid('/stop', 'a short string or up to four of them');
  }
  return list as string[];
}
