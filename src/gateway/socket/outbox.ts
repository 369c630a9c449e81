import type { WebSocket } from 'ws';
import type { Clock } from '../../common/index.ts';
import { CLOSE, LIMITS, textFrame } from '../../protocol/index.ts';

/** Node's own buffer is asked this often whether a slow client has caught up. */
const LOOK_MS = 100;

interface Lagging {
  to: number;
  text: () => string;
  from: number;
}

/**
 * What waits for one socket. Nothing above it waits: past the text limit deltas stop and one catch-up delta a message
 * follows when the socket drained; past the hard limit, or without progress for `socketBufferMs`, it is closed.
 */
export class Outbox {
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #lagging = new Map<number, Lagging>();
  #cancelLook: (() => void) | undefined;
  #stuckSince: number | undefined;
  #lastBuffered = 0;
  #closed = false;
  catchUps = 0;
  lagged = false;

  constructor(socket: WebSocket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
  }

  send(frame: string): void {
    if (this.#closed) return;
    this.#socket.send(frame);
    if (this.#socket.bufferedAmount > LIMITS.socketBufferBytes)
      this.close(CLOSE.lagging, 'too far behind: resume from your cursor');
    else if (this.#socket.bufferedAmount > 0) this.#watch();
  }

  /** `whole` gives the text of the message up to `to`, for the catch-up delta. */
  sendText(stream: number, to: number, text: string, whole: () => string): void {
    if (this.#closed) return;
    const lag = this.#lagging.get(stream);
    if (lag) {
      lag.to = to;
      lag.text = whole;
    } else if (this.#socket.bufferedAmount > LIMITS.textBufferBytes) {
      this.#lagging.set(stream, { from: to - text.length, to, text: whole });
      this.#watch();
    } else this.send(textFrame(stream, to, text));
  }

  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.lagged = code === CLOSE.lagging;
    this.#cancelLook?.();
    this.#socket.close(code, reason.slice(0, 120));
    // A peer that does not read will not answer the close frame either.
    this.#clock.after(2000, () => this.#socket.terminate());
  }

  stop(): void {
    this.#closed = true;
    this.#cancelLook?.();
    this.#lagging.clear();
  }

  #watch(): void {
    this.#cancelLook ??= this.#clock.after(LOOK_MS, () => {
      this.#cancelLook = undefined;
      this.#look();
    });
  }

  #look(): void {
    if (this.#closed) return;
    const buffered = this.#socket.bufferedAmount;
    const now = this.#clock.monotonic();
    if (buffered === 0 || buffered < this.#lastBuffered) this.#stuckSince = undefined;
    else this.#stuckSince ??= now;
    this.#lastBuffered = buffered;
    if (this.#stuckSince !== undefined && now - this.#stuckSince > LIMITS.socketBufferMs) {
      return this.close(CLOSE.lagging, 'nothing read for too long: resume from your cursor');
    }
    if (buffered === 0) {
      for (const [stream, lag] of this.#lagging) {
        this.#lagging.delete(stream);
        this.catchUps += 1;
        this.send(textFrame(stream, lag.to, lag.text().slice(lag.from, lag.to)));
      }
    }
    if (this.#socket.bufferedAmount > 0 || this.#lagging.size > 0) this.#watch();
  }
}
