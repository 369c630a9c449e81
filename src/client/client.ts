import type { Clock } from '../common/index.ts';
import { type Bearer, CLOSE, type Cursor, type InvokeResult, LIMITS, METHODS, PATHS } from '../protocol/index.ts';
import { Backoff } from './backoff.ts';
import { Calls, type InvokeOptions } from './calls.ts';
import { asCallError, Connection, type Handshake } from './connection.ts';
import { Emitter } from './emitter.ts';
import { CallError, localError } from './errors.ts';
import { Subscription, type SubscriptionHandlers, type SubscriptionLink } from './subscription.ts';
import type { SeenTls, Transport } from './transport.ts';
import { type UploadOptions, upload } from './upload.ts';

export type ConnectionState = 'offline' | 'catching-up' | 'connected';

interface ClientEvents<Hello> {
  state: ConnectionState;
  /** After each verified handshake, also at reconnects. */
  hello: Hello;
  /** It will not reconnect by itself: revoked, another box, no common protocol, forked record. */
  refused: CallError;
}

/** Asks one operation of the box that has just said `hello`, before the client counts as connected. */
export type Ask = (operation: string, input: unknown) => Promise<unknown>;

export interface ClientOptions<Hello> {
  /** Origins of the box, `https://<host>:<port>`, most useful first; they are tried in turn. */
  origins: readonly string[];
  transport: Transport;
  handshake: Handshake<Hello>;
  clock: Clock;
  /** Uniform in [0, 1): jitter of the back-off. */
  random?: () => number;
  /** Runs after each verified `hello`, before anything else is sent; a rejection ends the connection. */
  welcome?: (hello: Hello, ask: Ask) => Promise<void>;
}

/** Errors that trying again cannot mend: the answer would be the same, or the peer is not to be talked to. */
const FINAL = new Set(['unauthenticated', 'denied', 'conflict', 'unknown-method', 'bad-input', 'bad-request']);

/**
 * The one way for a program to talk to a box. Keeps one connection alive, follows topics over reconnects, and sends
 * each call at most twice with the same key. `close` is final; the object also works with `using`.
 */
export class JinguClient<Hello = unknown> {
  readonly #options: ClientOptions<Hello>;
  readonly #events = new Emitter<ClientEvents<Hello>>();
  readonly #backoff: Backoff;
  readonly #calls: Calls;
  readonly #subscriptions = new Map<string, Subscription>();
  #connection: Connection<Hello> | undefined;
  #isLinked = false;
  #state: ConnectionState = 'offline';
  #offlineSince: number;
  #cancelRetry: (() => void) | undefined;
  #isRunning = false;
  #ended: CallError | undefined;
  #origin = 0;
  #hello: Hello | undefined;
  /** Handshakes that ended in a verified `hello`. A test asserts it, so that no silent reconnect hides a fault. */
  connects = 0;

  constructor(options: ClientOptions<Hello>) {
    this.#options = options;
    this.#backoff = new Backoff(options.random ?? Math.random);
    this.#offlineSince = options.clock.now();
    this.#calls = new Calls({
      clock: options.clock,
      connection: () => (this.#isLinked ? this.#connection : undefined),
    });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Wall-clock milliseconds of the last loss; of the construction before the first connection. */
  get offlineSince(): number {
    return this.#offlineSince;
  }

  get hello(): Hello | undefined {
    return this.#hello;
  }

  get origin(): string {
    return this.#options.origins[this.#origin % this.#options.origins.length]!;
  }

  /** The TLS key of the open connection, as proved by the box. */
  get seen(): SeenTls | undefined {
    return this.#connection?.seen;
  }

  on<K extends keyof ClientEvents<Hello>>(name: K, listener: (value: ClientEvents<Hello>[K]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** Starts connecting and goes on until `close`. Resolves with the next `hello`; rejects only when refused for good. */
  connect(): Promise<Hello> {
    if (this.#ended) return Promise.reject(this.#ended);
    if (this.#isLinked && this.#hello !== undefined) return Promise.resolve(this.#hello);
    const greeted = new Promise<Hello>((resolve, reject) => {
      const settle = (fn: () => void) => {
        for (const off of offs) off();
        fn();
      };
      const offs = [
        this.on('hello', (hello) => settle(() => resolve(hello))),
        this.on('refused', (error) => settle(() => reject(error))),
      ];
    });
    if (!this.#isRunning) {
      this.#isRunning = true;
      this.#dial();
    }
    return greeted;
  }

  /** Tries again at once: the page became visible, the network came back. */
  wake(): void {
    if (!this.#isRunning || this.#ended || this.#connection) return;
    this.#cancelRetry?.();
    this.#backoff.reset();
    this.#dial();
  }

  /** Runs an operation; see `Calls.invoke` for keys and retries. @throws CallError */
  invoke(operation: string, input: unknown, options: InvokeOptions = {}): Promise<InvokeResult> {
    return this.#calls.invoke(operation, input, options);
  }

  /** A credential for REST, for 10 minutes at most: from the proof of this very socket. @throws CallError */
  async bearer(): Promise<Bearer> {
    if (!this.#isLinked || !this.#connection) throw localError('CLIENT_OFFLINE');
    return (await this.#connection.request(METHODS.bearer, {})) as Bearer;
  }

  /**
   * Brings a file to the box and answers its SHA-256, under which `doc.add` makes it a document. Safe to call again: it
   * goes on where it stopped. @throws CallError
   */
  upload(file: Blob, options: UploadOptions = {}): Promise<string> {
    const { transport } = this.#options;
    const limit = this.#connection?.limits.uploadBytes ?? LIMITS.uploadBytes;
    const way = {
      origin: this.origin,
      pin: this.seen?.spki ?? undefined,
      transport,
      limit,
      bearer: () => this.bearer(),
    };
    return upload(file, way, options);
  }

  /** Follows a topic over every reconnect until the subscription is closed. One per topic: a second takes its place. */
  subscribe(topic: string, handlers: SubscriptionHandlers, after?: Cursor): Subscription {
    this.#subscriptions.get(topic)?.close();
    const link: SubscriptionLink = {
      ask: (method, params, done, failed) => {
        if (this.#isLinked) this.#connection?.ask(method, params, { done, failed });
      },
      changed: () => this.#settleState(),
      closed: (one) => {
        if (this.#subscriptions.get(topic) === one) this.#subscriptions.delete(topic);
        this.#settleState();
      },
    };
    const subscription = new Subscription(topic, handlers, link, after);
    this.#subscriptions.set(topic, subscription);
    if (this.#isLinked) subscription.start();
    this.#settleState();
    return subscription;
  }

  close(): void {
    this.#end(localError('CLIENT_CLOSED'));
    this.#events.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #dial(): void {
    this.#cancelRetry = undefined;
    const connection = new Connection<Hello>({
      transport: this.#options.transport,
      clock: this.#options.clock,
      handshake: this.#options.handshake,
      handlers: {
        event: (event) => this.#subscriptions.get(event.topic)?.event(event),
        text: (stream, to, text) => this.#onText(stream, to, text),
        ended: (code, error) => this.#onEnded(connection, code, error),
      },
    });
    this.#connection = connection;
    const url = `${this.origin.replace(/^http/, 'ws')}${PATHS.socket}`;
    this.#greet(connection, url).catch((error: unknown) => connection.end(asCallError(error)));
  }

  async #greet(connection: Connection<Hello>, url: string): Promise<void> {
    const hello = await connection.open(url);
    await this.#options.welcome?.(hello, async (operation, input) => {
      const result = (await connection.request(operation, { input })) as InvokeResult;
      return result.output;
    });
    if (!connection.isOpen || this.#ended) return;
    this.connects++;
    this.#hello = hello;
    this.#isLinked = true;
    this.#backoff.reset();
    for (const subscription of this.#subscriptions.values()) subscription.start();
    this.#settleState();
    this.#events.emit('hello', hello);
    this.#calls.linked();
  }

  #onText(stream: number, to: number, text: string): void {
    for (const subscription of this.#subscriptions.values()) {
      if (!subscription.state.hasStream(stream)) continue;
      subscription.text(stream, to, text);
      return;
    }
  }

  #onEnded(connection: Connection<Hello>, code: number, error: CallError | undefined): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#isLinked = false;
    for (const subscription of this.#subscriptions.values()) subscription.stop();
    this.#setState('offline');
    if (this.#ended) return;
    const final = finalRefusal(code, error);
    if (final) {
      this.#end(final);
      this.#events.emit('refused', final);
      return;
    }
    this.#origin++;
    this.#cancelRetry = this.#options.clock.after(this.#backoff.next(code), () => this.#dial());
  }

  #end(error: CallError): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#cancelRetry?.();
    this.#calls.end(error);
    this.#connection?.end(error);
    this.#setState('offline');
  }

  #settleState(): void {
    if (!this.#isLinked) this.#setState('offline');
    else this.#setState([...this.#subscriptions.values()].every((s) => s.isCaughtUp) ? 'connected' : 'catching-up');
  }

  #setState(state: ConnectionState): void {
    if (state === this.#state) return;
    if (state === 'offline') this.#offlineSince = this.#options.clock.now();
    this.#state = state;
    this.#events.emit('state', state);
  }
}

function finalRefusal(code: number, error: CallError | undefined): CallError | undefined {
  if (error && FINAL.has(error.wire.category)) return error;
  if (code === CLOSE.revoked) return refusal('DEVICE_REVOKED', 'This device was revoked.');
  if (code === CLOSE.noCommonProtocol) return refusal('PROTOCOL_MISMATCH', 'No common protocol version.');
  return undefined;
}

function refusal(code: string, message: string): CallError {
  return new CallError({ code, category: 'unauthenticated', message, retryable: false });
}
