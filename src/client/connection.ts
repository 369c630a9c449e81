import type { Clock } from '../common/index.ts';
import {
  type BoxEvent,
  decodeFrame,
  type Frame,
  LIMITS,
  type Limits,
  METHODS,
  notificationFrame,
  type RpcId,
  readEvent,
  requestFrame,
  SUBPROTOCOL,
} from '../protocol/index.ts';
import { CallError, localError } from './errors.ts';
import type { SeenTls, Socket, Transport } from './transport.ts';

/** The signed opening of a socket and its renewal, as a port: real keys in `handshake.ts`. */
export interface Handshake<Hello> {
  /** Params of `session.connect` for this challenge. */
  connect(challenge: Record<string, unknown>, seen: SeenTls): Promise<Record<string, unknown>>;
  /** Checks the box's signature over both nonces and the key seen; throws CLIENT_BOX_MISMATCH. */
  verify(
    challenge: Record<string, unknown>,
    connect: Record<string, unknown>,
    result: unknown,
    seen: SeenTls,
  ): Promise<Hello>;
  /** Params of `session.renew`, and the check of its answer. The box asks by a new challenge before a session ends. */
  renew(
    challenge: Record<string, unknown>,
    seen: SeenTls,
  ): Promise<{ params: object; check(result: unknown): Promise<void> }>;
}

export interface ConnectionHandlers {
  event(event: BoxEvent): void;
  text(stream: number, to: number, text: string): void;
  /** Once; `error` is set where this side ended it for a reason. */
  ended(code: number, error?: CallError): void;
}

/** Called in the turn in which the frame arrives, before any later frame is handled. */
export interface AnswerHandlers {
  done(result: unknown): void;
  failed(error: CallError): void;
  part?: ((part: unknown) => void) | undefined;
}

/**
 * The life of one socket: opening, signed handshake, requests and their answers, heartbeat, renewal. It does not
 * reconnect; `JinguClient` makes the next one. Frames are handled in the order they arrive.
 */
export class Connection<Hello> {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #handshake: Handshake<Hello>;
  readonly #handlers: ConnectionHandlers;
  readonly #waiting = new Map<RpcId, AnswerHandlers>();
  readonly #timers = new Set<() => void>();
  #socket: Socket | undefined;
  #seen: SeenTls = { spki: null, exporter: null };
  #nextId = 1;
  #opened: { resolve(hello: Hello): void; reject(error: CallError): void } | undefined;
  #greeted = false;
  #ended = false;
  #silentFor = 0;
  #heard = true;
  limits: Limits = LIMITS;

  constructor(options: {
    transport: Transport;
    clock: Clock;
    handshake: Handshake<Hello>;
    handlers: ConnectionHandlers;
  }) {
    this.#transport = options.transport;
    this.#clock = options.clock;
    this.#handshake = options.handshake;
    this.#handlers = options.handlers;
  }

  /** Resolves with a verified `hello`; rejects, with the socket closed, if the box is another or does not know us. */
  open(url: string): Promise<Hello> {
    return new Promise((resolve, reject) => {
      this.#opened = { resolve, reject };
      this.#after(LIMITS.helloMs, () => {
        if (!this.#greeted) this.end(localError('CLIENT_OFFLINE', { reason: 'no hello in time' }));
      });
      this.#socket = this.#transport.openSocket(url, SUBPROTOCOL, {
        open: (seen) => {
          this.#seen = seen;
        },
        message: (text) => this.#receive(text),
        closed: (code, reason) => this.#finish(code, reason),
      });
    });
  }

  get isOpen(): boolean {
    return this.#greeted && !this.#ended;
  }

  get inFlight(): number {
    return this.#waiting.size;
  }

  /** The key that the TLS layer saw, verified by the box's signature once `open` has resolved. */
  get seen(): SeenTls {
    return this.#seen;
  }

  /** Sends one request and returns its id. Fails with CLIENT_CONNECTION_LOST when the socket ends first. */
  ask(method: string, params: object, handlers: AnswerHandlers): RpcId {
    const id = this.#nextId++;
    const frame = requestFrame(id, method, params);
    const bytes = utf8Length(frame);
    if (this.#ended || !this.#socket) handlers.failed(localError('CLIENT_CONNECTION_LOST'));
    else if (bytes > this.limits.frameBytes) handlers.failed(tooLarge(bytes, this.limits.frameBytes));
    else {
      this.#waiting.set(id, handlers);
      this.#socket.send(frame);
    }
    return id;
  }

  request(method: string, params: object): Promise<unknown> {
    return new Promise((done, failed) => this.ask(method, params, { done, failed }));
  }

  cancel(id: RpcId): void {
    if (this.#waiting.has(id)) this.#socket?.send(notificationFrame(METHODS.cancel, { id }));
  }

  /** Ends the socket from this side. */
  end(error?: CallError): void {
    if (this.#ended) return;
    // First the reason, then the socket: a transport may report the closing in this very call, and knows no reason.
    this.#finish(1000, error?.message ?? '', error);
    this.#socket?.close(1000, '');
  }

  #receive(text: string): void {
    if (this.#ended) return;
    this.#heard = true;
    const frame = decodeFrame(text);
    switch (frame.kind) {
      case 'text':
        this.#handlers.text(frame.stream, frame.to, frame.text);
        break;
      case 'notification':
        this.#notified(frame.method, frame.params);
        break;
      case 'result':
        this.#take(frame.id)?.done(frame.result);
        break;
      case 'error':
        this.#failed(frame);
        break;
      case 'invalid':
        this.end(localError('CLIENT_ANSWER_INVALID', { reason: frame.reason }));
        break;
      default:
        // A request: the box asks nothing of a client in this protocol number.
        break;
    }
  }

  #notified(method: string, params: Record<string, unknown>): void {
    if (method === METHODS.challenge) {
      const step = this.#greeted ? this.#renew(params) : this.#greet(params);
      step.catch((error: unknown) => this.end(asCallError(error)));
      return;
    }
    if (method === METHODS.event) {
      const event = readEvent(params);
      if (event) this.#handlers.event(event);
      return;
    }
    if (method === METHODS.part) this.#waiting.get(params['id'] as RpcId)?.part?.(params['part']);
  }

  async #greet(challenge: Record<string, unknown>): Promise<void> {
    const connect = await this.#handshake.connect(challenge, this.#seen);
    const result = await this.request(METHODS.connect, connect);
    const hello = await this.#handshake.verify(challenge, connect, result, this.#seen);
    if (this.#ended) return;
    this.limits = { ...LIMITS, ...(result as { limits?: Partial<Limits> }).limits };
    this.#greeted = true;
    this.#heartbeat();
    this.#opened?.resolve(hello);
  }

  async #renew(challenge: Record<string, unknown>): Promise<void> {
    const { params, check } = await this.#handshake.renew(challenge, this.#seen);
    await check(await this.request(METHODS.renew, params));
  }

  #failed(frame: Frame & { kind: 'error' }): void {
    const error = new CallError(frame.error.data);
    if (frame.id === null) this.end(error);
    else this.#take(frame.id)?.failed(error);
  }

  #take(id: RpcId): AnswerHandlers | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  /** Each interval in which nothing was heard sends a ping; after two such intervals the peer is dead. */
  #heartbeat(): void {
    this.#after(this.limits.heartbeatMs, () => {
      this.#silentFor = this.#heard ? 0 : this.#silentFor + 1;
      this.#heard = false;
      if (this.#silentFor >= this.limits.heartbeatsMissed) {
        this.end(localError('CLIENT_OFFLINE', { reason: 'silence' }));
        return;
      }
      this.request(METHODS.ping, {}).catch(() => {});
      this.#heartbeat();
    });
  }

  #after(ms: number, fn: () => void): void {
    const cancel = this.#clock.after(ms, () => {
      this.#timers.delete(cancel);
      if (!this.#ended) fn();
    });
    this.#timers.add(cancel);
  }

  #finish(code: number, reason: string, error?: CallError): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    const lost = error ?? localError('CLIENT_CONNECTION_LOST', { code, ...(reason ? { reason } : {}) });
    for (const waiting of this.#waiting.values()) waiting.failed(lost);
    this.#waiting.clear();
    this.#opened?.reject(lost);
    this.#handlers.ended(code, error);
  }
}

export function asCallError(error: unknown): CallError {
  return error instanceof CallError
    ? error
    : localError('CLIENT_ANSWER_INVALID', { reason: String(error) }, 'en', error);
}

function utf8Length(text: string): number {
  // Cheap bound first: a UTF-16 unit takes at most three bytes of UTF-8.
  return text.length * 3 < 65_536 ? text.length : new TextEncoder().encode(text).length;
}

function tooLarge(bytes: number, limit: number): CallError {
  const message = `Too large: ${bytes} bytes, the limit is ${limit}.`;
  return new CallError({
    code: 'TOO_LARGE',
    category: 'bad-input',
    message,
    retryable: false,
    details: { bytes, limit },
  });
}
