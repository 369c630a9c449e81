import type { Clock } from '../common/index.ts';
import { GuestLink } from './guest-link.ts';
import type { GoneReason, GuestExit, GuestProcess, GuestSpec } from './types.ts';

export interface IncarnationEvents {
  ready(): void;
  notify(method: string, params: unknown): void;
  busy(isBusy: boolean): void;
  memory(bytes: number): void;
}

export interface End {
  reason: GoneReason;
  detail: string;
  /** How long it had been ready; 0 if it never was. */
  aliveMs: number;
}

const PING_MS = 5000;
const MISSED_PINGS = 6;
const MEMORY_CHECK_MS = 1000;
/** After the stream closed, how long a process may take to end; after the process ended, how long its stream may. */
const STRAGGLE_MS = 2000;
const TERM_MS = 2000;
const MIB = 1024 * 1024;

/** One process (or connection) from start to end, watched: ready deadline, memory, pings. Ends exactly once. */
export class Incarnation {
  readonly link: GuestLink;
  readonly pid: number | null;
  /** Resolves when nothing of it runs any more and its stream is read to the end. */
  readonly ended: Promise<End>;
  readonly #spec: GuestSpec;
  readonly #process: GuestProcess;
  readonly #clock: Clock;
  readonly #events: IncarnationEvents;
  readonly #timers = new Set<() => void>();
  #readyAt: number | undefined;
  #cause: { reason: GoneReason; detail: string } | undefined;
  #bye: string | undefined;
  #isOver = false;

  constructor(spec: GuestSpec, process: GuestProcess, clock: Clock, events: IncarnationEvents) {
    this.#spec = spec;
    this.#process = process;
    this.#clock = clock;
    this.#events = events;
    this.pid = process.pid;
    this.link = new GuestLink(spec, process, clock, {
      ready: () => this.#becameReady(),
      notify: events.notify,
      busy: events.busy,
      memory: events.memory,
      broken: (reason, detail) => this.kill(reason, detail),
      bye: (reason) => {
        this.#bye = reason;
      },
    });
    this.ended = process.exited.then((exit) => this.#finish(exit));
  }

  begin(): void {
    const { readyMs } = this.#spec.limits;
    this.#after(readyMs, () => {
      if (this.#readyAt === undefined) this.kill('not-ready', `not ready within ${readyMs} ms`);
    });
    this.#process.stream.once('close', () => {
      this.#after(STRAGGLE_MS, () => this.kill('exited', 'closed its stream'));
    });
    this.#watchMemory();
    this.link.open();
  }

  /** Drains, then SIGTERM, then SIGKILL. Resolves through `ended`. */
  stop(): void {
    this.#cause ??= { reason: 'stopped', detail: 'stopped' };
    this.link.drain();
    this.#after(this.#spec.limits.drainMs ?? 5000, () => {
      this.#process.kill('SIGTERM');
      this.#after(TERM_MS, () => this.#process.kill('SIGKILL'));
    });
  }

  kill(reason: GoneReason, detail: string): void {
    if (this.#isOver) return;
    this.#cause ??= { reason, detail };
    this.#process.kill('SIGKILL');
  }

  #becameReady(): void {
    if (this.#readyAt !== undefined) return;
    this.#readyAt = this.#clock.monotonic();
    this.#events.ready();
    const { pingMs = PING_MS, missedPings = MISSED_PINGS } = this.#spec.limits;
    if (pingMs === 0) return;
    // Counted, not timed: a core that was itself stopped for a while sees one missed ping, not a dead guest.
    this.#every(pingMs, () => {
      if (this.link.ping() >= missedPings) this.kill('unresponsive', `${missedPings} pings without an answer`);
    });
  }

  #watchMemory(): void {
    const { memoryMb } = this.#spec.limits;
    let isReading = false;
    this.#every(MEMORY_CHECK_MS, () => {
      if (isReading) return;
      isReading = true;
      void this.#process.memoryBytes().then((bytes) => {
        isReading = false;
        if (bytes === undefined || this.#isOver) return;
        this.#events.memory(bytes);
        if (memoryMb === undefined || bytes <= memoryMb * MIB) return;
        this.kill('memory', `${Math.ceil(bytes / MIB)} MiB of memory, the limit is ${memoryMb}`);
      });
    });
  }

  async #finish(exit: GuestExit): Promise<End> {
    await this.#drained();
    this.#isOver = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    const aliveMs = this.#readyAt === undefined ? 0 : Math.max(1, this.#clock.monotonic() - this.#readyAt);
    return { ...(this.#cause ?? endOf(exit, this.#bye)), aliveMs };
  }

  /** Answers written just before the end are still in the stream when the exit is known. */
  #drained(): Promise<void> {
    const { stream } = this.#process;
    if (stream.closed) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#clock.after(STRAGGLE_MS, resolve);
      stream.once('close', () => {
        cancel();
        resolve();
      });
    });
  }

  #after(ms: number, fn: () => void): void {
    const cancel = this.#clock.after(ms, () => {
      this.#timers.delete(cancel);
      if (!this.#isOver) fn();
    });
    this.#timers.add(cancel);
  }

  #every(ms: number, fn: () => void): void {
    this.#after(ms, () => {
      fn();
      this.#every(ms, fn);
    });
  }
}

function endOf(exit: GuestExit, bye: string | undefined): { reason: GoneReason; detail: string } {
  if (exit.error !== undefined) return { reason: 'start-failed', detail: exit.error };
  if (exit.signal !== null) return { reason: 'killed', detail: exit.signal };
  if (exit.code === null) return { reason: 'exited', detail: bye ?? 'closed its connection' };
  return { reason: 'exited', detail: bye === undefined ? `exit code ${exit.code}` : `${bye} (code ${exit.code})` };
}
