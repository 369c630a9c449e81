import type { Hunk, LineDiff } from './diff.ts';
import { lineBytes } from './line-index.ts';

const CONTEXT = 3;
const decoder = new TextDecoder('utf-8');

export interface UnifiedOptions {
  from: string;
  to: string;
  /** Numbers of the first lines when only parts of the texts were compared. */
  first?: { a: number; b: number };
  /** Lines after which the rest is counted instead of shown. */
  maxLines?: number;
}

/** A unified diff as `diff -u` writes it (POSIX.1-2024, diff, "unified format"). Empty for equal texts. */
export function unified(diff: LineDiff, options: UnifiedOptions): string {
  if (diff.hunks.length === 0) return '';
  const out = [`--- ${options.from}`, `+++ ${options.to}`];
  const max = options.maxLines ?? Number.POSITIVE_INFINITY;
  for (const group of groups(diff.hunks)) {
    if (out.length >= max) {
      out.push('… more changes are not shown');
      break;
    }
    writeGroup(out, diff, group, options.first ?? { a: 1, b: 1 }, max);
  }
  return `${out.join('\n')}\n`;
}

/** Hunks whose contexts meet are shown as one. */
function groups(hunks: readonly Hunk[]): Hunk[][] {
  const out: Hunk[][] = [];
  for (const hunk of hunks) {
    const last = out.at(-1);
    const before = last?.at(-1);
    if (last && before && hunk.aFrom - before.aTo <= 2 * CONTEXT) last.push(hunk);
    else out.push([hunk]);
  }
  return out;
}

function writeGroup(out: string[], diff: LineDiff, group: Hunk[], start: { a: number; b: number }, max: number): void {
  const first = group[0]!;
  const last = group.at(-1)!;
  const lead = Math.min(CONTEXT, first.aFrom);
  const trail = Math.min(CONTEXT, diff.a.count - last.aTo);
  const [aFrom, aTo] = [first.aFrom - lead, last.aTo + trail];
  const [bFrom, bTo] = [first.bFrom - lead, last.bTo + trail];
  out.push(`@@ -${span(aFrom, aTo, start.a - 1)} +${span(bFrom, bTo, start.b - 1)} @@`);
  let at = aFrom;
  const show = (sign: string, index: LineDiff['a'], from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      if (out.length >= max) return;
      const bytes = lineBytes(index, i);
      const open = bytes[bytes.length - 1] !== 10;
      out.push(sign + decoder.decode(open ? bytes : bytes.subarray(0, -1)));
      if (open) out.push('\\ No newline at end of file');
    }
  };
  for (const hunk of group) {
    show(' ', diff.a, at, hunk.aFrom);
    show('-', diff.a, hunk.aFrom, hunk.aTo);
    show('+', diff.b, hunk.bFrom, hunk.bTo);
    at = hunk.aTo;
  }
  show(' ', diff.a, at, aTo);
}

/** GNU and POSIX name the line before an empty span. */
function span(from: number, to: number, shift: number): string {
  const count = to - from;
  const start = shift + (count === 0 ? from : from + 1);
  return count === 1 ? `${start}` : `${start},${count}`;
}

/** Applies a unified diff to a text; throws `RangeError` where it does not fit exactly. Used to check what we print. */
export function applyUnified(text: Uint8Array, patch: string): Uint8Array {
  if (patch === '') return text;
  const lines = Buffer.from(text)
    .toString('latin1')
    .split(/(?<=\n)/);
  const out: string[] = [];
  let at = 0;
  const rows = Buffer.from(patch, 'utf8').toString('latin1').split('\n').slice(2, -1);
  const take = (row: string, next: string | undefined): string => (next?.startsWith('\\') ? row : `${row}\n`);
  for (const [i, row] of rows.entries()) {
    const header = /^@@ -(\d+)(?:,(\d+))? \+/.exec(row);
    if (header) {
      const start = Number(header[1]) - (header[2] === '0' ? 0 : 1);
      while (at < start) out.push(lines[at++]!);
    } else if (row.startsWith('+')) out.push(take(row.slice(1), rows[i + 1]));
    else if (!row.startsWith('\\')) {
      if (lines[at] !== take(row.slice(1), rows[i + 1])) throw new RangeError(`line ${at + 1} does not fit the patch`);
      if (row.startsWith(' ')) out.push(lines[at]!);
      at++;
    }
  }
  while (at < lines.length) out.push(lines[at++]!);
  return Buffer.from(out.join(''), 'latin1');
}
