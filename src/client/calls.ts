import { type Clock, newId } from '../common/index.ts';
import type { InvokeResult } from '../protocol/index.ts';
import type { Connection } from './connection.ts';
import { CallError, localError } from './errors.ts';

export interface InvokeOptions {
  /** Made here if left out. Keep it in an outbox before the first try to make a call survive a reload. */
  idempotencyKey?: string;
  confirm?: boolean;
  dryRun?: boolean;
  /** Hold the answer while a person is asked. */
  wait?: boolean;
  /** How long the box may take; default 30 s, at most 10 min. */
  timeoutMs?: number;
  traceparent?: string;
  /** Parts of a streamed answer. */
  onPart?: (part: unknown) => void;
  signal?: AbortSignal;
}

interface Waiter {
  go(): void;
  stop(error: CallError): void;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** How long a call may wait for a connection and for its answer, beyond what the box was given. */
const GRACE_MS = 5_000;
/** Calls held here beyond the box's limit of requests in flight; past it a call fails at once. */
const QUEUE_LIMIT = 1_000;
/** Left free for subscriptions, pings and renewal, which do not queue. */
const RESERVED = 8;

/**
 * The calls of one client: each waits for a connection and a free place, is sent at most twice with one key, and ends
 * with the box's word or an error that says what is known.
 */
export class Calls {
  readonly #clock: Clock;
  readonly #connection: () => Connection<unknown> | undefined;
  readonly #linkWaiters = new Set<Waiter>();
  readonly #placeWaiters: (() => void)[] = [];
  #inFlight = 0;
  /** Set when no connection will ever come. */
  #ended: CallError | undefined;

  constructor(options: { clock: Clock; connection: () => Connection<unknown> | undefined }) {
    this.#clock = options.clock;
    this.#connection = options.connection;
  }

  /**
   * The key is made before anything is sent. Retry law: when the box says `retryable`, or when the connection ended
   * before the answer, one more try with the same key; otherwise none.
   * @throws CallError
   */
  async invoke(operation: string, input: unknown, options: InvokeOptions = {}): Promise<InvokeResult> {
    const { onPart, signal, ...envelope } = options;
    const params = { input, ...envelope, idempotencyKey: options.idempotencyKey ?? newId('key', this.#clock.now()) };
    const deadline = this.#clock.monotonic() + (options.timeoutMs ?? DEFAULT_TIMEOUT_MS) + GRACE_MS;
    const once = () => this.#once(operation, params, deadline, onPart, signal) as Promise<InvokeResult>;
    try {
      return await once();
    } catch (error) {
      if (!(error instanceof CallError) || !error.wire.retryable || signal?.aborted || this.#ended) throw error;
      // Waiting for a connection is not a try: nothing was sent, and the time is over.
      if (error.code === 'CLIENT_OFFLINE') throw error;
      const { retryAfterMs } = error.wire;
      if (retryAfterMs !== undefined) await this.#pause(Math.min(retryAfterMs, GRACE_MS));
      return await once();
    }
  }

  /** A connection is ready: calls that waited for it go out in order. */
  linked(): void {
    for (const waiter of [...this.#linkWaiters]) waiter.go();
  }

  /** No connection will come any more. Harmless when called twice. */
  end(error: CallError): void {
    this.#ended ??= error;
    for (const waiter of [...this.#linkWaiters]) waiter.stop(this.#ended);
  }

  async #once(
    method: string,
    params: object,
    deadline: number,
    part: InvokeOptions['onPart'],
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    const left = () => Math.max(0, deadline - this.#clock.monotonic());
    await this.#waitForLink(left(), signal);
    await this.#takePlace();
    try {
      const connection = this.#connection();
      if (!connection?.isOpen) throw localError('CLIENT_CONNECTION_LOST');
      return await this.#send(connection, method, params, left(), part, signal);
    } finally {
      this.#freePlace();
    }
  }

  /** Waits for the answer; an abort asks the box to stop and still takes its word, for what was done is done. */
  #send(
    connection: Connection<unknown>,
    method: string,
    params: object,
    ms: number,
    part: InvokeOptions['onPart'],
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const cancel = () => connection.cancel(id);
      const settle = (fn: () => void) => {
        stop();
        signal?.removeEventListener('abort', cancel);
        fn();
      };
      const stop = this.#clock.after(ms, () => {
        cancel();
        settle(() => reject(localError('CLIENT_CONNECTION_LOST', { reason: 'no answer in time' })));
      });
      const id = connection.ask(method, params, {
        done: (result) => settle(() => resolve(result)),
        failed: (error) => settle(() => reject(error)),
        part,
      });
      if (signal?.aborted) cancel();
      else signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  #waitForLink(ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#connection()?.isOpen) return Promise.resolve();
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#linkWaiters.delete(waiter);
        stopTimer();
        signal?.removeEventListener('abort', aborted);
      };
      const waiter: Waiter = {
        go: () => {
          leave();
          resolve();
        },
        stop: (error) => {
          leave();
          reject(error);
        },
      };
      const aborted = () => waiter.stop(localError('CLIENT_CLOSED'));
      const stopTimer = this.#clock.after(ms, () => waiter.stop(localError('CLIENT_OFFLINE')));
      signal?.addEventListener('abort', aborted, { once: true });
      this.#linkWaiters.add(waiter);
    });
  }

  /** The box takes so many requests at once on a socket; more wait here, in order. */
  #takePlace(): Promise<void> {
    const most = (this.#connection()?.limits.requestsInFlight ?? 64) - RESERVED;
    if (this.#inFlight < most) {
      this.#inFlight++;
      return Promise.resolve();
    }
    if (this.#placeWaiters.length >= QUEUE_LIMIT) {
      return Promise.reject(localError('CLIENT_OFFLINE', { reason: 'too many calls wait' }));
    }
    return new Promise((resolve) => this.#placeWaiters.push(resolve));
  }

  #freePlace(): void {
    const next = this.#placeWaiters.shift();
    if (next) next();
    else this.#inFlight--;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.after(ms, resolve));
  }
}
