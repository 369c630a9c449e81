import type { Reader } from '../../common/index.ts';
import * as rows from '../repository/index.ts';

/** Versions after `after`, up to and with `upTo`, one made from the other. */
export interface Stretch {
  after: number;
  upTo: number;
}

/** How two versions are related: the version where their ways part, and the changes that lead from it to each. */
export interface Fork {
  toOne: Stretch[];
  toOther: Stretch[];
}

/**
 * The way a version came: a history goes on from an older version where somebody went back to one, so it is a tree and
 * not a line. Newest stretch first; the last one begins with a stored text, or where the log does.
 */
export function lineage(db: Reader, file: string, version: number): Stretch[] {
  const out: Stretch[] = [];
  for (let upTo: number | undefined = version; upTo !== undefined; ) {
    const start = rows.runStart(db, file, upTo);
    out.push({ after: start.version, upTo });
    upTo = start.of;
  }
  return out;
}

/** `undefined` if no changes lead from one to the other: a stored text lies between them. */
export function forkOf(db: Reader, file: string, one: number, other: number): Fork | undefined {
  const [mine, theirs] = [lineage(db, file, one), lineage(db, file, other)];
  const runs = new Map(theirs.map((stretch, i) => [stretch.after, i]));
  const at = mine.findIndex((stretch) => runs.has(stretch.after));
  if (at < 0) return undefined;
  const there = runs.get(mine[at]!.after)!;
  const meet = Math.min(mine[at]!.upTo, theirs[there]!.upTo);
  return { toOne: wayFrom(meet, mine.slice(0, at + 1)), toOther: wayFrom(meet, theirs.slice(0, there + 1)) };
}

/** Oldest stretch first, beginning behind `version`, which lies in the last of these. */
function wayFrom(version: number, stretches: readonly Stretch[]): Stretch[] {
  const way = stretches.toReversed().map((stretch, i) => (i === 0 ? { ...stretch, after: version } : stretch));
  return way.filter(({ after, upTo }) => upTo > after);
}

/** Versions on the way from one to the other. */
export function stepsBetween({ toOne, toOther }: Fork): number {
  return [...toOne, ...toOther].reduce((sum, { after, upTo }) => sum + upTo - after, 0);
}
