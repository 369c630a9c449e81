import { fail } from '../../common/index.ts';
import type { TextStreams, Topics } from '../../door/index.ts';
import { type Caller, eventFrame, LIMITS, type SubscribeParams, textFrame } from '../../protocol/index.ts';
import type { Outbox } from './outbox.ts';

/** The topics that one socket follows. */
export class Follows {
  readonly #topics: Topics;
  readonly #texts: TextStreams;
  readonly #outbox: Outbox;
  readonly #stops = new Map<string, () => void>();

  constructor(o: { topics: Topics; texts: TextStreams }, outbox: Outbox) {
    this.#topics = o.topics;
    this.#texts = o.texts;
    this.#outbox = outbox;
  }

  /**
   * Sends what came since the cursor and follows from there; what was followed under this name before ends. Gives the
   * answer, to be sent at once: it is the seam after which everything is live. Throws RATE_LIMITED and what `Topics`
   * throws.
   */
  begin(caller: Caller, { topic, after }: SubscribeParams): { topic: string; epoch: string; seq: number } {
    if (!this.#stops.has(topic) && this.#stops.size >= LIMITS.subscriptions) {
      throw fail('RATE_LIMITED', { limit: `${LIMITS.subscriptions} subscriptions` });
    }
    const position = this.#topics.position(caller, topic);
    this.end(topic);
    const start = after ?? { epoch: position.epoch, seq: position.floor };
    const held: string[] = [];
    let isLive = false;
    const out = (frame: string) => {
      if (isLive) this.#outbox.send(frame);
      else held.push(frame);
    };
    const stop = this.#topics.follow(caller, topic, start, {
      event: (event) => out(eventFrame(event)),
      text: ({ stream, to, text, messageId }) => {
        if (!isLive) held.push(textFrame(stream, to, text));
        else this.#outbox.sendText(stream, to, text, () => this.#texts.textOf(messageId)?.text ?? '');
      },
    });
    this.#stops.set(topic, stop);
    for (const frame of held) this.#outbox.send(frame);
    isLive = true;
    return { topic, epoch: position.epoch, seq: position.seq };
  }

  /** Harmless for a topic that is not followed. */
  end(topic: string): void {
    this.#stops.get(topic)?.();
    this.#stops.delete(topic);
  }

  endAll(): void {
    for (const topic of [...this.#stops.keys()]) this.end(topic);
  }
}
