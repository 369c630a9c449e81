import { diffNumbers } from './diff.ts';

/** One run of a word diff: kept, taken out or put in. */
export interface WordRun {
  op: '=' | '-' | '+';
  text: string;
}

/** Words, numbers, single Han characters, spaces and marks: what a reader sees as the smallest changed thing. */
export function wordsOf(text: string): string[] {
  return (
    text.match(/\p{Script=Han}|\p{Nd}+(?:[.,:/-]\p{Nd}+)*|[\p{L}\p{M}\p{Nd}_']+|\s+|[^\p{L}\p{M}\p{Nd}\s]/gu) ?? []
  );
}

/** Differences in words, for prose. The kept and added runs together are the new text, kept and removed the old. */
export function wordDiff(before: string, after: string): WordRun[] {
  const left = wordsOf(before);
  const right = wordsOf(after);
  const ids = new Map<string, number>();
  const number = (words: string[]): Int32Array =>
    Int32Array.from(words, (word) => {
      const id = ids.get(word) ?? ids.size;
      ids.set(word, id);
      return id;
    });
  const a = number(left);
  const b = number(right);
  const out: WordRun[] = [];
  const push = (op: WordRun['op'], words: string[]): void => {
    if (words.length > 0) out.push({ op, text: words.join('') });
  };
  let at = 0;
  for (const hunk of diffNumbers(a, b, ids.size)) {
    push('=', left.slice(at, hunk.aFrom));
    push('-', left.slice(hunk.aFrom, hunk.aTo));
    push('+', right.slice(hunk.bFrom, hunk.bTo));
    at = hunk.aTo;
  }
  push('=', left.slice(at));
  return out;
}
