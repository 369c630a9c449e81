/** Pieces a person would call words: a Han character, a run of other letters and digits, or one separator. */
const PIECE =
  /\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])|\d+(?:[.:]\d+)*|\p{Script=Han}|[^\s\p{Script=Han},,。:;;、|"“”()()[\]]+|[\s,,。:;;、|"“”()()[\]]/gu;
const GLUE = /^[\s,,。:;;、|"“”()()[\]]$/;

/** The text cut into pieces; joined they are the text again. */
export function piecesOf(text: string): string[] {
  return [...text.matchAll(PIECE)].map((m) => m[0]);
}

/** Runs of up to `longest` pieces that stand exactly once in `text` and begin and end with a word. */
export function spansOf(text: string, longest = 14): string[] {
  const pieces = piecesOf(text);
  const out = new Set<string>();
  for (let a = 0; a < pieces.length; a++) {
    if (GLUE.test(pieces[a]!)) continue;
    for (let b = a; b < Math.min(pieces.length, a + longest); b++) {
      if (GLUE.test(pieces[b]!)) continue;
      const span = pieces.slice(a, b + 1).join('');
      if (text.indexOf(span) === text.lastIndexOf(span)) out.add(span);
    }
  }
  return [...out];
}

export interface WordChange {
  removed: string[];
  inserted: string[];
  /** Pieces that stayed, separators not counted. */
  kept: number;
}

/** What a person would see struck out and written in: the longest common sequence of pieces stays. */
export function wordChange(before: string, after: string): WordChange {
  const a = piecesOf(before);
  const b = piecesOf(after);
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      table[i]![j] = a[i] === b[j] ? table[i + 1]![j + 1]! + 1 : Math.max(table[i + 1]![j]!, table[i]![j + 1]!);
    }
  }
  const out: WordChange = { removed: [], inserted: [], kept: 0 };
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      if (!GLUE.test(a[i]!)) out.kept++;
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && table[i + 1]![j]! >= table[i]![j + 1]!)) out.removed.push(a[i++]!);
    else out.inserted.push(b[j++]!);
  }
  return out;
}

/** The new text between the common beginning and the common end, widened to whole words. */
export function insertedText(before: string, after: string): string {
  const a = piecesOf(before);
  const b = piecesOf(after);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return b
    .slice(start, b.length - end)
    .join('')
    .trim();
}
