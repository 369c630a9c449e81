import { type Clock, systemClock } from '../../src/common/index.ts';

/** The real time, in which waiting takes a part of the time: two seconds of patience need not pass 5,000 times. */
export function quickClock(times: number): Clock {
  return { ...systemClock, after: (ms, fn) => systemClock.after(ms / times, fn) };
}
