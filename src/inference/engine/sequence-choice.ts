export interface HeldSequence {
  held: readonly number[];
  /** Admissions since this sequence was last used. */
  age: number;
  /** Its owner named a prefix it will come back to (`prefixKey`). */
  named: boolean;
}

/** Length of the common beginning. */
export function commonPrefix(a: readonly number[], b: readonly number[]): number {
  const end = Math.min(a.length, b.length);
  let i = 0;
  while (i < end && a[i] === b[i]) i++;
  return i;
}

/**
 * Picks the free sequence that makes this prompt cheapest for everybody: tokens to prefill now, plus half of what
 * would be thrown away (all of it where somebody said they will come back), which counts for less the longer nobody did. At least one prompt token is always
 * evaluated, because an answer is sampled from it.
 */
export function chooseSequence(
  free: readonly { index: number; sequence: HeldSequence }[],
  prompt: readonly number[],
): { index: number; keep: number } | undefined {
  let best: { index: number; keep: number; cost: number } | undefined;
  for (const { index, sequence } of free) {
    const keep = Math.min(commonPrefix(sequence.held, prompt), prompt.length - 1);
    const lost = sequence.held.length - keep;
    const cost = prompt.length - keep + ((sequence.named ? 1 : 0.5) * lost) / (1 + sequence.age / 4);
    if (!best || cost < best.cost) best = { index, keep, cost };
  }
  return best && { index: best.index, keep: best.keep };
}
