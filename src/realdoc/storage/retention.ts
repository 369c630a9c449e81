/** How long versions are kept, in days. Each rule keeps more than the next; tags and the newest version always stay. */
export interface Retention {
  /** Every version. */
  allDays: number;
  /** The last version of each hour. */
  hourlyDays: number;
  /** The last version of each day. */
  dailyDays: number;
}

export const DEFAULT_RETENTION: Retention = { allDays: 7, hourlyDays: 30, dailyDays: 365 };

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export interface Dated {
  version: number;
  at: number;
}

/**
 * Which of these versions (in order) a retention keeps at `now`: hours and days are counted from 1970, so the same
 * versions stay whenever it is asked.
 */
export function keptBy(retention: Retention, versions: readonly Dated[], now: number): Set<number> {
  const kept = new Set<number>();
  const last = new Map<string, number>();
  for (const { version, at } of versions) {
    const age = now - at;
    if (age <= retention.allDays * DAY) kept.add(version);
    else if (age <= retention.hourlyDays * DAY) last.set(`hour ${Math.floor(at / HOUR)}`, version);
    else if (age <= retention.dailyDays * DAY) last.set(`day ${Math.floor(at / DAY)}`, version);
  }
  for (const version of last.values()) kept.add(version);
  const newest = versions.at(-1);
  if (newest) kept.add(newest.version);
  return kept;
}
