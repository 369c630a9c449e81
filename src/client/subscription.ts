import { type BoxEvent, type Cursor, METHODS, type SubscribeResult } from '../protocol/index.ts';
import type { CallError } from './errors.ts';
import { type Message, TopicState } from './topic.ts';

export interface SubscriptionHandlers {
  /** Each state event exactly once and in order, over all reconnects. */
  event?(event: BoxEvent): void;
  /** After each delta, cut or end of a message. */
  text?(message: Message, delta: string): void;
  /** The log no longer continues what was folded: drop what came from it, and fetch anew what is shown. */
  reset?(): void;
  /** The box does not give this topic to this caller, or cannot read the cursor. The subscription is closed. */
  refused?(error: CallError): void;
}

export interface SubscriptionLink {
  /** Both callbacks run in the turn in which the answer arrives, before any later frame is handled. */
  ask(method: string, params: object, done: (result: unknown) => void, failed: (error: CallError) => void): void;
  changed(): void;
  closed(subscription: Subscription): void;
}

/**
 * `replay`: asked, the box replays what was missed. `live`: the seam has passed. `mending`: something was missing, the
 * old flow is being stopped first, so that it cannot mix with the replay. `idle`: no connection.
 */
type Phase = 'idle' | 'replay' | 'live' | 'mending';

/** One followed topic. Survives connections: `start` for each new one, `stop` when it ends. */
export class Subscription {
  readonly topic: string;
  readonly state: TopicState;
  readonly #handlers: SubscriptionHandlers;
  readonly #link: SubscriptionLink;
  readonly #first: Cursor | undefined;
  #phase: Phase = 'idle';
  /** Counts starts, so that an answer of an earlier socket is not taken for one of this. */
  #round = 0;
  #closed = false;

  /** `first`: where to begin, the cursor that `hello` named say; left out, all that the box still keeps is replayed. */
  constructor(topic: string, handlers: SubscriptionHandlers, link: SubscriptionLink, first?: Cursor) {
    this.topic = topic;
    this.state = new TopicState(topic);
    this.#handlers = handlers;
    this.#link = link;
    this.#first = first;
  }

  get cursor(): Cursor | undefined {
    return this.state.cursor();
  }

  get isCaughtUp(): boolean {
    return this.#phase === 'live' && this.state.isWhole;
  }

  start(): void {
    if (!this.#closed) this.#subscribe(this.state.cursor() ?? this.#first);
  }

  stop(): void {
    this.#round++;
    this.#phase = 'idle';
  }

  event(event: BoxEvent): void {
    if (this.#phase !== 'replay' && this.#phase !== 'live') return;
    const folded = this.state.foldEvent(event, this.#phase === 'replay');
    if (folded === 'gap') this.#mend();
    if (folded !== 'folded') return;
    this.#handlers.event?.(event);
    const { messageId } = event.data as { messageId?: string };
    const message = messageId === undefined ? undefined : this.state.messages.get(messageId);
    if (message && event.kind !== 'text-start') this.#handlers.text?.(message, '');
    if (this.#phase === 'live') this.#link.changed();
  }

  text(stream: number, to: number, text: string): void {
    if (this.#phase !== 'replay' && this.#phase !== 'live') return;
    const { folded, message, added } = this.state.foldText(stream, to, text);
    if (folded === 'gap') this.#mend();
    if (folded === 'folded' && message) this.#handlers.text?.(message, added);
    if (message?.length !== null) this.#link.changed();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.stop();
    this.#link.ask(METHODS.unsubscribe, { topic: this.topic }, nothing, nothing);
    this.#link.closed(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #subscribe(after: Cursor | undefined): void {
    const round = ++this.#round;
    this.#phase = 'replay';
    const current = (fn: () => void) => () => {
      if (round === this.#round) fn();
    };
    this.#link.ask(
      METHODS.subscribe,
      { topic: this.topic, ...(after ? { after } : {}) },
      (result) => current(() => this.#settle(result as SubscribeResult))(),
      (error) => current(() => this.#refused(error))(),
    );
  }

  #settle({ epoch, seq }: SubscribeResult): void {
    this.state.settle(epoch, seq);
    this.#phase = 'live';
    this.#link.changed();
  }

  /** Something is missing: stop the flow, then ask again from what is held. In a replay the box's word is final. */
  #mend(): void {
    if (this.#phase !== 'live') return;
    this.#phase = 'mending';
    const round = ++this.#round;
    this.#link.changed();
    const again = () => {
      if (round === this.#round) this.start();
    };
    this.#link.ask(METHODS.unsubscribe, { topic: this.topic }, again, nothing);
  }

  #refused(error: CallError): void {
    if (error.code === 'CURSOR_GONE') {
      const { epoch, seq } = error.details as { epoch?: string; seq?: number };
      this.state.reset();
      this.#handlers.reset?.();
      // The snapshot is taken by the reader of this topic; from here on nothing is missed.
      this.#subscribe(typeof epoch === 'string' && typeof seq === 'number' ? { epoch, seq } : undefined);
      return;
    }
    // The socket ended, or the box is busy: the next connection asks again. Anything else would be refused again.
    if (error.wire.retryable) return;
    this.#closed = true;
    this.stop();
    this.#handlers.refused?.(error);
    this.#link.closed(this);
  }
}

function nothing(): void {}
