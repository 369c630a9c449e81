import { type Clock, type Millis, systemClock } from '../../src/common/index.ts';

export const DAY_MS = 86_400_000;

/**
 * Time in which waiting takes a part of the time: two seconds of patience need not pass 5,000 times. `daysBack`: it is so
 * many days ago, so that there are old versions to take away later.
 */
export function quickClock(times: number, daysBack = 0): Clock {
  return {
    ...systemClock,
    now: () => (systemClock.now() - daysBack * DAY_MS) as Millis,
    after: (ms, fn) => systemClock.after(ms / times, fn),
  };
}
