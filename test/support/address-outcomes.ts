import {
  applyVerb,
  type ModelLine,
  type ModelText,
  type ModelVerb,
  readModel,
  sameLine,
  targetsOf,
} from './text-model.ts';

/** The head after the verbs, if every line that they hold on to is still there, side by side as it was. */
export function onHead(base: ModelText, head: ModelText, verbs: readonly ModelVerb[]): ModelLine[] | undefined {
  const places = new Map(head.map((line, i) => [line, i]));
  for (const [from, to] of verbs.flatMap(targetsOf)) {
    const first = places.get(base[from - 1]!);
    for (let n = from; n <= to; n++)
      if (first === undefined || places.get(base[n - 1]!) !== first + n - from) return undefined;
  }
  return applyAll(base, head, verbs, (line) => base[line - 1]!);
}

function applyAll(
  base: ModelText,
  head: ModelText,
  verbs: readonly ModelVerb[],
  lineOf: (line: number) => ModelLine,
): ModelLine[] {
  let now: ModelLine[] = [...head];
  // From the back, so that what a verb puts in is not taken for the end of the text by the one before it.
  for (const verb of verbs.toReversed()) now = applyVerb(base, now, verb, (line) => now.indexOf(lineOf(line)));
  // A last line without a line end and without text is no line.
  return now.filter((line) => line.body.length > 0 || line.end !== '');
}

/**
 * What the verbs make of the head if their lines are taken to be others that read exactly the same, in the same order
 * and between the same neighbours as far as these are still there. Lines come back this way by undo, or by being
 * replaced with themselves.
 */
export function wherever(
  base: ModelText,
  head: ModelText,
  verbs: readonly ModelVerb[],
  isBlurred: boolean,
  result: Buffer,
): ModelLine[][] {
  const lines = new Set(readModel(result).map((line) => line.body.toString('utf8')));
  const known = new Map(head.map((line, i) => [line, i]));
  const spans = verbs
    .flatMap((verb, i) => targetsOf(verb).map((span) => ({ span, i })))
    .sort((a, b) => a.span[0] - b.span[0]);
  const out: ModelLine[][] = [];
  const choose = (n: number, taken: Map<number, ModelLine>, after: number, now: readonly ModelVerb[]): void => {
    if (out.length > 5000) return;
    const next = spans[n];
    if (!next) {
      out.push(applyAll(base, head, now, (line) => taken.get(line)!));
      return;
    }
    const [from, to] = next.span;
    const size = to - from + 1;
    let least = after;
    let most = head.length - size;
    if (!isBlurred) {
      for (let i = 0; i < from - 1; i++) least = Math.max(least, (known.get(base[i]!) ?? -1) + 1);
      for (let i = to; i < base.length; i++) most = Math.min(most, (known.get(base[i]!) ?? head.length) - size);
    }
    const verb = verbs[next.i]!;
    // The only line that went and the only one that came which read the same: it is itself, wherever it stands.
    const isOnce = (text: ModelText, other: ModelText): boolean =>
      text.filter((line) => !other.includes(line) && sameLine(line, base[from - 1]!)).length === 1;
    if (size === 1 && isOnce(base, head) && isOnce(head, base)) {
      least = 0;
      most = head.length - 1;
    }
    for (let at = least; at <= most; at++) {
      const here = (with_: readonly ModelVerb[]): void => {
        const more = new Map(taken);
        for (let i = 0; i < size; i++) more.set(from + i, head[at + i]!);
        choose(n + 1, more, at + size, with_);
      };
      if (verb.kind !== 'chars') {
        if (base.slice(from - 1, to).every((line, i) => sameLine(line, head[at + i]!))) here(now);
        continue;
      }
      // Other characters of the line may have changed: these may have moved in it.
      const wanted = [...base[from - 1]!.body.toString('utf8')].slice(verb.first - 1, verb.last);
      if (head[at]!.body.length > 4000) continue;
      const there = [...head[at]!.body.toString('utf8')];
      for (let first = 0; first + wanted.length <= there.length; first++) {
        if (!wanted.every((char, i) => char === there[first + i])) continue;
        const made = [...there.slice(0, first), verb.text, ...there.slice(first + wanted.length)].join('');
        if (!lines.has(made)) continue;
        here(now.with(next.i, { ...verb, first: first + 1, last: first + wanted.length }));
      }
    }
  };
  choose(0, new Map(), 0, verbs);
  return out;
}
