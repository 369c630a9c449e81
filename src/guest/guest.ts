import { type Clock, fail, type JinguError, type Logger } from '../common/index.ts';
import { Backoff, type BackoffOptions } from './backoff.ts';
import { Call } from './call.ts';
import type { GuestLink } from './guest-link.ts';
import { type End, Incarnation } from './incarnation.ts';
import { Listeners } from './listeners.ts';
import type {
  GoneReason,
  GuestHandle,
  GuestRequestOptions,
  GuestSpec,
  GuestState,
  GuestStatus,
  Starter,
} from './types.ts';

const REQUEST_MS = 30_000;
const MAX_REQUESTS = 64;

export interface GuestOptions {
  spec: GuestSpec;
  starter: Starter;
  clock: Clock;
  log: Logger;
  backoff?: BackoffOptions;
  onStopped(): void;
}

/** One guest over all its lives: starts, queues what comes before it is ready, restarts with back-off, stops. */
export class Guest implements GuestHandle {
  readonly #spec: GuestSpec;
  readonly #starter: Starter;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #backoff: Backoff;
  readonly #onStopped: () => void;
  readonly #stateListeners: Listeners<[GuestStatus]>;
  readonly #noteListeners: Listeners<[string, unknown]>;
  /** Calls that wait for `ready`, with what to do then. */
  readonly #waiting = new Map<Call, (link: GuestLink) => void>();
  #state: GuestState = 'gone';
  #reason: GoneReason | null = 'not-started';
  #detail: string | null = null;
  #starts = 0;
  #memoryBytes: number | null = null;
  #incarnation: Incarnation | undefined;
  /** The life in progress, from the decision to start until its end is handled. */
  #life: Promise<void> | undefined;
  #cancelStart: (() => void) | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: GuestOptions) {
    this.#spec = options.spec;
    this.#starter = options.starter;
    this.#clock = options.clock;
    this.#log = options.log.child({ guest: options.spec.name });
    this.#backoff = new Backoff(options.backoff);
    this.#onStopped = options.onStopped;
    const onError = (error: unknown) => this.#log.error({ reason: textOf(error) }, 'guest-listener-threw');
    this.#stateListeners = new Listeners(onError);
    this.#noteListeners = new Listeners(onError);
  }

  get name(): string {
    return this.#spec.name;
  }

  get state(): GuestState {
    return this.#state;
  }

  get status(): GuestStatus {
    return {
      name: this.#spec.name,
      state: this.#state,
      reason: this.#reason,
      detail: this.#detail,
      pid: this.#incarnation?.pid ?? null,
      starts: this.#starts,
      memoryBytes: this.#memoryBytes,
    };
  }

  on(event: 'state', listener: (status: GuestStatus) => void): () => void;
  on(event: 'notify', listener: (method: string, params: unknown) => void): () => void;
  on(event: 'state' | 'notify', listener: (...args: never[]) => void): () => void {
    if (event === 'state') return this.#stateListeners.add(listener as (status: GuestStatus) => void);
    return this.#noteListeners.add(listener as (method: string, params: unknown) => void);
  }

  request(method: string, params: unknown, options: GuestRequestOptions = {}): Promise<unknown> {
    const call = new Call(method, params, options);
    const limit = this.#spec.limits.maxRequests ?? MAX_REQUESTS;
    if (this.#waiting.size + (this.#incarnation?.link.running ?? 0) >= limit) {
      call.reject(fail('GUEST_BUSY', { guest: this.name, limit }));
      return call.promise;
    }
    return this.#submit(call, options, (link) => link.run(call));
  }

  async ready(options: { signal?: AbortSignal } = {}): Promise<void> {
    const call = new Call('', null, {});
    // The ready deadline of the start itself is the real bound; this one covers a back-off before it.
    await this.#submit(call, { ...options, timeoutMs: this.#spec.limits.readyMs * 2 }, () => call.resolve(undefined));
  }

  notify(method: string, params: unknown): void {
    if (this.#isUp) this.#incarnation?.link.notify(method, params);
  }

  /** Starts it now if it is not up; used by the supervisor for `always`. */
  start(): void {
    if (this.#life !== undefined || this.#cancelStart || this.#isStopping) return;
    const wait = this.#backoff.waitMs(this.#clock.monotonic());
    if (wait === 0) {
      this.#life = this.#live();
      return;
    }
    this.#cancelStart = this.#clock.after(wait, () => {
      this.#cancelStart = undefined;
      this.start();
    });
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  get #isUp(): boolean {
    return this.#state === 'ready' || this.#state === 'busy';
  }

  get #isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  #submit(call: Call, options: GuestRequestOptions, go: (link: GuestLink) => void): Promise<unknown> {
    if (this.#isStopping) call.reject(this.#goneError('stopped', 'stopped'));
    else if (options.signal?.aborted) call.reject(fail('CANCELLED', {}, options.signal.reason));
    if (call.isSettled) return call.promise;
    this.#bound(call, options);
    const link = this.#incarnation?.link;
    if (this.#isUp && link) {
      go(link);
      return call.promise;
    }
    this.#waiting.set(call, go);
    call.whenSettled(() => this.#waiting.delete(call));
    this.start();
    // While the circuit is open nobody waits minutes for an answer: the caller hears when to come back.
    if (this.#cancelStart && this.#backoff.isOpen) this.#refuseWaiting();
    return call.promise;
  }

  #bound(call: Call, options: GuestRequestOptions): void {
    const ms = options.timeoutMs ?? this.#spec.limits.requestMs ?? REQUEST_MS;
    call.whenSettled(this.#clock.after(ms, () => call.reject(fail('GUEST_TIMEOUT', { guest: this.name, ms }))));
    const { signal } = options;
    if (!signal) return;
    const onAbort = () => call.reject(fail('CANCELLED', {}, signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    call.whenSettled(() => signal.removeEventListener('abort', onAbort));
  }

  /** One life. Never rejects. */
  async #live(): Promise<void> {
    this.#starts++;
    this.#enter('starting', null, null);
    const end = await this.#run();
    this.#incarnation?.link.close(() => this.#goneError(end.reason, end.detail));
    this.#incarnation = undefined;
    this.#memoryBytes = null;
    this.#life = undefined;
    if (!this.#isStopping) this.#backoff.ended(this.#clock.monotonic(), end.aliveMs);
    this.#log[this.#isStopping ? 'info' : 'warn'](
      { reason: end.reason, detail: end.detail, starts: this.#starts },
      'guest-gone',
    );
    this.#enter('gone', this.#isStopping ? 'stopped' : end.reason, end.detail);
    this.#refuseWaiting();
    if (this.#spec.restart === 'always') this.start();
  }

  async #run(): Promise<End> {
    try {
      const process = await this.#starter.start(this.#spec);
      const incarnation = new Incarnation(this.#spec, process, this.#clock, {
        ready: () => this.#becameReady(),
        notify: (method, params) => this.#noteListeners.emit(method, params),
        busy: (isBusy) => {
          if (this.#isUp) this.#enter(isBusy ? 'busy' : 'ready', null, null);
        },
        memory: (bytes) => {
          this.#memoryBytes = bytes;
        },
      });
      this.#incarnation = incarnation;
      incarnation.begin();
      if (this.#isStopping) incarnation.stop();
      return await incarnation.ended;
    } catch (error) {
      return { reason: 'start-failed', detail: textOf(error), aliveMs: 0 };
    }
  }

  #becameReady(): void {
    if (this.#state !== 'starting') return;
    this.#enter('ready', null, null);
    const link = this.#incarnation!.link;
    for (const [call, go] of [...this.#waiting]) {
      this.#waiting.delete(call);
      if (!call.isSettled) go(link);
    }
  }

  async #stop(): Promise<void> {
    // `#stopping` is set by the time anything below looks at it.
    await Promise.resolve();
    this.#cancelStart?.();
    this.#cancelStart = undefined;
    for (const call of [...this.#waiting.keys()]) call.reject(this.#goneError('stopped', 'stopped'));
    if (this.#life !== undefined) {
      this.#enter('draining', null, null);
      this.#incarnation?.stop();
      await this.#life;
    } else {
      this.#enter('gone', 'stopped', null);
    }
    this.#onStopped();
    this.#stateListeners.clear();
    this.#noteListeners.clear();
  }

  #refuseWaiting(): void {
    const retryAfterMs = Math.ceil(this.#backoff.waitMs(this.#clock.monotonic()));
    const reason = this.#detail ?? 'it has not been started';
    for (const call of [...this.#waiting.keys()]) {
      call.reject(fail('GUEST_UNAVAILABLE', { guest: this.name, reason, retryAfterMs }));
    }
  }

  #goneError(cause: GoneReason, reason: string): JinguError {
    return fail('GUEST_GONE', { guest: this.name, reason, cause });
  }

  #enter(state: GuestState, reason: GoneReason | null, detail: string | null): void {
    this.#state = state;
    this.#reason = reason;
    this.#detail = detail;
    this.#stateListeners.emit(this.status);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
