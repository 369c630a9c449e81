import type { Millis } from './brand.ts';

/** Time as a port: tests run on a virtual one. Wall time may jump; `monotonic` never goes back. */
export interface Clock {
  now(): Millis;
  /** Milliseconds from an arbitrary origin, for deadlines and durations. */
  monotonic(): number;
  /** Calls `fn` after `ms`; the returned function cancels and may be called twice. */
  after(ms: number, fn: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    // A pending timer must not keep a stopping daemon alive; browsers return a number without `unref`.
    (timer as { unref?: () => void }).unref?.();
    return () => clearTimeout(timer);
  },
};
