import { type Database, fail } from '../common/index.ts';
import { type BoxEvent, type Caller, EVENT_SCOPES } from '../protocol/index.ts';
import { Approvals } from './approvals.ts';
import type { EventLog } from './event-log.ts';
import type { TextDelta, TextStreams } from './text-streams.ts';

export interface Cursor {
  epoch: string;
  seq: number;
  open?: readonly { messageId: string; to: number }[];
}

export interface FollowSink {
  event(event: BoxEvent): void;
  text(delta: TextDelta): void;
}

/** More missed events than this are not replayed one by one: the client takes the snapshot. */
const REPLAY_MOST = 10_000;

/**
 * Who may follow what, and the seam between replay and live: both happen in one turn of the loop, so nothing is lost
 * or doubled. Filtered by the caller's scopes of today; a kind missing from the scope table goes to nobody.
 */
export class Topics {
  readonly #db: Database;
  readonly #events: EventLog;
  readonly #texts: TextStreams;

  constructor(options: { db: Database; events: EventLog; texts: TextStreams }) {
    this.#db = options.db;
    this.#events = options.events;
    this.#texts = options.texts;
  }

  /** Newest number and the newest that is no longer kept. Throws TOPIC_UNKNOWN. */
  position(caller: Caller, topic: string): { epoch: string; seq: number; floor: number } {
    return { epoch: this.#events.epoch, ...this.#events.position(this.#resolve(caller, topic)) };
  }

  /**
   * Replays everything after the cursor, then follows. Without a cursor it follows from now. Returns how to stop.
   * Throws TOPIC_UNKNOWN, or CURSOR_GONE with the current position.
   */
  follow(caller: Caller, topic: string, after: Cursor | undefined, sink: FollowSink): () => void {
    const stored = this.#resolve(caller, topic);
    const { seq, floor } = this.#events.position(stored);
    const visible = (event: BoxEvent) => caller.scopes.includes(EVENT_SCOPES[event.kind]);
    const show = (event: BoxEvent) => {
      if (visible(event)) sink.event({ ...event, topic });
    };
    if (after) {
      const gone =
        after.epoch !== this.#events.epoch || after.seq < floor || after.seq > seq || seq - after.seq > REPLAY_MOST;
      if (gone) throw fail('CURSOR_GONE', { topic, epoch: this.#events.epoch, seq });
      this.#replay(stored, after, show, sink);
    }
    const stops = [this.#events.listen(stored, show)];
    if (caller.scopes.includes(EVENT_SCOPES['text-start']))
      stops.push(this.#texts.listen(stored, (delta) => sink.text(delta)));
    return () => {
      for (const stop of stops) stop();
    };
  }

  /**
   * First what is missing of the texts that the cursor names, then the events, each `text-start` followed by its text:
   * in this order a replay that is cut half-way has still brought the client on. A text that was cut in the meantime
   * (`text-reset`) has nothing missing; its event cuts what the client holds.
   */
  #replay(topic: string, after: Cursor, show: (event: BoxEvent) => void, sink: FollowSink): void {
    const texts = new Map(this.#texts.messagesOf(topic).map((message) => [message.messageId, message]));
    const send = (messageId: string, from: number) => {
      const message = texts.get(messageId);
      if (!message || from >= message.text.length) return;
      const { stream, text } = message;
      sink.text({ messageId, stream, to: text.length, text: text.slice(from) });
    };
    const named = new Map((after.open ?? []).map(({ messageId, to }) => [messageId, to]));
    for (const [messageId, to] of named) send(messageId, to);
    for (const event of this.#events.after(topic, after.seq)) {
      show(event);
      const { messageId } = event.data as { messageId?: string };
      if (event.kind === 'text-start' && messageId !== undefined && !named.has(messageId)) send(messageId, 0);
    }
  }

  /** The stored name of a topic this caller may follow. */
  #resolve(caller: Caller, topic: string): string {
    const unknown = () => fail('TOPIC_UNKNOWN', { topic: topic.slice(0, 100) });
    const may = (scope: Caller['scopes'][number]) => {
      if (!caller.scopes.includes(scope)) throw unknown();
    };
    if (topic === 'approvals') {
      may('approval.answer');
      if (caller.personId === null) throw unknown();
      return Approvals.topicOf(caller.personId);
    }
    if (topic === 'box') {
      may('box.read');
      return topic;
    }
    if (topic === 'audit') {
      may('box.read');
      return topic;
    }
    if (/^doc:[a-z]+_[0-9a-z]+$/.test(topic)) {
      may('doc.read');
      return topic;
    }
    const task = /^task:([a-z]+_[0-9a-z]+)$/.exec(topic);
    if (task) {
      may('task.read');
      if (caller.kind === 'console') return topic;
      const row = this.#db.get<{ person: string }>('SELECT person FROM door_topic_owner WHERE topic = ?', topic);
      if (row?.person === caller.personId) return topic;
    }
    throw unknown();
  }
}
