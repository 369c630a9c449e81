import { type FlatEntry, type FlatSource, indexFlat } from '../office/flat.ts';
import { diffNumbers } from '../text/diff.ts';
import type { Change, Splice } from '../text/splice.ts';
import { tighten } from '../text/tighten.ts';

/** Longer texts are compared as a whole: a number for each of their tags would take more memory than they do. */
const MAX_TOKENS_BYTES = 32 * 1024 * 1024;

/**
 * What leads from one flat form to another: entry by entry, text compared tag by tag. Programs write a package anew at
 * every save; what stayed the same inside a part must not be part of the change, or no edit could ever be kept beside it.
 */
export function packageDiff(before: Buffer, after: Buffer): Change {
  const out: Splice[] = [];
  const replace = (aFrom: number, aTo: number, bFrom: number, bTo: number): void => {
    const del = before.subarray(aFrom, aTo);
    const ins = after.subarray(bFrom, bTo);
    if (!del.equals(ins)) out.push({ at: aFrom, del, ins });
  };
  const a = blocksOf(before);
  const b = blocksOf(after);
  let [i, j] = [0, 0];
  for (const [x, y] of [...common(a, b), [a.length, b.length] as const]) {
    const [aStart, bStart] = [a[i]?.from ?? before.length, b[j]?.from ?? after.length];
    replace(aStart, a[x]?.from ?? before.length, bStart, b[y]?.from ?? after.length);
    const [mine, theirs] = [a[x], b[y]];
    if (mine && theirs) {
      replace(mine.from, mine.textFrom, theirs.from, theirs.textFrom);
      out.push(...textDiff(before, mine, after, theirs));
      [i, j] = [x + 1, y + 1];
    }
  }
  return joined(out);
}

interface Block {
  name: string;
  from: number;
  /** From here to `to` is inflated text; the same for what has none. */
  textFrom: number;
  to: number;
}

/** Head, entries and tail of a flat form, one behind the other. */
function blocksOf(flat: Buffer): Block[] {
  const source: FlatSource = { bytes: flat.length, slice: (from, to) => flat.subarray(from, to) };
  const { entries } = indexFlat(source);
  const ends = entries.map((entry) => endOf(entry));
  const head = flat.indexOf(10) + 1;
  const starts = [head, ...ends];
  const blocks: Block[] = [{ name: '\0head', from: 0, textFrom: head, to: head }];
  for (const [i, entry] of entries.entries()) {
    blocks.push({ name: entry.name, from: starts[i]!, textFrom: entry.text?.from ?? ends[i]!, to: ends[i]! });
  }
  const tail = starts.at(-1)!;
  blocks.push({ name: '\0tail', from: tail, textFrom: flat.length, to: flat.length });
  return blocks;
}

function endOf(entry: FlatEntry): number {
  return entry.text?.to ?? entry.rawAt + entry.raw;
}

/** Pairs of blocks with one name, rising on both sides: as many as a look ahead finds. */
function common(a: readonly Block[], b: readonly Block[]): [number, number][] {
  const ids = new Map<string, number>();
  const number = (blocks: readonly Block[]): Int32Array =>
    Int32Array.from(blocks, ({ name }) => {
      const id = ids.get(name) ?? ids.size;
      ids.set(name, id);
      return id;
    });
  const [left, right] = [number(a), number(b)];
  const pairs: [number, number][] = [];
  let [i, j] = [0, 0];
  for (const hunk of [...diffNumbers(left, right, ids.size), END(a.length, b.length)]) {
    while (i < hunk.aFrom) pairs.push([i++, j++]);
    [i, j] = [hunk.aTo, hunk.bTo];
  }
  return pairs;
}

const END = (aFrom: number, bFrom: number) => ({ aFrom, aTo: aFrom, bFrom, bTo: bFrom });

function textDiff(before: Buffer, mine: Block, after: Buffer, theirs: Block): Change {
  const old = before.subarray(mine.textFrom, mine.to);
  const now = after.subarray(theirs.textFrom, theirs.to);
  if (old.equals(now)) return [];
  if (old.length + now.length > MAX_TOKENS_BYTES) {
    return tighten([{ at: mine.textFrom, del: old, ins: now }]);
  }
  const ids = new Map<string, number>();
  const left = tokensOf(old, ids);
  const right = tokensOf(now, ids);
  const hunks = diffNumbers(left.ids, right.ids, ids.size);
  return tighten(
    hunks.map((hunk) => ({
      at: mine.textFrom + left.starts[hunk.aFrom]!,
      del: old.subarray(left.starts[hunk.aFrom]!, left.starts[hunk.aTo]!),
      ins: now.subarray(right.starts[hunk.bFrom]!, right.starts[hunk.bTo]!),
    })),
  );
}

/** Each tag with the text before it. */
function tokensOf(text: Buffer, known: Map<string, number>): { ids: Int32Array; starts: number[] } {
  const ids: number[] = [];
  const starts: number[] = [];
  for (let at = 0; at < text.length; ) {
    const close = text.indexOf(0x3e, at);
    const end = close < 0 ? text.length : close + 1;
    const token = text.toString('latin1', at, end);
    const id = known.get(token) ?? known.size;
    known.set(token, id);
    ids.push(id);
    starts.push(at);
    at = end;
  }
  starts.push(text.length);
  return { ids: Int32Array.from(ids), starts };
}

/** Splices that meet become one: a change never has two at one place. */
function joined(splices: readonly Splice[]): Change {
  const out: Splice[] = [];
  for (const s of splices) {
    const last = out.at(-1);
    if (last && last.at + last.del.length === s.at) {
      out[out.length - 1] = {
        at: last.at,
        del: Buffer.concat([last.del, s.del]),
        ins: Buffer.concat([last.ins, s.ins]),
      };
    } else out.push(s);
  }
  return out;
}
