const MAX_LOOKED_AT = 20_000;

/** The names most like a wanted one, best first: shared pairs of characters, then order of appearance. */
export function nearestNames(names: readonly string[], wanted: string, max = 5): string[] {
  const want = pairs(wanted);
  const scored = [...new Set(names.slice(0, MAX_LOOKED_AT))].map((name, i) => ({
    name,
    i,
    score: likeness(want, name),
  }));
  scored.sort((a, b) => b.score - a.score || a.i - b.i);
  return scored.slice(0, max).map(({ name }) => name);
}

function likeness(want: ReadonlySet<string>, name: string): number {
  const have = pairs(name);
  let both = 0;
  for (const pair of have) if (want.has(pair)) both++;
  return (2 * both) / Math.max(1, want.size + have.size);
}

function pairs(text: string): Set<string> {
  const folded = `\u0002${text.slice(0, 200).normalize('NFKC').toLowerCase()}\u0003`;
  const out = new Set<string>();
  for (let i = 0; i + 1 < folded.length; i++) out.add(folded.slice(i, i + 2));
  return out;
}
