import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Door, Topics } from '../../door/index.ts';
import { CallParams, Cursor, eventFrame, LIMITS, PATHS, SubscribeParams, textFrame } from '../../protocol/index.ts';
import { check } from '../check.ts';
import { requireCaller, whileWaiting } from '../visitor.ts';

interface Services {
  door: Door;
  topics: Topics;
}

/** `POST /api/op/{id}`: any operation with the same envelope. `GET /api/events/{topic}`: the same events as SSE. */
export function operationRoutes(app: FastifyInstance, { door, topics }: Services): void {
  app.post<{ Params: { id: string } }>(`${PATHS.operation}:id`, async (request, reply) => {
    const caller = requireCaller(request);
    const envelope = check(CallParams, {
      ...((request.body as object | null) ?? { input: {} }),
      ...headersOf(request),
    });
    const signal = whileWaiting(reply);
    void reply.header('cache-control', 'no-store');
    return await door.invoke(caller, { operation: request.params.id, ...envelope }, { signal });
  });

  app.get<{ Params: { topic: string }; Querystring: { after?: string } }>(`${PATHS.events}:topic`, (request, reply) => {
    const caller = requireCaller(request);
    const last = request.headers['last-event-id'] ?? request.query.after;
    const { topic } = check(SubscribeParams, { topic: request.params.topic });
    const position = topics.position(caller, topic);
    const after =
      last === undefined ? { epoch: position.epoch, seq: position.floor } : check(Cursor, parseCursor(String(last)));
    const held: string[] = [];
    let open = false;
    const out = (chunk: string) => {
      if (!open) held.push(chunk);
      else if (reply.raw.writableLength < 4_194_304) reply.raw.write(chunk);
      else reply.raw.destroy();
    };
    const stop = topics.follow(caller, topic, after, {
      event: (event) =>
        out(
          `id: ${event.epoch}:${event.seq}\nevent: event\ndata: ${JSON.stringify(JSON.parse(eventFrame(event)).params)}\n\n`,
        ),
      text: ({ stream, to, text }) =>
        out(`event: t\ndata: ${JSON.stringify(JSON.parse(textFrame(stream, to, text)).params)}\n\n`),
    });
    reply.hijack();
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    open = true;
    reply.raw.write(`event: ready\ndata: ${JSON.stringify({ topic, epoch: position.epoch, seq: position.seq })}\n\n`);
    for (const chunk of held) reply.raw.write(chunk);
    const beat = setInterval(() => reply.raw.write(': beat\n\n'), 15_000);
    // As long as a proof lasts; whoever has a fresh bearer goes on from the last event id.
    const over = setTimeout(() => reply.raw.end(), LIMITS.sessionMs);
    const end = () => {
      clearInterval(beat);
      clearTimeout(over);
      stop();
    };
    reply.raw.once('close', end);
    reply.raw.once('error', end);
  });
}

/** `epoch:seq`, as this stream numbers its events; anything else fails the schema. */
function parseCursor(text: string): unknown {
  const at = text.lastIndexOf(':');
  return at < 0 ? {} : { epoch: text.slice(0, at), seq: Number(text.slice(at + 1)) };
}

function headersOf(request: FastifyRequest): Record<string, string> {
  const key = request.headers['idempotency-key'];
  const trace = request.headers['traceparent'];
  return {
    ...(typeof key === 'string' ? { idempotencyKey: key } : {}),
    ...(typeof trace === 'string' ? { traceparent: trace } : {}),
  };
}
