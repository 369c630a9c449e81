import { hash } from 'node:crypto';
import { fail } from '../../common/index.ts';
import type { Range } from '../text/map.ts';
import type { Splice } from '../text/splice.ts';
import type { TextTree } from '../text/tree.ts';
import type { Guards } from './verbs.ts';

/** Lines counted from 1, both included. */
export interface LineSpan {
  from: number;
  to: number;
}

/** What one verb addressed at the base, and the splices that it means there. */
export interface Aim {
  verb: number;
  /** Addressed lines, counted from 1; `to` is `from - 1` for the beginning of the text. */
  lines: LineSpan;
  /** Lines whose text the verb changes or holds on to without having named any of it: the caller must have seen them. */
  unproven?: LineSpan;
  /** Bytes that no later version may have touched. */
  region: Range;
  splices: Splice[];
  /** Goes along and was not asked for: left out where its region was touched, which is then no conflict. */
  aside?: true;
}

export interface Base {
  path: string;
  version: number;
  tree: TextTree;
}

/** The same lines. Throws DOC_LINE_UNKNOWN unless they exist at the base. */
export function linesIn(base: Base, lines: LineSpan, verb?: number): LineSpan {
  const total = base.tree.lines;
  if (lines.from <= lines.to && lines.to <= total) return lines;
  const line = lines.from > lines.to ? `${lines.from}-${lines.to}` : lines.to;
  throw fail('DOC_LINE_UNKNOWN', { line, total, version: base.version, path: base.path, ...(verb ? { verb } : {}) });
}

export function regionOf(tree: TextTree, lines: LineSpan): Range {
  return { from: tree.offsetOfLine(lines.from), to: tree.offsetOfLine(lines.to + 1) };
}

/**
 * Throws DOC_GUARD_FAILED with what was expected and what is there. `region` narrows the lines to a part of them, and
 * `text` is what that part says, if its bytes are a spelling of it.
 */
export function checkGuards(
  base: Base,
  guards: Guards,
  at: { lines: LineSpan; region?: Range; text?: string | undefined },
  verb: number,
): void {
  const { lines } = at;
  const { from, to } = at.region ?? regionOf(base.tree, lines);
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
  const { was, count, hash: digest } = guards;
  if (was !== undefined && !actual.includes(Buffer.from(was)) && !at.text?.includes(was)) {
    throw failed('was', was, (at.text ?? bare(actual).toString('utf8')).slice(0, 2000));
  }
  const height = lines.to - lines.from + 1;
  if (count !== undefined && count !== height) throw failed('count', count, height);
  if (digest !== undefined) {
    const found = lineHash(actual, digest.length);
    if (found !== digest) throw failed('hash', digest, found);
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
