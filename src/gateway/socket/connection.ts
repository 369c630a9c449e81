import type { WebSocket } from 'ws';
import { type Clock, fail, isJinguError, type JinguError, type Logger, newId } from '../../common/index.ts';
import type { Door, TextStreams, Topics } from '../../door/index.ts';
import {
  type Caller,
  CallParams,
  CancelParams,
  CLOSE,
  decodeFrame,
  errorFrame,
  type Hello,
  LIMITS,
  METHODS,
  notificationFrame,
  type RpcId,
  resultFrame,
  SubscribeParams,
  UnsubscribeParams,
} from '../../protocol/index.ts';
import { check } from '../check.ts';
import type { IdentityGate } from '../ports.ts';
import { Follows } from './follows.ts';
import { Outbox } from './outbox.ts';

export interface ConnectionServices {
  clock: Clock;
  log: Logger;
  door: Door;
  topics: Topics;
  texts: TextStreams;
  identity: IdentityGate;
  hello(caller: Caller): Promise<Omit<Hello, 'protocol' | 'session'>>;
}

/**
 * One socket: challenge, signed connect, hello, then calls and events. It holds nothing that is not in the store, so
 * losing it loses nothing. Frames are handled in the order they arrive; calls run side by side.
 */
export class SocketConnection {
  readonly id: string;
  readonly #socket: WebSocket;
  readonly #s: ConnectionServices;
  readonly #seen: { origin: string | null; source: string };
  readonly #outbox: Outbox;
  readonly #calls = new Map<RpcId, AbortController>();
  readonly #follows: Follows;
  readonly #timers = new Set<() => void>();
  #caller: Caller | undefined;
  #connecting = false;
  #missed = 0;
  #endSession: (() => void) | undefined;

  constructor(socket: WebSocket, seen: { origin: string | null; source: string }, services: ConnectionServices) {
    this.id = newId('con', services.clock.now());
    this.#socket = socket;
    this.#s = services;
    this.#seen = seen;
    this.#outbox = new Outbox(socket, services.clock);
    this.#follows = new Follows(services, this.#outbox);
  }

  get caller(): Caller | undefined {
    return this.#caller;
  }

  start(): void {
    this.#socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    this.#socket.on('pong', () => {
      this.#missed = 0;
    });
    this.#socket.on('close', () => this.#finish());
    this.#socket.on('error', () => this.#socket.terminate());
    try {
      this.#outbox.send(notificationFrame(METHODS.challenge, this.#s.identity.challenge(this.id)));
    } catch (error) {
      return this.#outbox.close(CLOSE.sessionEnded, codeOf(error));
    }
    this.#after(LIMITS.helloMs, () => {
      if (!this.#caller) this.#outbox.close(CLOSE.sessionEnded, 'no connect in time');
    });
  }

  /** Closed because it was too far behind. */
  get lagged(): boolean {
    return this.#outbox.lagged;
  }

  close(code: number, reason: string): void {
    this.#outbox.close(code, reason);
  }

  #receive(data: unknown, isBinary: boolean): void {
    this.#missed = 0;
    const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data as ArrayBuffer);
    if (isBinary) return this.#outbox.close(CLOSE.protocolError, 'text frames only');
    const limit = this.#caller ? LIMITS.frameBytes : LIMITS.frameBytesBeforeHello;
    if (bytes.length > limit) return this.#outbox.close(CLOSE.tooLarge, `frames of at most ${limit} bytes`);
    const frame = decodeFrame(bytes.toString('utf8'));
    switch (frame.kind) {
      case 'invalid':
        this.#outbox.send(
          errorFrame(frame.id, fail(frame.code, { reason: frame.reason }).toWire(this.#caller?.locale)),
        );
        // Before hello nobody gets a second try on the same socket.
        if (!this.#caller) this.#outbox.close(CLOSE.protocolError, 'garbage before connect');
        return;
      case 'request':
        return this.#request(frame.id, frame.method, frame.params);
      case 'notification':
        if (frame.method === METHODS.cancel) this.#cancel(frame.params);
        return;
      default:
        return;
    }
  }

  #request(id: RpcId, method: string, params: Record<string, unknown>): void {
    if (!this.#caller) {
      if (method === METHODS.connect && !this.#connecting) {
        this.#connecting = true;
        this.#connect(id, params).catch((error: unknown) => this.#refuse(id, error));
      } else this.#refuse(id, fail('UNAUTHENTICATED'));
      return;
    }
    try {
      const caller = this.#today();
      switch (method) {
        case METHODS.ping:
          return this.#outbox.send(resultFrame(id, {}));
        case METHODS.renew:
          return this.#renew(id, params);
        case METHODS.bearer:
          return this.#outbox.send(resultFrame(id, this.#s.identity.bearer(this.id)));
        case METHODS.subscribe:
          return this.#outbox.send(resultFrame(id, this.#follows.begin(caller, check(SubscribeParams, params))));
        case METHODS.unsubscribe:
          this.#follows.end(check(UnsubscribeParams, params).topic);
          return this.#outbox.send(resultFrame(id, {}));
        case METHODS.connect:
          throw fail('REQUEST_INVALID', { reason: 'this socket is connected' });
        default:
          void this.#call(id, caller, method, params);
      }
    } catch (error) {
      this.#error(id, error);
    }
  }

  /** From today's records, at every frame: a role taken away or a revocation holds at once. */
  #today(): Caller {
    this.#caller = this.#s.identity.current(this.id);
    return this.#caller;
  }

  async #connect(id: RpcId, params: Record<string, unknown>): Promise<void> {
    const { caller, session, protocol } = this.#s.identity.connect(this.id, params, this.#seen);
    const rest = await this.#s.hello(caller);
    this.#caller = caller;
    const hello: Hello = { protocol, session, ...rest };
    this.#outbox.send(resultFrame(id, hello));
    this.#expectRenewal(session.expiresInMs);
    this.#heartbeat();
  }

  /** One attempt a socket: the error is told, then the socket is closed. */
  #refuse(id: RpcId, error: unknown): void {
    this.#error(id, error);
    this.#outbox.close(
      codeOf(error) === 'PROTOCOL_UNSUPPORTED' ? CLOSE.noCommonProtocol : CLOSE.sessionEnded,
      codeOf(error),
    );
  }

  #renew(id: RpcId, params: Record<string, unknown>): void {
    const { caller, session } = this.#s.identity.renew(this.id, params, this.#seen);
    this.#caller = caller;
    this.#expectRenewal(session.expiresInMs);
    this.#outbox.send(resultFrame(id, session));
  }

  /** A challenge a minute before the end; whoever does not answer it is closed. */
  #expectRenewal(expiresInMs: number): void {
    this.#endSession?.();
    const ask = this.#s.clock.after(Math.max(0, expiresInMs - 60_000), () => {
      this.#outbox.send(notificationFrame(METHODS.challenge, this.#s.identity.challenge(this.id)));
    });
    const end = this.#s.clock.after(expiresInMs, () => this.#outbox.close(CLOSE.sessionEnded, 'session expired'));
    this.#endSession = () => {
      ask();
      end();
    };
  }

  async #call(id: RpcId, caller: Caller, operation: string, params: Record<string, unknown>): Promise<void> {
    if (this.#calls.size >= LIMITS.requestsInFlight || this.#calls.has(id)) {
      return this.#error(
        id,
        fail('RATE_LIMITED', { limit: `${LIMITS.requestsInFlight} calls in flight`, retryAfterMs: 200 }),
      );
    }
    const abort = new AbortController();
    this.#calls.set(id, abort);
    try {
      const envelope = check(CallParams, params);
      const result = await this.#s.door.invoke(
        caller,
        { operation, ...envelope },
        { signal: abort.signal, onPart: (part) => this.#outbox.send(notificationFrame(METHODS.part, { id, part })) },
      );
      this.#outbox.send(resultFrame(id, result));
    } catch (error) {
      this.#error(id, error);
    } finally {
      this.#calls.delete(id);
    }
  }

  #cancel(params: Record<string, unknown>): void {
    try {
      this.#calls.get(check(CancelParams, params).id)?.abort();
    } catch {
      // A notification has no answer: one that cannot be read is dropped.
    }
  }

  #error(id: RpcId, error: unknown): void {
    const known = isJinguError(error) ? error : this.#unexpected(error);
    this.#outbox.send(errorFrame(id, known.toWire(this.#caller?.locale, this.id)));
    if (GONE.has(known.code)) this.#outbox.close(CLOSE.revoked, known.code);
  }

  #unexpected(error: unknown): JinguError {
    this.#s.log.error({ connId: this.id, error: String(error instanceof Error ? error.stack : error) }, 'socket-fault');
    return fail('INTERNAL', {}, error);
  }

  #heartbeat(): void {
    this.#after(LIMITS.heartbeatMs, () => {
      if (++this.#missed > LIMITS.heartbeatsMissed) return this.#socket.terminate();
      this.#socket.ping();
      this.#heartbeat();
    });
  }

  #after(ms: number, fn: () => void): void {
    const cancel = this.#s.clock.after(ms, () => {
      this.#timers.delete(cancel);
      fn();
    });
    this.#timers.add(cancel);
  }

  #finish(): void {
    this.#outbox.stop();
    this.#endSession?.();
    for (const cancel of this.#timers) cancel();
    this.#follows.endAll();
    for (const call of this.#calls.values()) call.abort();
    this.#s.identity.disconnect(this.id);
  }
}

/** After one of these nothing on this socket can succeed any more. */
const GONE: ReadonlySet<string> = new Set(['DEVICE_REVOKED', 'PERSON_SUSPENDED', 'SESSION_EXPIRED']);

function codeOf(error: unknown): string {
  return isJinguError(error) ? error.code : 'INTERNAL';
}
