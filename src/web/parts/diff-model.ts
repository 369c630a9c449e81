export interface DiffLine {
  kind: 'add' | 'del' | 'same';
  text: string;
  /** The part that differs from the line it stands against. */
  mark?: [from: number, to: number];
}

export interface DiffHunk {
  /** File named above it, where the diff covers several. */
  file?: string;
  /** First line of it in the newer text. */
  line: number;
  lines: DiffLine[];
}

/** Reads a unified diff. What is not part of one is left out; it never throws. */
export function parseDiff(unified: string): DiffHunk[] {
  const hunks: DiffHunk[] = [];
  let file: string | undefined;
  let current: DiffHunk | undefined;
  let left = { old: 0, fresh: 0 };
  for (const raw of unified.split('\n')) {
    const header = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(raw);
    if (header) {
      current = { ...(file === undefined ? {} : { file }), line: Number(header[2]), lines: [] };
      left = { old: Number(header[1] ?? 1), fresh: Number(header[3] ?? 1) };
      hunks.push(current);
      continue;
    }
    // The short form of a card: one place, named by its line, up to the next one.
    const place = /^@@ line (\d+) @@$/.exec(raw)?.[1];
    if (place !== undefined) {
      current = { ...(file === undefined ? {} : { file }), line: Number(place), lines: [] };
      left = { old: Number.POSITIVE_INFINITY, fresh: Number.POSITIVE_INFINITY };
      hunks.push(current);
      continue;
    }
    if (!current || (left.old <= 0 && left.fresh <= 0)) {
      const name = /^\+\+\+ (.*)$/.exec(raw)?.[1];
      if (name !== undefined) file = name;
      continue;
    }
    const text = raw.slice(1);
    if (raw.startsWith('+')) {
      current.lines.push({ kind: 'add', text });
      left.fresh--;
    } else if (raw.startsWith('-')) {
      current.lines.push({ kind: 'del', text });
      left.old--;
    } else if (raw.startsWith(' ') || raw === '') {
      current.lines.push({ kind: 'same', text });
      left.old--;
      left.fresh--;
    }
  }
  for (const hunk of hunks) markPairs(hunk.lines);
  return hunks;
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
