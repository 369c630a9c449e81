export interface DiffLine {
  kind: 'add' | 'del' | 'same';
  text: string;
  /** The part that differs from the line it stands against. */
  mark?: [from: number, to: number];
}

export interface DiffHunk {
  /** File named above it, where the diff covers several. */
  file?: string;
  /** First line of it in the newer text; 0 where none is named. */
  line: number;
  lines: DiffLine[];
}

/**
 * Reads a unified diff, its short form on cards (`@@ line 5 @@`), or bare lines with signs. It never throws, and leaves
 * nothing out but the headers that it reads: a person says yes to what is shown, so all of it must be shown.
 */
export function parseDiff(unified: string): DiffHunk[] {
  const hunks: DiffHunk[] = [];
  let file: string | undefined;
  let current: DiffHunk | undefined;
  let left = { old: 0, fresh: 0 };
  const open = (line: number, old: number, fresh: number) => {
    current = { ...(file === undefined ? {} : { file }), line, lines: [] };
    left = { old, fresh };
    hunks.push(current);
    return current;
  };
  const rows = unified.endsWith('\n') ? unified.slice(0, -1).split('\n') : unified.split('\n');
  for (const [at, raw] of rows.entries()) {
    const isInside = current !== undefined && (left.old > 0 || left.fresh > 0);
    const header = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(raw);
    if (header && (!isInside || left.old === Number.POSITIVE_INFINITY)) {
      open(Number(header[2]), Number(header[1] ?? 1), Number(header[3] ?? 1));
      continue;
    }
    const place = /^@@ line (\d+) @@$/.exec(raw)?.[1];
    if (place !== undefined && (!isInside || left.old === Number.POSITIVE_INFINITY)) {
      open(Number(place), Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
      continue;
    }
    if (!isInside && /^--- /.test(raw) && /^\+\+\+ /.test(rows[at + 1] ?? '')) continue;
    const name = isInside || !/^--- /.test(rows[at - 1] ?? '') ? undefined : /^\+\+\+ (.*)$/.exec(raw)?.[1];
    if (name !== undefined) {
      file = name;
      current = undefined;
      continue;
    }
    if (raw === '' && unified === '') continue;
    const hunk = isInside ? current! : open(0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
    const line = readLine(raw);
    hunk.lines.push(line);
    if (line.kind !== 'add') left.old--;
    if (line.kind !== 'del') left.fresh--;
  }
  for (const hunk of hunks) markPairs(hunk.lines);
  return hunks;
}

function readLine(raw: string): DiffLine {
  if (raw.startsWith('+')) return { kind: 'add', text: raw.slice(1) };
  if (raw.startsWith('-')) return { kind: 'del', text: raw.slice(1) };
  return { kind: 'same', text: raw.startsWith(' ') ? raw.slice(1) : raw };
}

/** Removed lines stand against the added ones that follow them: the common beginning and end are not marked. */
function markPairs(lines: DiffLine[]): void {
  for (let i = 0; i < lines.length; ) {
    if (lines[i]!.kind !== 'del') {
      i++;
      continue;
    }
    let middle = i;
    while (lines[middle]?.kind === 'del') middle++;
    let end = middle;
    while (lines[end]?.kind === 'add') end++;
    const pairs = Math.min(middle - i, end - middle);
    for (let n = 0; n < pairs; n++) markPair(lines[i + n]!, lines[middle + n]!);
    i = Math.max(end, i + 1);
  }
}

function markPair(before: DiffLine, after: DiffLine): void {
  const a = [...before.text];
  const b = [...after.text];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let tail = 0;
  while (tail < a.length - start && tail < b.length - start && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  // A number or a word is marked as a whole: half of "30" says nothing.
  while (start > 0 && isWord(a[start - 1]) && (isWord(a[start]) || isWord(b[start]))) start--;
  while (tail > 0 && isWord(a.at(-tail)) && (isWord(a.at(-1 - tail)) || isWord(b.at(-1 - tail)))) tail--;
  // Nothing in common: marking all of both says nothing more than the colours do.
  if (start + tail === 0) return;
  const size = (chars: string[]) => chars.join('').length;
  const from = size(a.slice(0, start));
  before.mark = [from, from + size(a.slice(start, a.length - tail))];
  after.mark = [from, from + size(b.slice(start, b.length - tail))];
}

function isWord(char: string | undefined): boolean {
  return char !== undefined && /[A-Za-z0-9\u00c0-\u024f]/.test(char);
}
