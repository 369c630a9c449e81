import type { Clock } from '../../../src/common/index.ts';

/** Time that moves only when a test says so. Wall time and monotonic time move apart with `jump`. */
export class VirtualClock implements Clock {
  #wall: number;
  #monotonic = 1_000;
  #timers: { due: number; fn: () => void }[] = [];

  constructor(wall = Date.UTC(2026, 10, 21)) {
    this.#wall = wall;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { due: this.#monotonic + ms, fn };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((t) => t !== timer);
    };
  }

  /** Time passes: both clocks move and due timers run in order. */
  pass(ms: number): void {
    const end = this.#monotonic + ms;
    for (;;) {
      const next = this.#timers.filter((t) => t.due <= end).sort((a, b) => a.due - b.due)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((t) => t !== next);
      this.#step(Math.max(next.due - this.#monotonic, 0));
      next.fn();
    }
    this.#step(end - this.#monotonic);
  }

  /** Somebody sets the wall clock; no time passes. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  /** Time passes, but the timers are late: the machine was busy or asleep. */
  passUnnoticed(ms: number): void {
    this.#step(ms);
  }

  #step(ms: number): void {
    this.#monotonic += ms;
    this.#wall += ms;
  }
}
