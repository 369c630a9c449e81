import type { Handshake, Socket, SocketHandlers, Transport } from '../../../src/client/index.ts';
import { fail } from '../../../src/common/index.ts';
import {
  type BoxEvent,
  type Cursor,
  decodeFrame,
  errorFrame,
  eventFrame,
  notificationFrame,
  type RpcId,
  resultFrame,
  textFrame,
} from '../../../src/protocol/index.ts';

/** One end of a socket in memory: frames to the client wait in `toClient` until the test delivers them. */
export interface Line {
  toClient: string[];
  handlers: SocketHandlers;
  isOpen: boolean;
  follows: Set<string>;
}

interface Text {
  messageId: string;
  stream: number;
  text: string;
}

type Answer = (params: Record<string, unknown>, line: Line, id: RpcId) => unknown;

/** A handshake that proves nothing, for tests of what comes after it. */
export const openHandshake: Handshake<{ epoch: string }> = {
  connect: async () => ({}),
  verify: async (_challenge, _connect, result) => result as { epoch: string },
  renew: async () => ({ params: {}, check: async () => {} }),
};

/**
 * A box in memory: keeps topics and texts as the real one does and answers what the test scripts. Nothing is delivered
 * by itself: `deliver` hands frames over, `cut` loses those still on the way, in both directions.
 */
export class ScriptedBox implements Transport {
  readonly topics = new Map<string, { events: BoxEvent[]; texts: Text[] }>();
  readonly lines: Line[] = [];
  readonly answers: Record<string, Answer> = {};
  readonly received: { method: string; params: Record<string, unknown> }[] = [];
  challenge: Record<string, unknown> = {};
  epoch = 'e1';
  #stream = 0;

  get line(): Line | undefined {
    return this.lines.findLast((line) => line.isOpen);
  }

  openSocket(_url: string, _protocol: string, handlers: SocketHandlers): Socket {
    const line: Line = { toClient: [], handlers, isOpen: true, follows: new Set() };
    this.lines.push(line);
    line.toClient.push(notificationFrame('challenge', this.challenge));
    queueMicrotask(() => handlers.open({ spki: null, exporter: null }));
    return {
      send: (text) => {
        if (line.isOpen) this.#receive(line, text);
      },
      // Reported in this very call, as the transport of node does it.
      close: (code) => {
        if (!line.isOpen) return;
        line.isOpen = false;
        handlers.closed(code ?? 1000, '');
      },
    };
  }

  request(): never {
    throw new Error('no REST in this test');
  }

  topic(name: string) {
    let topic = this.topics.get(name);
    if (!topic) {
      topic = { events: [], texts: [] };
      this.topics.set(name, topic);
    }
    return topic;
  }

  emit(topic: string, kind: string, data: Record<string, unknown>): BoxEvent {
    const { events } = this.topic(topic);
    const event = { topic, epoch: this.epoch, seq: events.length + 1, kind, at: 0, data } as unknown as BoxEvent;
    events.push(event);
    for (const line of this.#followers(topic)) line.toClient.push(eventFrame(event));
    return event;
  }

  startText(topic: string, messageId: string): void {
    const stream = ++this.#stream;
    this.topic(topic).texts.push({ messageId, stream, text: '' });
    this.emit(topic, 'text-start', { messageId, stream });
  }

  appendText(topic: string, messageId: string, added: string): void {
    const text = this.topic(topic).texts.find((t) => t.messageId === messageId)!;
    text.text += added;
    for (const line of this.#followers(topic)) line.toClient.push(textFrame(text.stream, text.text.length, added));
  }

  endText(topic: string, messageId: string): void {
    const text = this.topic(topic).texts.find((t) => t.messageId === messageId)!;
    this.emit(topic, 'text-end', { messageId, to: text.text.length });
  }

  /** Hands at most `most` waiting frames over, in one turn as a socket does. */
  deliver(most = Number.POSITIVE_INFINITY): void {
    const { line } = this;
    if (!line) return;
    for (let n = 0; n < most && line.isOpen && line.toClient.length > 0; n++)
      line.handlers.message(line.toClient.shift()!);
  }

  cut(code = 1006): void {
    const { line } = this;
    if (!line) return;
    line.isOpen = false;
    line.toClient.length = 0;
    line.handlers.closed(code, '');
  }

  #followers(topic: string): Line[] {
    return this.lines.filter((line) => line.isOpen && line.follows.has(topic));
  }

  #receive(line: Line, text: string): void {
    const frame = decodeFrame(text);
    if (frame.kind === 'notification') this.received.push({ method: frame.method, params: frame.params });
    if (frame.kind !== 'request') return;
    const { id, method, params } = frame;
    this.received.push({ method, params });
    const answer = this.answers[method] ?? this.#builtIn(method);
    try {
      const result = answer(params, line, id);
      if (result !== undefined) line.toClient.push(resultFrame(id, result));
    } catch (error) {
      line.toClient.push(errorFrame(id, (error as ReturnType<typeof fail>).toWire()));
    }
  }

  #builtIn(method: string): Answer {
    if (method === 'stream.subscribe') return (params, line) => this.#subscribe(params as never, line);
    if (method === 'stream.unsubscribe')
      return (params, line) => ({ was: line.follows.delete(params['topic'] as string) });
    if (method === 'session.connect') return () => ({ epoch: this.epoch });
    if (method === 'session.ping') return () => ({});
    return () => {
      throw fail('OPERATION_UNKNOWN', { operation: method });
    };
  }

  #subscribe({ topic, after }: { topic: string; after?: Cursor }, line: Line): unknown {
    const { events, texts } = this.topic(topic);
    if (after && after.epoch !== this.epoch)
      throw fail('CURSOR_GONE', { topic, epoch: this.epoch, seq: events.length });
    const send = (text: Text | undefined, have: number) => {
      if (text && have < text.text.length)
        line.toClient.push(textFrame(text.stream, text.text.length, text.text.slice(have)));
    };
    const named = new Map((after?.open ?? []).map((one) => [one.messageId, one.to]));
    for (const text of texts) if (named.has(text.messageId)) send(text, named.get(text.messageId)!);
    for (const event of events.slice(after?.seq ?? 0)) {
      line.toClient.push(eventFrame(event));
      const { messageId } = event.data as { messageId: string };
      if (event.kind === 'text-start' && !named.has(messageId))
        send(
          texts.find((t) => t.messageId === messageId),
          0,
        );
    }
    line.follows.add(topic);
    return { topic, epoch: this.epoch, seq: events.length };
  }
}

/** Lets promises and WebCrypto finish: turns of the real loop until `done`, at most a few thousand. */
export async function until(done: () => boolean): Promise<void> {
  for (let turn = 0; turn < 5_000; turn++) {
    if (done()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('it did not happen');
}
