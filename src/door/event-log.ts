import type { Clock, Database, Tx } from '../common/index.ts';
import type { BoxEvent, EventKind } from '../protocol/index.ts';
import { Listeners } from './listeners.ts';

interface EventRow {
  topic: string;
  seq: number;
  kind: string;
  at: number;
  data: string;
}

/**
 * Durable state events. A row is written in the transaction that made it true and handed to listeners after the
 * commit, in `seq` order. Invariant: `seq` has no gaps per topic.
 */
export class EventLog {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #listeners = new Listeners<BoxEvent>();
  readonly epoch: string;
  /** Events handed out since the start, by kind. */
  readonly published = new Map<EventKind, number>();

  /** `epoch` changes when the database was restored from a backup: cursors of another epoch are refused. */
  constructor(options: { db: Database; clock: Clock; epoch: string }) {
    this.#db = options.db;
    this.#clock = options.clock;
    this.epoch = options.epoch;
  }

  emit(tx: Tx, topic: string, kind: EventKind, data: Record<string, unknown>): void {
    const at = this.#clock.now();
    const seq = (tx.get<{ seq: number }>('SELECT seq FROM door_topic WHERE topic = ?', topic)?.seq ?? 0) + 1;
    if (seq === 1) tx.run('INSERT INTO door_topic (topic, seq, floor) VALUES (?, 1, 0)', topic);
    else tx.run('UPDATE door_topic SET seq = ? WHERE topic = ?', seq, topic);
    tx.run(
      'INSERT INTO door_event (topic, seq, kind, at, data) VALUES (?, ?, ?, ?, ?)',
      topic,
      seq,
      kind,
      at,
      JSON.stringify(data),
    );
    tx.afterCommit(() => this.#publish({ topic, epoch: this.epoch, seq, kind, at, data }));
  }

  /** Makes a topic one person's own; only they (and the local operator) may follow it. */
  own(tx: Tx, topic: string, person: string): void {
    tx.run('INSERT OR IGNORE INTO door_topic_owner (topic, person) VALUES (?, ?)', topic, person);
  }

  /** Newest number of a topic, and the newest that is no longer kept. */
  position(topic: string): { seq: number; floor: number } {
    return (
      this.#db.get<{ seq: number; floor: number }>('SELECT seq, floor FROM door_topic WHERE topic = ?', topic) ?? {
        seq: 0,
        floor: 0,
      }
    );
  }

  after(topic: string, seq: number, limit = 10_000): BoxEvent[] {
    return this.#db
      .all<EventRow>(
        'SELECT topic, seq, kind, at, data FROM door_event WHERE topic = ? AND seq > ? ORDER BY seq LIMIT ?',
        topic,
        seq,
        limit,
      )
      .map((row) => ({
        ...row,
        epoch: this.epoch,
        kind: row.kind as EventKind,
        data: JSON.parse(row.data) as Record<string, unknown>,
      }));
  }

  /** Calls back for every later event of the topic; the returned function ends it. */
  listen(topic: string, listener: (event: BoxEvent) => void): () => void {
    return this.#listeners.add(topic, listener);
  }

  /** Forgets events older than `before`, in small batches so that the writer is never held long. */
  async prune(before: number): Promise<number> {
    let total = 0;
    for (;;) {
      const removed = await this.#db.write((tx) => {
        const oldest = tx.all<{ id: number; topic: string; seq: number; at: number }>(
          'SELECT id, topic, seq, at FROM door_event ORDER BY id LIMIT 500',
        );
        const stays = oldest.findIndex(({ at }) => at >= before);
        const rows = stays < 0 ? oldest : oldest.slice(0, stays);
        for (const { id, topic, seq } of rows) {
          tx.run('DELETE FROM door_event WHERE id = ?', id);
          tx.run('UPDATE door_topic SET floor = max(floor, ?) WHERE topic = ?', seq, topic);
        }
        return rows.length;
      });
      total += removed;
      if (removed < 500) return total;
    }
  }

  #publish(event: BoxEvent): void {
    this.published.set(event.kind, (this.published.get(event.kind) ?? 0) + 1);
    this.#listeners.tell(event.topic, event);
  }
}
