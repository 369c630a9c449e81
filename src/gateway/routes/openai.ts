import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { fail, isJinguError, newId } from '../../common/index.ts';
import type { Door } from '../../door/index.ts';
import {
  type ChatAnswer,
  ChatChunks,
  chatCompletion,
  modelList,
  openAiError,
  readChatRequest,
  SSE_DONE,
  sseData,
} from '../../inference/index.ts';
import { requireCaller, visitorOf, whileWaiting } from '../visitor.ts';

/**
 * `/v1` in OpenAI's shape, by way of the door. A client's tools come back as calls for the client to run; the box never
 * runs its own tools from here. Closing the connection cancels.
 */
export function openaiRoutes(app: FastifyInstance, { door }: { door: Door }): void {
  app.get('/v1/models', async (request, reply) => {
    try {
      const { output } = await door.invoke(requireCaller(request), { operation: 'infer.models', input: {} });
      return modelList((output as { models: { id: string; zone: string }[] }).models, seconds());
    } catch (error) {
      return sendError(error, request, reply);
    }
  });

  app.post('/v1/chat/completions', async (request, reply) => {
    try {
      return await chat(door, request, reply);
    } catch (error) {
      return sendError(error, request, reply);
    }
  });

  app.all('/v1/*', (request, reply) =>
    sendError(fail('PATH_UNKNOWN', { path: request.url.split('?')[0]!.slice(0, 200) }), request, reply),
  );
}

/** Parts of `infer.chat`: where it runs, then the text as it comes. */
type ChatPart = { type: 'start'; model: string; zone: string } | { type: 'text'; text: string };

async function chat(door: Door, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const caller = requireCaller(request);
  const { input, stream, includeUsage } = readChatRequest(request.body);
  const head = { id: `chatcmpl-${newId('run').slice(4)}`, created: seconds() };
  const signal = whileWaiting(reply);
  void reply.header('cache-control', 'no-store');
  if (!stream) {
    const { output } = await door.invoke(caller, { operation: 'infer.chat', input }, { signal });
    const answer = output as ChatAnswer;
    void reply.header('x-jingu-zone', answer.zone);
    return chatCompletion(answer, head);
  }

  let chunks: ChatChunks | undefined;
  const say = (chunk: unknown) => reply.raw.write(sseData(chunk));
  let ran = { model: input.model ?? 'auto', zone: 'box' };
  // The status line waits for the first word, so that a prompt that does not fit is still a plain 4xx.
  const begin = () => {
    if (chunks) return chunks;
    chunks = new ChatChunks(head, ran.model, includeUsage);
    reply.hijack();
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-jingu-zone': ran.zone,
    });
    say(chunks.first());
    return chunks;
  };
  const onPart = (part: ChatPart) => {
    if (part.type === 'text') say(begin().text(part.text));
    else ran = part;
  };
  try {
    const { output } = await door.invoke(
      caller,
      { operation: 'infer.chat', input },
      { signal, onPart: (part) => onPart(part as ChatPart) },
    );
    for (const chunk of begin().last(output as ChatAnswer)) say(chunk);
    reply.raw.end(SSE_DONE);
    return undefined;
  } catch (error) {
    // Before the first byte it is an ordinary error; in the middle of a stream it is its last event.
    if (!chunks) throw error;
    const known = isJinguError(error) ? error : fail('INTERNAL', {}, error);
    say(openAiError(known.toWire(visitorOf(request).locale)).body);
    reply.raw.end(SSE_DONE);
    return undefined;
  }
}

function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): unknown {
  if (!isJinguError(error)) throw error;
  const wire = error.toWire(visitorOf(request).locale, request.id);
  const { status, body } = openAiError(wire);
  if (wire.retryAfterMs !== undefined) void reply.header('retry-after', Math.ceil(wire.retryAfterMs / 1000));
  return reply.code(status).header('cache-control', 'no-store').send(body);
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
