import { wordsOf } from '../text/word-diff.ts';

/** Longest span in words or Han characters, and how many spans a grammar can carry. */
const MAX_WORDS = 14;
const MAX_SPANS = 600;
const EDGE = /^[\s,.:;!?\u3001\u3002\uff01\uff0c\uff1a\uff1b\uff1f]$/u;

/**
 * Contiguous words (or Han characters) of a line that occur in it exactly once, shortest first at each place: what a
 * small model may choose to replace, so that the place is never in doubt. No span begins or ends with a space or a
 * separating mark. Longer lines give shorter spans, so that there are never more than about six hundred.
 */
export function spansOf(line: string): string[] {
  const words = wordsOf(line);
  const starts: number[] = [];
  let at = 0;
  for (const word of words) {
    starts.push(at);
    at += word.length;
  }
  const isEdge = words.map((word) => EDGE.test(word) || word.trim() === '');
  const inner = isEdge.filter((edge) => !edge).length;
  const longest = Math.max(2, Math.min(MAX_WORDS, Math.floor(MAX_SPANS / Math.max(1, inner))));
  const spans = new Set<string>();
  for (let from = 0; from < words.length; from++) {
    if (isEdge[from]) continue;
    for (let to = from; to < Math.min(words.length, from + longest); to++) {
      if (isEdge[to]) continue;
      const span = line.slice(starts[from], starts[to]! + words[to]!.length);
      if (line.indexOf(span) === line.lastIndexOf(span)) spans.add(span);
    }
  }
  return [...spans];
}
