import type { BoxEvent, Cursor } from '../protocol/index.ts';

/** One streamed message of a topic, as far as it is known. */
export interface Message {
  messageId: string;
  stream: number;
  text: string;
  /** Length of the whole text, once the box has ended it. */
  length: number | null;
  /** Number of its `text-start`. */
  startSeq: number;
  /** The box lost the tail in a crash. */
  cut: boolean;
}

/** As the cursor's schema has it. */
const MOST_OPEN = 64;

export type Folded = 'folded' | 'old' | 'gap';

/**
 * What a client knows of one topic: the newest event number and the text of each message. It is the fold of events
 * and deltas in order, so after any number of resumes it equals what an unbroken socket would have given.
 * Invariant: an event or a delta is folded exactly once, or refused as a gap.
 */
export class TopicState {
  readonly topic: string;
  epoch: string | null = null;
  seq = 0;
  readonly messages = new Map<string, Message>();
  readonly #byStream = new Map<number, Message>();

  constructor(topic: string) {
    this.topic = topic;
  }

  /**
   * Undefined before the first subscription. Names the messages that are not whole; where they are more than a cursor
   * takes, it goes back to before the first one that it cannot name: what is then replayed twice is folded once.
   */
  cursor(): Cursor | undefined {
    if (this.epoch === null) return undefined;
    const open = [...this.messages.values()].filter((m) => m.length === null || m.text.length < m.length);
    const unnamed = open.splice(0, Math.max(0, open.length - MOST_OPEN));
    return {
      epoch: this.epoch,
      seq: unnamed[0] === undefined ? this.seq : unnamed[0].startSeq - 1,
      ...(open.length > 0 ? { open: open.map((m) => ({ messageId: m.messageId, to: m.text.length })) } : {}),
    };
  }

  /** Forgets everything: the box no longer has what would continue it. */
  reset(): void {
    this.epoch = null;
    this.seq = 0;
    this.messages.clear();
    this.#byStream.clear();
  }

  /** The answer to a subscription: everything up to `seq` was replayed, or is not for this caller. */
  settle(epoch: string, seq: number): void {
    this.epoch = epoch;
    this.seq = Math.max(this.seq, seq);
  }

  /** While the box replays, a skipped number is an event hidden from this caller; live it is a loss. */
  foldEvent(event: BoxEvent, isReplay: boolean): Folded {
    if (this.epoch !== null && event.epoch !== this.epoch) return 'gap';
    if (event.seq <= this.seq) return 'old';
    if (!isReplay && event.seq !== this.seq + 1) return 'gap';
    this.epoch = event.epoch;
    this.seq = event.seq;
    this.#foldMessage(event);
    return 'folded';
  }

  /** `added` is what the delta brought beyond the text already held. */
  foldText(stream: number, to: number, text: string): { folded: Folded; message?: Message; added: string } {
    const message = this.#byStream.get(stream);
    if (!message) return { folded: 'gap', added: '' };
    const have = message.text.length;
    if (to <= have) return { folded: 'old', message, added: '' };
    const start = to - text.length;
    if (start > have) return { folded: 'gap', message, added: '' };
    const added = text.slice(have - start);
    message.text += added;
    return { folded: 'folded', message, added };
  }

  hasStream(stream: number): boolean {
    return this.#byStream.has(stream);
  }

  /** True when every ended message is whole. Open ones may still grow. */
  get isWhole(): boolean {
    for (const m of this.messages.values()) if (m.length !== null && m.text.length < m.length) return false;
    return true;
  }

  #foldMessage(event: BoxEvent): void {
    const { messageId, stream, to } = event.data as { messageId?: string; stream?: number; to?: number };
    if (typeof messageId !== 'string') return;
    if (event.kind === 'text-start' && typeof stream === 'number') {
      const message: Message = { messageId, stream, text: '', length: null, startSeq: event.seq, cut: false };
      this.messages.set(messageId, message);
      this.#byStream.set(stream, message);
      return;
    }
    const message = this.messages.get(messageId);
    if (!message || typeof to !== 'number') return;
    if (event.kind === 'text-end') message.length = to;
    if (event.kind === 'text-reset') {
      message.text = message.text.slice(0, to);
      message.cut = true;
    }
  }
}
