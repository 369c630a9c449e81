import type { Duplex } from 'node:stream';
import { fail, isJinguError } from '../common/index.ts';
import { encodeBinary, encodeJson, FrameError, FrameReader, MAX_PAYLOAD } from './frames.ts';
import { type FromGuest, readToGuest, type ToGuest } from './messages.ts';
import { SendWindow } from './window.ts';

export interface GuestCall {
  /** The bytes that came with the request; empty if none did. */
  body: Buffer;
  /** Aborted when the host cancels, when its deadline passed and when the host is gone. */
  signal: AbortSignal;
  /**
   * Sends one part of the answer; a `Uint8Array` travels as a binary frame. Resolves when there is room for the next:
   * await it where the answer is long (back-pressure), or leave it where parts are few and small.
   */
  part(value: unknown): Promise<void>;
}

/** Declared as a method so that a guest may name the type of its parameters: it trusts its host, not the other way. */
export type GuestMethod = { call(params: unknown, call: GuestCall): unknown }['call'];

export interface ServeOptions {
  /** Bytes that may come with one request. Default 0: none. */
  maxBody?: number;
  methods: Readonly<Record<string, GuestMethod>>;
  /** Runs before `ready` with what the host's spec gave as `init` (keys, settings). A throw ends the guest. */
  onStart?(init: unknown, name: string): void | Promise<void>;
  onNotify?(method: string, params: unknown): void;
  /** Runs after the last request ended and before the process ends; at most about a second when the host died. */
  onDrain?(): void | Promise<void>;
}

/** What the server needs of its process, so that tests can run it inside theirs. */
export interface GuestProcessPort {
  memoryBytes(): number;
  exit(code: number): void;
  /** Ends everything in the guest's own process group, itself included. */
  killGroup(): void;
}

const ORPHAN_GRACE_MS = 1000;

interface Running {
  abort: AbortController;
  window: SendWindow;
  /** What is still to come of its body. */
  coming?: { method: string; params: unknown; pieces: Uint8Array[]; left: number };
}

/** The guest's side of the stream. One life: hello, ready, requests, drain, end. */
export class GuestServer {
  readonly #stream: Duplex;
  readonly #options: ServeOptions;
  readonly #process: GuestProcessPort;
  readonly #reader = new FrameReader();
  readonly #running = new Map<number, Running>();
  #name: string | undefined;
  #leader = false;
  #draining = false;
  #ended = false;

  constructor(stream: Duplex, options: ServeOptions, port: GuestProcessPort) {
    this.#stream = stream;
    this.#options = options;
    this.#process = port;
  }

  start(): void {
    this.#stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    // Errors of the stream are followed by 'close', which is where the guest ends.
    this.#stream.on('error', () => {});
    this.#stream.on('close', () => void this.#hostGone());
  }

  /** One-way message to the host; dropped once the stream is gone. */
  notify(method: string, params: unknown): void {
    this.#send({ t: 'note', method, params });
  }

  #receive(chunk: Buffer): void {
    if (this.#ended) return;
    try {
      for (const frame of this.#reader.push(chunk)) {
        if (frame.kind === 'binary') {
          this.#takeBody(frame.id, frame.bytes);
          continue;
        }
        const message = readToGuest(frame.value);
        if (!message) throw new FrameError('not a message of the host');
        this.#handle(message);
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      void this.#end(70, error.message);
    }
  }

  #handle(message: ToGuest): void {
    switch (message.t) {
      case 'hello':
        if (this.#name !== undefined) throw new FrameError('a second hello');
        this.#name = message.name;
        this.#leader = message.leader;
        void this.#begin(message.init);
        return;
      case 'req':
        this.#accept(message);
        return;
      case 'cancel':
        this.#cancel(this.#running.get(message.id), message.id);
        return;
      case 'ack':
        this.#running.get(message.id)?.window.acknowledged(message.parts, message.bytes);
        return;
      case 'note':
        this.#options.onNotify?.(message.method, message.params);
        return;
      case 'ping':
        this.#send({ t: 'pong', n: message.n, memoryBytes: this.#process.memoryBytes() });
        return;
      case 'drain':
        this.#draining = true;
        if (this.#running.size === 0) void this.#end(0, 'drained');
        return;
    }
  }

  async #begin(init: unknown): Promise<void> {
    try {
      await this.#options.onStart?.(init, this.#name ?? '');
      this.#send({ t: 'ready' });
    } catch (error) {
      await this.#end(1, `start failed: ${reasonOf(error)}`);
    }
  }

  #accept({ id, method, params, body }: Extract<ToGuest, { t: 'req' }>): void {
    const running: Running = { abort: new AbortController(), window: new SendWindow() };
    this.#running.set(id, running);
    if (body === undefined || body === 0) {
      void this.#run(id, running, method, params, Buffer.alloc(0));
      return;
    }
    if (body > (this.#options.maxBody ?? 0)) throw new FrameError(`a body of ${body} bytes`);
    running.coming = { method, params, pieces: [], left: body };
  }

  #takeBody(id: number, bytes: Uint8Array): void {
    const running = this.#running.get(id);
    const coming = running?.coming;
    if (!running || !coming || bytes.length > coming.left) throw new FrameError('bytes of no request');
    coming.pieces.push(bytes);
    coming.left -= bytes.length;
    if (coming.left > 0) return;
    delete running.coming;
    void this.#run(id, running, coming.method, coming.params, Buffer.concat(coming.pieces));
  }

  async #run(id: number, running: Running, method: string, params: unknown, body: Buffer): Promise<void> {
    try {
      const run = Object.hasOwn(this.#options.methods, method) ? this.#options.methods[method] : undefined;
      if (!run) throw new Error(`the guest has no method "${method}"`);
      const part = (value: unknown) => this.#part(id, running, value);
      const result = await run(params, { body, signal: running.abort.signal, part });
      this.#send({ t: 'res', id, result });
    } catch (error) {
      this.#send({ t: 'err', id, error: wireOf(error) });
    } finally {
      this.#forget(id, running);
    }
  }

  #forget(id: number, running: Running): void {
    this.#running.delete(id);
    running.window.release();
    if (this.#draining && this.#running.size === 0) void this.#end(0, 'drained');
  }

  #part(id: number, running: Running, value: unknown): Promise<void> {
    if (this.#stream.writable) {
      const bytes = value instanceof Uint8Array ? encodeBinary(id, value) : encodeJson({ t: 'part', id, part: value });
      running.window.sent(bytes.length);
      this.#stream.write(bytes);
    }
    return running.window.room();
  }

  #send(message: FromGuest): void {
    if (!this.#stream.writable) return;
    this.#stream.write(encodeJson(message));
  }

  /** The core died or let go: nobody can use what still runs here. */
  async #hostGone(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#abortAll();
    await Promise.race([this.#drainHook(), new Promise((resolve) => setTimeout(resolve, ORPHAN_GRACE_MS))]);
    if (this.#leader) this.#process.killGroup();
    this.#process.exit(0);
  }

  async #end(code: number, reason: string): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#abortAll();
    await this.#drainHook();
    this.#send({ t: 'bye', reason });
    this.#stream.end(() => this.#process.exit(code));
    // A host that no longer reads must not keep this process alive.
    setTimeout(() => this.#process.exit(code), ORPHAN_GRACE_MS).unref();
  }

  #abortAll(): void {
    for (const [id, running] of this.#running) this.#cancel(running, id);
  }

  #cancel(running: Running | undefined, id: number): void {
    if (!running) return;
    running.abort.abort();
    running.window.release();
    // It never began; the host sends no more of its body.
    if (!running.coming) return;
    this.#send({ t: 'err', id, error: wireOf(fail('CANCELLED')) });
    this.#forget(id, running);
  }

  async #drainHook(): Promise<void> {
    try {
      await this.#options.onDrain?.();
    } catch (error) {
      process.stderr.write(`drain failed: ${reasonOf(error)}\n`);
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function wireOf(error: unknown): { code: string; message: string; details: Record<string, unknown> } {
  if (isJinguError(error)) return { code: error.code, message: error.message, details: { ...error.details } };
  if (error instanceof FrameError) {
    return { code: 'TOO_LARGE', message: error.message, details: { bytes: `over ${MAX_PAYLOAD}`, limit: MAX_PAYLOAD } };
  }
  return { code: 'GUEST_FAILED', message: reasonOf(error).slice(0, 1000), details: {} };
}
