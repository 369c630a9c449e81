import { type Clock, systemClock } from '../common/index.ts';

/** The system's time, with timers that keep the process alive: a program that waits for its box must not just end. */
export const holdingClock: Clock = {
  now: systemClock.now,
  monotonic: systemClock.monotonic,
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};
