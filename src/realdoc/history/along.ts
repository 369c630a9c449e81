import type { Reader } from '../../common/index.ts';
import type { Pace } from '../pace.ts';
import * as rows from '../repository/index.ts';
import { compose, composeAll, composeAllSlowly, composeLog } from '../text/compose.ts';
import { type Change, invert } from '../text/splice.ts';
import type { Fork, Stretch } from './lineage.ts';

/** The log from one version to another of the same run, as one change. */
export function between(db: Reader, file: string, from: number, to: number): Change {
  if (from > to) return invert(between(db, file, to, from));
  return composeLog(rows.changesBetween(db, file, from, to));
}

/** From one to the other by where their ways part. */
export function along(db: Reader, file: string, { toOne, toOther }: Fork): Change {
  const changes = (way: readonly Stretch[]): Change[] =>
    way.flatMap(({ after, upTo }) => rows.changesBetween(db, file, after, upTo));
  const forth = composeAll(changes(toOther));
  if (toOne.length === 0) return forth;
  const back = invert(composeAll(changes(toOne)));
  return toOther.length === 0 ? back : compose(back, forth);
}

/** A change and what came after it. */
export function andThen(first: Change, second: Change): Change {
  if (first.length === 0) return second;
  return second.length === 0 ? first : compose(first, second);
}

/** Versions whose changes are read at once. */
const SLICE = 2048;

/** The same for ways that are long: others have their turn meanwhile. Old versions must not be taken away until it ends. */
export async function alongSlowly(db: Reader, file: string, { toOne, toOther }: Fork, pace: Pace): Promise<Change> {
  const composed = async (way: readonly Stretch[]): Promise<Change> => {
    const changes: Change[] = [];
    for (const { after, upTo } of way) {
      for (let from = after; from < upTo; from += SLICE) {
        for (const one of rows.changesBetween(db, file, from, Math.min(upTo, from + SLICE))) changes.push(one);
        await pace.turn();
      }
    }
    return await composeAllSlowly(changes, pace);
  };
  const forth = await composed(toOther);
  if (toOne.length === 0) return forth;
  const back = invert(await composed(toOne));
  return toOther.length === 0 ? back : compose(back, forth);
}
