import type { TextTree } from '../text/tree.ts';

export type Difference = 'whitespace' | 'escape' | 'case' | 'full-width' | 'other';

export interface Nearest {
  difference: Difference;
  nearest: { line: number; text: string }[];
}

const MAX_BYTES = 4 * 1024 * 1024;
const MAX_SHOWN = 300;

/** Ways in which a text is often almost right, from the most harmless to the least. */
const FOLDS: readonly [Difference, (text: string) => string][] = [
  ['whitespace', (t) => t.replaceAll(/\s+/g, '')],
  ['escape', (t) => t.replaceAll(/\\(["'\\/nrt])/g, '$1').replaceAll(/&(?:amp|lt|gt|quot);/g, '')],
  ['case', (t) => t.toLowerCase()],
  ['full-width', (t) => t.normalize('NFKC').replaceAll(/[“”„]/g, '"').replaceAll(/[‘’]/g, "'").replaceAll('。', '.')],
];

/** In which way a text is almost what was looked for. */
export function differenceOf(find: string, text: string): Difference {
  for (const [difference, fold] of FOLDS) {
    const wanted = fold(find);
    if (wanted !== '' && fold(text).includes(wanted)) return difference;
  }
  return 'other';
}

/**
 * Lines that come nearest to a text that is not there. Only ever shown in an error: nothing here changes a document.
 * Looks at no more than 4 MB around the beginning of the scope.
 */
export function nearestLines(tree: TextTree, find: string, scope: { from: number; to: number }): Nearest {
  const start = tree.offsetOfLine(scope.from);
  const end = Math.min(tree.offsetOfLine(scope.to + 1), start + MAX_BYTES);
  const lines = tree.slice(start, end).toString('utf8').split('\n');
  for (const [difference, fold] of FOLDS) {
    const wanted = fold(find);
    if (wanted === '') continue;
    const hits = lines.flatMap((text, i) =>
      fold(text).includes(wanted) ? [{ line: scope.from + i, text: show(text) }] : [],
    );
    if (hits.length > 0) return { difference, nearest: hits.slice(0, 3) };
  }
  const wanted = pairsOf(find);
  const scored = lines
    .map((text, i) => ({ line: scope.from + i, text, score: overlap(wanted, text) }))
    .filter((row) => row.score > 0)
    .sort((a, b) => b.score - a.score || a.line - b.line)
    .slice(0, 3);
  return { difference: 'other', nearest: scored.map(({ line, text }) => ({ line, text: show(text) })) };
}

function show(text: string): string {
  return text.replace(/\r$/, '').slice(0, MAX_SHOWN);
}

function pairsOf(text: string): Set<string> {
  const folded = text.normalize('NFKC').toLowerCase();
  const out = new Set<string>();
  for (let i = 0; i + 1 < folded.length; i++) out.add(folded.slice(i, i + 2));
  return out;
}

/** Dice coefficient over pairs of characters. */
function overlap(wanted: ReadonlySet<string>, text: string): number {
  const have = pairsOf(text.slice(0, 2000));
  let both = 0;
  for (const pair of wanted) if (have.has(pair)) both++;
  return both === 0 ? 0 : (2 * both) / (wanted.size + have.size);
}
