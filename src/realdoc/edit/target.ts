import { hash } from 'node:crypto';
import { fail } from '../../common/index.ts';
import type { Range } from '../text/map.ts';
import type { Splice } from '../text/splice.ts';
import type { TextTree } from '../text/tree.ts';
import { type Guards, parseRange } from './verbs.ts';

/** What one verb addressed at the base, and the splices that it means there. */
export interface Aim {
  verb: number;
  /** Addressed lines, counted from 1; `to` is `from - 1` for the beginning of the text. */
  lines: { from: number; to: number };
  /** Bytes that no later version may have touched. */
  region: Range;
  splices: Splice[];
}

export interface Base {
  path: string;
  version: number;
  tree: TextTree;
}

/** Throws DOC_LINE_UNKNOWN unless the lines exist at the base. */
export function linesOf(base: Base, range: string): { from: number; to: number } {
  const lines = parseRange(range);
  const total = base.tree.lines;
  if (lines.from > lines.to || lines.to > total) {
    const line = lines.from > lines.to ? range : lines.to;
    throw fail('DOC_LINE_UNKNOWN', { line, total, version: base.version, path: base.path });
  }
  return lines;
}

export function regionOf(tree: TextTree, lines: { from: number; to: number }): Range {
  return { from: tree.offsetOfLine(lines.from), to: tree.offsetOfLine(lines.to + 1) };
}

/** Throws DOC_GUARD_FAILED with what was expected and what is there. */
export function checkGuards(base: Base, guards: Guards, lines: { from: number; to: number }, verb: number): void {
  const { from, to } = regionOf(base.tree, lines);
  const actual = base.tree.slice(from, to);
  const failed = (guard: string, expected: unknown, found: unknown): Error =>
    fail('DOC_GUARD_FAILED', {
      guard,
      verb,
      expected,
      actual: found,
      lines: `${lines.from}-${lines.to}`,
      path: base.path,
      version: base.version,
    });
  if (guards.was !== undefined && !actual.includes(Buffer.from(guards.was))) {
    throw failed('was', guards.was, bare(actual).toString('utf8').slice(0, 2000));
  }
  const count = lines.to - lines.from + 1;
  if (guards.count !== undefined && guards.count !== count) throw failed('count', guards.count, count);
  if (guards.hash !== undefined) {
    const digest = lineHash(actual, guards.hash.length);
    if (digest !== guards.hash) throw failed('hash', guards.hash, digest);
  }
}

/** What the `hash` guard compares: SHA-256 of the lines without the last line end. */
export function lineHash(bytes: Uint8Array, digits: number): string {
  return hash('sha256', bare(bytes)).slice(0, digits);
}

/** Without the line end at the very end. */
export function bare(bytes: Uint8Array): Buffer {
  const end = lineEndOf(bytes).length;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length - end);
}

export function lineEndOf(bytes: Uint8Array): string {
  if (bytes[bytes.length - 1] !== 10) return '';
  return bytes[bytes.length - 2] === 13 ? '\r\n' : '\n';
}
