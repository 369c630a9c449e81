import { diffNumbers } from '../text/diff.ts';
import type { ViewLine } from './kind.ts';

/** What became of one cell or one paragraph. `null`: it was not there before, or is not there any more. */
export interface ViewChange {
  /** `Sheet1!B7`, `slide 3 / Title 1`; absent for what has no address. */
  address?: string;
  from: string | null;
  to: string | null;
}

type Line = Pick<ViewLine, 'text' | 'prefix' | 'address' | 'level'>;

/**
 * Differences of two views of one document as people would say them: `Sheet1!B7: 120 -> 130`. Lines whose address is
 * theirs alone (cells) are compared by it, so a cell that moved to another number is no change; all others (paragraphs)
 * are compared in their order, and paragraphs that gave way to others at the same place are paired.
 */
export function diffViews(before: readonly Line[], after: readonly Line[]): ViewChange[] {
  const shared = sharedAddresses(before, after);
  const isOwn = (line: Line): boolean =>
    line.address !== undefined && line.prefix !== undefined && !shared.has(line.address);
  return [...byAddress(before.filter(isOwn), after.filter(isOwn)), ...inOrder(rest(before, isOwn), rest(after, isOwn))];
}

function rest(lines: readonly Line[], isOwn: (line: Line) => boolean): Line[] {
  return lines.filter((line) => !isOwn(line));
}

function sharedAddresses(...views: (readonly Line[])[]): Set<string> {
  const shared = new Set<string>();
  for (const view of views) {
    const seen = new Set<string>();
    for (const { address } of view) {
      if (address === undefined) continue;
      if (seen.has(address)) shared.add(address);
      seen.add(address);
    }
  }
  return shared;
}

/** In the order of the text after; what is gone comes where it stood, after the cell before it. */
function byAddress(before: readonly Line[], after: readonly Line[]): ViewChange[] {
  const old = new Map(before.map((line) => [line.address!, line]));
  const now = new Set(after.map((line) => line.address!));
  const gone = new Map<string | undefined, ViewChange[]>();
  let last: string | undefined;
  for (const line of before) {
    if (now.has(line.address!)) last = line.address;
    else {
      const here = gone.get(last) ?? [];
      if (here.push({ address: line.address!, from: contentOf(line), to: null }) === 1) gone.set(last, here);
    }
  }
  const out: ViewChange[] = [...(gone.get(undefined) ?? [])];
  for (const line of after) {
    const address = line.address!;
    const was = old.get(address);
    const [from, to] = [was ? contentOf(was) : null, contentOf(line)];
    if (from !== to) out.push({ address, from, to });
    for (const change of gone.get(address) ?? []) out.push(change);
  }
  return out;
}

function inOrder(before: readonly Line[], after: readonly Line[]): ViewChange[] {
  const ids = new Map<string, number>();
  const numbers = (lines: readonly Line[]): Int32Array =>
    Int32Array.from(lines, (line) => {
      const key = line.text;
      const id = ids.get(key) ?? ids.size;
      ids.set(key, id);
      return id;
    });
  const [a, b] = [numbers(before), numbers(after)];
  return diffNumbers(a, b, ids.size).flatMap(({ aFrom, aTo, bFrom, bTo }) => {
    const out: ViewChange[] = [];
    for (let i = 0; i < Math.max(aTo - aFrom, bTo - bFrom); i++) {
      const was = aFrom + i < aTo ? before[aFrom + i] : undefined;
      const is = bFrom + i < bTo ? after[bFrom + i] : undefined;
      const address = is?.address ?? was?.address;
      out.push({
        ...(address === undefined ? {} : { address }),
        from: was ? contentOf(was) : null,
        to: is ? contentOf(is) : null,
      });
    }
    return out;
  });
}

/** A line that is all address (the heading of a sheet) is compared whole. */
function contentOf(line: Line): string {
  const content = line.text.slice(line.prefix?.length ?? 0);
  return content === '' && line.level !== undefined ? line.text : content;
}
