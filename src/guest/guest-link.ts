import { type Clock, fail } from '../common/index.ts';
import { type Call, errorFromGuest } from './call.ts';
import { binaryHead, encodeJson, type Frame, FrameError, FrameReader, MAX_PAYLOAD } from './frames.ts';
import { type FromGuest, readFromGuest, type ToGuest } from './messages.ts';
import type { GoneReason, GuestProcess, GuestSpec } from './types.ts';
import { ReceiveWindow } from './window.ts';

export interface LinkEvents {
  ready(): void;
  notify(method: string, params: unknown): void;
  /** The number of running requests went from none to some, or back. */
  busy(isBusy: boolean): void;
  memory(bytes: number): void;
  /** The guest broke its contract: it must be killed. */
  broken(reason: GoneReason, detail: string): void;
  bye(reason: string): void;
}

interface Entry {
  call: Call;
  window: ReceiveWindow;
  /** Cancels the wait for the guest to end what was cancelled. */
  forget?: () => void;
}

const CANCEL_MS = 30_000;
/** Bytes of a request's body in one frame. */
const BODY_FRAME = 256 * 1024;

/** The host's side of one incarnation: frames, request numbers, acknowledgements, pings. Knows nothing of restarts. */
export class GuestLink {
  readonly #spec: GuestSpec;
  readonly #process: GuestProcess;
  readonly #clock: Clock;
  readonly #events: LinkEvents;
  readonly #reader = new FrameReader();
  /** Also holds settled calls until the guest has ended them: a cancelled request still occupies the guest. */
  readonly #entries = new Map<number, Entry>();
  #nextId = 1;
  #isClosed = false;
  #pings = 0;
  #unanswered = 0;

  constructor(spec: GuestSpec, process: GuestProcess, clock: Clock, events: LinkEvents) {
    this.#spec = spec;
    this.#process = process;
    this.#clock = clock;
    this.#events = events;
  }

  /** Attaches to the stream and says hello. */
  open(): void {
    const { stream, isLeader } = this.#process;
    stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    stream.on('error', () => {});
    this.#send({ t: 'hello', name: this.#spec.name, leader: isLeader, init: this.#spec.init?.() ?? null });
  }

  get running(): number {
    return this.#entries.size;
  }

  /** Hands a call to the guest. It settles by answer, by `close`, or by whoever else holds it. */
  run(call: Call): void {
    const id = this.#nextId;
    this.#nextId = id === 0xffffffff ? 1 : id + 1;
    const entry: Entry = { call, window: new ReceiveWindow() };
    const { method, params, body } = call;
    const length = body?.reduce((sum, bytes) => sum + bytes.length, 0);
    try {
      this.#send({ t: 'req', id, method, params, ...(length === undefined ? {} : { body: length }) });
    } catch (error) {
      const isTooLarge = error instanceof FrameError;
      call.reject(isTooLarge ? fail('TOO_LARGE', { bytes: `over ${MAX_PAYLOAD}`, limit: MAX_PAYLOAD }, error) : error);
      return;
    }
    this.#entries.set(id, entry);
    if (this.#entries.size === 1) this.#events.busy(true);
    call.whenSettled(() => this.#cancelUnlessEnded(id));
    if (body) void this.#sendBody(id, call, body);
  }

  /** Frame by frame, no faster than the stream takes them. Nothing is sent for a call that is settled: see `cancel`. */
  async #sendBody(id: number, call: Call, body: readonly Uint8Array[]): Promise<void> {
    const { stream } = this.#process;
    for (const bytes of body) {
      for (let at = 0; at < bytes.length; at += BODY_FRAME) {
        if (call.isSettled || this.#isClosed || !stream.writable) return;
        const frame = bytes.subarray(at, at + BODY_FRAME);
        stream.write(binaryHead(id, frame.length));
        if (stream.write(frame)) continue;
        await new Promise<void>((resolve) => {
          const go = () => {
            stream.off('drain', go);
            stream.off('close', go);
            resolve();
          };
          stream.on('drain', go);
          stream.on('close', go);
        });
      }
    }
  }

  notify(method: string, params: unknown): void {
    this.#send({ t: 'note', method, params });
  }

  drain(): void {
    this.#send({ t: 'drain' });
  }

  /** Sends the next ping; returns how many in a row had no sign of life since. */
  ping(): number {
    const missed = this.#unanswered++;
    this.#send({ t: 'ping', n: ++this.#pings });
    return missed;
  }

  /** The incarnation is over: everything that still runs ends with `error`. */
  close(error: () => Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const { call, forget } of entries) {
      forget?.();
      call.reject(error());
    }
    this.#process.stream.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#isClosed) return;
    this.#unanswered = 0;
    try {
      for (const frame of this.#reader.push(chunk)) {
        this.#handle(frame);
        if (this.#isClosed) return;
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#events.broken('protocol', error.message);
    }
  }

  #handle(frame: Frame): void {
    if (frame.kind === 'binary') {
      this.#deliver(frame.id, frame.bytes, frame.size);
      return;
    }
    const message = readFromGuest(frame.value);
    if (!message) throw new FrameError('not a message of a guest');
    this.#dispatch(message, frame.size);
  }

  #dispatch(message: FromGuest, size: number): void {
    switch (message.t) {
      case 'ready':
        this.#events.ready();
        return;
      case 'res':
        this.#end(message.id)?.resolve(message.result);
        return;
      case 'err':
        this.#end(message.id)?.reject(errorFromGuest(this.#spec, message.error));
        return;
      case 'part':
        this.#deliver(message.id, message.part, size);
        return;
      case 'note':
        this.#events.notify(message.method, message.params);
        return;
      case 'pong':
        this.#events.memory(message.memoryBytes);
        return;
      case 'bye':
        this.#events.bye(message.reason.slice(0, 300));
        return;
    }
  }

  #deliver(id: number, part: unknown, size: number): void {
    const entry = this.#entries.get(id);
    if (!entry) throw new FrameError('a part of no request');
    void entry.call.deliver(part).then(() => {
      const due = entry.window.consumed(size);
      if (due && this.#entries.has(id)) this.#send({ t: 'ack', id, ...due });
    });
  }

  #end(id: number): Call | undefined {
    const entry = this.#entries.get(id);
    if (!entry) throw new FrameError('an answer to no request');
    entry.forget?.();
    this.#entries.delete(id);
    if (this.#entries.size === 0) this.#events.busy(false);
    return entry.call;
  }

  #cancelUnlessEnded(id: number): void {
    const entry = this.#entries.get(id);
    if (!entry || this.#isClosed) return;
    this.#send({ t: 'cancel', id });
    const cancelMs = this.#spec.limits.cancelMs ?? CANCEL_MS;
    entry.forget = this.#clock.after(cancelMs, () => {
      this.#events.broken('stuck', `a cancelled request did not end within ${cancelMs} ms`);
    });
  }

  #send(message: ToGuest): void {
    const bytes = encodeJson(message);
    if (!this.#isClosed && this.#process.stream.writable) this.#process.stream.write(bytes);
  }
}
