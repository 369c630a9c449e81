import OpenAI from 'openai';
import { pinnedFetch } from '../../support/pinned-fetch.ts';

export interface PlainLoopOptions {
  /** `host:port` of the box. */
  address: string;
  spki: string;
  token: string;
  file: string;
  text: string;
  say: string;
}

const TURNS = 6;
const TOOLS: OpenAI.Chat.Completions.ChatCompletionTool[] = [
  {
    type: 'function',
    function: {
      name: 'read_file',
      description: 'Read a file.',
      parameters: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
    },
  },
  {
    type: 'function',
    function: {
      name: 'edit_file',
      description: 'Replace one text by another in a file. The old text must occur exactly once.',
      parameters: {
        type: 'object',
        properties: { path: { type: 'string' }, old_text: { type: 'string' }, new_text: { type: 'string' } },
        required: ['path', 'old_text', 'new_text'],
      },
    },
  },
];

/** The usual agent: a model, two file tools, six turns, over `/v1`. Answers the text as it is afterwards. */
export async function plainLoop(options: PlainLoopOptions): Promise<string> {
  const { address, spki, token, file, say } = options;
  let { text } = options;
  const client = new OpenAI({
    baseURL: `https://${address}/v1`,
    apiKey: token,
    maxRetries: 0,
    timeout: 180_000,
    fetch: pinnedFetch(spki),
  });
  const messages: OpenAI.Chat.Completions.ChatCompletionMessageParam[] = [
    {
      role: 'system',
      content: `You edit files with the tools you have. The file is ${file}. Do what the user says, then say done.`,
    },
    { role: 'user', content: say },
  ];
  for (let turn = 0; turn < TURNS; turn++) {
    let answer: OpenAI.Chat.Completions.ChatCompletion;
    try {
      answer = await client.chat.completions.create({
        model: 'auto',
        messages,
        tools: TOOLS,
        temperature: 0,
        max_tokens: 300,
      });
    } catch {
      return text;
    }
    const { message } = answer.choices[0]!;
    messages.push(message);
    if (!message.tool_calls || message.tool_calls.length === 0) return text;
    for (const call of message.tool_calls) {
      const reply = call.type === 'function' ? run(call.function.name, call.function.arguments) : 'no such tool';
      messages.push({ role: 'tool', tool_call_id: call.id, content: reply });
    }
  }
  return text;

  function run(name: string, json: string): string {
    let input: { old_text?: unknown; new_text?: unknown };
    try {
      input = JSON.parse(json) as typeof input;
    } catch {
      return 'error: the arguments are not JSON';
    }
    if (name === 'read_file') return text;
    if (name !== 'edit_file' || typeof input.old_text !== 'string' || typeof input.new_text !== 'string')
      return 'error: no such call';
    const parts = text.split(input.old_text);
    if (parts.length !== 2) return `error: old_text occurs ${parts.length - 1} times`;
    text = parts.join(input.new_text);
    return 'ok';
  }
}
