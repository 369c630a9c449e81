import type { TextTree } from '../text/tree.ts';

const WINDOW = 1024 * 1024;

/** Offsets of `needle` in [from, to), from left to right and not overlapping, at most `max`. Reads a window at a time. */
export function findAll(tree: TextTree, needle: Uint8Array, from: number, to: number, max: number): number[] {
  const out: number[] = [];
  let at = from;
  while (at + needle.length <= to && out.length < max) {
    const end = Math.min(to, at + WINDOW + needle.length - 1);
    const window = tree.slice(at, end);
    let index = window.indexOf(needle);
    let next = Math.max(at, end - needle.length + 1);
    while (index >= 0 && out.length < max) {
      out.push(at + index);
      next = Math.max(next, at + index + needle.length);
      index = window.indexOf(needle, index + needle.length);
    }
    at = next;
  }
  return out;
}
