import type { ChatMessage, DialectId, ToolShape } from './messages.ts';

/**
 * A piece of a rendered prompt. Only `markup` is read for special tokens: text of a person or a document that spells
 * `<|im_end|>` stays text, so it cannot end its own message.
 */
export type Piece = { markup: string } | { text: string };

/** How a model family writes a conversation, and how it writes a call of a tool. */
export interface Dialect {
  id: DialectId;
  render(messages: readonly ChatMessage[], tools: readonly ToolShape[]): Piece[];
  /** What a call of a tool is wrapped in. */
  call: { prefix: string; suffix: string };
}

const CALL = { prefix: '<tool_call>\n', suffix: '\n</tool_call>' };

/** ChatML as its users write it; `system` is what the family was trained to see when nobody sets one. */
function chatml(id: DialectId, system: string | undefined): Dialect {
  return {
    id,
    call: CALL,
    render(messages, tools) {
      const pieces: Piece[] = [];
      const first = messages[0]?.role === 'system' ? messages[0].content : system;
      const rest = messages[0]?.role === 'system' ? messages.slice(1) : messages;
      if (first !== undefined || tools.length > 0) {
        pieces.push({ markup: '<|im_start|>system\n' });
        if (first) pieces.push({ text: first });
        if (tools.length > 0) pieces.push(...toolPieces(tools));
        pieces.push({ markup: '<|im_end|>\n' });
      }
      for (const message of rest) {
        // The family's own template hands the results of tools over as a user's turn.
        const role = message.role === 'tool' ? 'user' : message.role;
        pieces.push({ markup: `<|im_start|>${role}\n` }, ...body(message), { markup: '<|im_end|>\n' });
      }
      pieces.push({ markup: '<|im_start|>assistant\n' });
      return pieces;
    },
  };
}

function body({ role, content, calls = [] }: ChatMessage): Piece[] {
  if (role === 'tool') return [{ markup: '<tool_response>\n' }, { text: content }, { markup: '\n</tool_response>' }];
  const pieces: Piece[] = content === '' ? [] : [{ text: content }];
  for (const call of calls) {
    if (pieces.length > 0) pieces.push({ text: '\n' });
    pieces.push({ markup: CALL.prefix }, { text: callText(call) }, { markup: CALL.suffix });
  }
  return pieces;
}

/** A call as the family writes it between its marks. */
function callText(call: { name: string; arguments: unknown }): string {
  return `{"name": ${JSON.stringify(call.name)}, "arguments": ${JSON.stringify(call.arguments)}}`;
}

/** The tool section of Qwen2.5's chat template (tokenizer_config.json of Qwen2.5-Instruct). */
function toolPieces(tools: readonly ToolShape[]): Piece[] {
  const lines = tools.map((tool) => JSON.stringify({ type: 'function', function: tool }));
  return [
    { text: '\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n' },
    { markup: 'You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n' },
    { text: lines.join('\n') },
    {
      markup:
        '\n</tools>\n\nFor each function call, return a json object with function name and arguments within ' +
        '<tool_call></tool_call> XML tags:\n<tool_call>\n' +
        '{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>',
    },
  ];
}

const DIALECTS: Readonly<Record<Exclude<DialectId, 'auto'>, Dialect>> = {
  chatml: chatml('chatml', undefined),
  'qwen2.5': chatml('qwen2.5', 'You are Qwen, created by Alibaba Cloud. You are a helpful assistant.'),
};

/** `undefined` for `auto`: the model file's own template is used. */
export function dialectOf(id: DialectId): Dialect | undefined {
  return id === 'auto' ? undefined : DIALECTS[id];
}

/** The same call form for every dialect of today; the core parses answers with it. */
export const CALL_FORM = CALL;
