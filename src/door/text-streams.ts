import { type Clock, type Database, type Logger, newId } from '../common/index.ts';
import type { EventLog } from './event-log.ts';
import { Listeners } from './listeners.ts';

/** Deltas are gathered this long before they travel, and this long before they are journalled. */
const GATHER_MS = 50;
const JOURNAL_MS = 250;

export interface TextDelta {
  messageId: string;
  stream: number;
  /** Offset after this text, in UTF-16 units; opaque to clients. */
  to: number;
  text: string;
}

export interface TextHandle {
  messageId: string;
  append(text: string): void;
  /** Journals the rest and writes `text-end`. Harmless when called twice. */
  end(): Promise<void>;
}

interface Open {
  messageId: string;
  topic: string;
  stream: number;
  text: string;
  sent: number;
  journalled: number;
}

/**
 * Streams of model text. A delta has no `seq`: state events frame it (`text-start`, `text-end`), and a client that
 * lost some asks with the offset it has. Cumulative text is never sent.
 */
export class TextStreams {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #events: EventLog;
  readonly #open = new Map<string, Open>();
  readonly #listeners = new Listeners<TextDelta>();
  #next = 1;

  constructor(options: { db: Database; clock: Clock; log: Logger; events: EventLog }) {
    this.#db = options.db;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#events = options.events;
  }

  /** After a crash: texts that were open are cut at what was journalled, and clients are told where. */
  async recover(): Promise<void> {
    await this.#db.write((tx) => {
      const top = tx.get<{ top: number | null }>('SELECT max(stream) AS top FROM door_text');
      this.#next = (top?.top ?? 0) + 1;
      for (const row of tx.all<{ message_id: string; topic: string; text: string }>(
        'SELECT * FROM door_text WHERE open = 1',
      )) {
        this.#events.emit(tx, row.topic, 'text-reset', { messageId: row.message_id, to: row.text.length });
        this.#events.emit(tx, row.topic, 'text-end', { messageId: row.message_id, to: row.text.length, cut: true });
        tx.run('UPDATE door_text SET open = 0 WHERE message_id = ?', row.message_id);
      }
    });
  }

  async start(topic: string, about: Record<string, unknown> = {}): Promise<TextHandle> {
    const messageId = newId('msg', this.#clock.now());
    const stream = this.#next++;
    const open: Open = { messageId, topic, stream, text: '', sent: 0, journalled: 0 };
    await this.#db.write((tx) => {
      tx.run(
        'INSERT INTO door_text (message_id, topic, stream, text, open) VALUES (?, ?, ?, ?, 1)',
        messageId,
        topic,
        stream,
        '',
      );
      this.#events.emit(tx, topic, 'text-start', { messageId, stream, ...about });
    });
    this.#open.set(messageId, open);
    let sending: (() => void) | undefined;
    let journalling: (() => void) | undefined;
    return {
      messageId,
      append: (text) => {
        if (!this.#open.has(messageId)) return;
        open.text += text;
        sending ??= this.#clock.after(GATHER_MS, () => {
          sending = undefined;
          this.#send(open);
        });
        journalling ??= this.#clock.after(JOURNAL_MS, () => {
          journalling = undefined;
          this.#journal(messageId, open).catch((error: unknown) =>
            this.#log.warn({ error: String(error) }, 'text-journal-failed'),
          );
        });
      },
      end: async () => {
        if (!this.#open.has(messageId)) return;
        sending?.();
        journalling?.();
        this.#send(open);
        await this.#db.write((tx) => {
          tx.run('UPDATE door_text SET text = ?, open = 0 WHERE message_id = ?', open.text, messageId);
          this.#events.emit(tx, topic, 'text-end', { messageId, to: open.text.length });
        });
        this.#open.delete(messageId);
      },
    };
  }

  /** All of a message that is known, live or journalled. */
  textOf(messageId: string): { stream: number; text: string } | undefined {
    const open = this.#open.get(messageId);
    if (open) return { stream: open.stream, text: open.text.slice(0, open.sent) };
    return this.#db.get<{ stream: number; text: string }>(
      'SELECT stream, text FROM door_text WHERE message_id = ?',
      messageId,
    );
  }

  /** Messages of a topic, so that a client that follows it anew gets each text in one delta. */
  messagesOf(topic: string): { messageId: string; stream: number; text: string }[] {
    return this.#db
      .all<{ message_id: string }>('SELECT message_id FROM door_text WHERE topic = ? ORDER BY stream', topic)
      .map(({ message_id }) => ({ messageId: message_id, ...this.textOf(message_id)! }));
  }

  listen(topic: string, listener: (delta: TextDelta) => void): () => void {
    return this.#listeners.add(topic, listener);
  }

  #send(open: Open): void {
    if (open.sent === open.text.length) return;
    const text = open.text.slice(open.sent);
    open.sent = open.text.length;
    this.#listeners.tell(open.topic, { messageId: open.messageId, stream: open.stream, to: open.sent, text });
  }

  async #journal(messageId: string, open: Open): Promise<void> {
    const { text } = open;
    if (text.length === open.journalled) return;
    await this.#db.write((tx) =>
      tx.run('UPDATE door_text SET text = ? WHERE message_id = ? AND open = 1', text, messageId),
    );
    open.journalled = text.length;
  }
}
