import type { Candidate } from './candidates.ts';

/** Words, numbers and pairs of Han characters: what a query and a line can have in common. */
export function termsOf(text: string): Set<string> {
  const folded = text.normalize('NFKC').toLowerCase();
  const out = new Set<string>();
  for (const run of folded.match(/\p{Script=Han}+/gu) ?? []) {
    if (run.length === 1) out.add(run);
    for (let i = 0; i + 1 < run.length; i++) out.add(run.slice(i, i + 2));
  }
  for (const number of folded.match(/\p{Nd}+(?:[.,:/-]\p{Nd}+)*/gu) ?? []) out.add(number);
  for (const word of folded.match(/[\p{L}\p{M}]+/gu) ?? []) {
    if (/\p{Script=Han}/u.test(word) || COMMON.has(word)) continue;
    out.add(stem(word));
  }
  return out;
}

const COMMON = new Set(
  'a an and are as at be by for from has have in is it its now of on or our should that the their this to was we will with you your please change set update make new'.split(
    ' ',
  ),
);

/** Enough to let "meetings" meet "meeting" and "moved" meet "move"; both sides go through it, so it need not be right. */
function stem(word: string): string {
  return word.length > 4 ? word.replace(/(?:ing|ed|es|s|e)$/, '') : word;
}

/** How well lines fit a query: common terms, rare ones counting more, plus a share of what the heading above has. */
export function scoreLines(query: string, lines: readonly { text: string; heading?: string | undefined }[]): number[] {
  const wanted = termsOf(query);
  const terms = lines.map((line) => termsOf(line.text));
  const seenIn = new Map<string, number>();
  for (const set of terms) for (const term of set) if (wanted.has(term)) seenIn.set(term, (seenIn.get(term) ?? 0) + 1);
  const weight = (term: string): number => Math.log(1 + lines.length / (seenIn.get(term) ?? lines.length));
  const sum = (set: ReadonlySet<string>): number => {
    let total = 0;
    for (const term of set) if (wanted.has(term)) total += weight(term);
    return total;
  };
  return lines.map((line, i) => {
    const own = sum(terms[i]!);
    // Long lines share terms with everything: a small price for length keeps short exact ones in front.
    const length = 1 + terms[i]!.size / 80;
    return own / length + (line.heading === undefined ? 0 : 0.4 * sum(termsOf(line.heading)));
  });
}

/** At most `max` candidates that fit the query best, in the order of the document. All of them if they are few. */
export function narrow(
  candidates: readonly Candidate[],
  query: string | undefined,
  max: number,
  headingOf: (line: number) => string | undefined = () => undefined,
): Candidate[] {
  if (candidates.length <= max) return [...candidates];
  if (query === undefined) return candidates.slice(0, max);
  const scores = scoreLines(
    query,
    candidates.map((c) => ({ text: c.text, heading: headingOf(c.line) })),
  );
  const best = candidates.map((candidate, i) => ({ candidate, score: scores[i]! })).filter((row) => row.score > 0);
  if (best.length === 0) return candidates.slice(0, max);
  best.sort((a, b) => b.score - a.score || a.candidate.line - b.candidate.line);
  return best
    .slice(0, max)
    .map((row) => row.candidate)
    .sort((a, b) => a.line - b.line);
}
