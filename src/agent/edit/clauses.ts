import { terms } from './terms.ts';
import { type Value, valuesOf } from './values.ts';

interface Clause {
  start: number;
  end: number;
  words: Set<string>;
}

const BREAK = /[,,;;、。|()()]|\s[-–—]\s|\s(?:and|or)\s/g;

/** The parts of a line between its commas: "two menus", "6.90 EUR with meat", "5.80 EUR vegetarian". */
function clausesOf(text: string): Clause[] {
  const out: Clause[] = [];
  let start = 0;
  const cut = (end: number, next: number) => {
    const part = text.slice(start, end);
    // A comma inside a number parts nothing.
    out.push({ start, end, words: new Set(terms(part)) });
    start = next;
  };
  for (const match of text.matchAll(BREAK)) {
    const isInNumber = /\d/.test(text[match.index - 1] ?? '') && /\d/.test(text[match.index + 1] ?? '');
    if (!isInNumber) cut(match.index, match.index + match[0].length);
  }
  cut(text.length, text.length);
  return out;
}

/**
 * Of several values of one kind in a line, the one whose own clause shares words with the instruction that no other of
 * these clauses has. `undefined` when nothing singles one out.
 */
export function slotByClause(text: string, slots: readonly Value[], instruction: string): Value | undefined {
  const clauses = clausesOf(text);
  const wanted = new Set(terms(instruction));
  const found = slots.map((slot) => {
    const clause = clauses.find((c) => c.start <= slot.start && slot.start < c.end);
    return new Set([...(clause?.words ?? [])].filter((w) => wanted.has(w)));
  });
  const scores = found.map((words, i) => {
    const others = found.filter((_, k) => k !== i);
    return [...words].filter((w) => !others.some((o) => o.has(w))).length;
  });
  const best = Math.max(...scores);
  const index = scores.indexOf(best);
  return best > 0 && scores.lastIndexOf(best) === index ? slots[index] : undefined;
}

/** The values of a line that a new value of the instruction could take the place of. */
export function slotsFor(text: string, instruction: string): Value[] {
  const fresh = valuesOf(instruction).filter((v) => !text.includes(v.text));
  const keys = new Set(fresh.map((v) => v.key));
  return valuesOf(text).filter((v) => keys.has(v.key));
}
