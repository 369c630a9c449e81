import { slotByClause, slotsFor } from './clauses.ts';
import { wordChange } from './spans.ts';
import { terms } from './terms.ts';
import { valuesOf } from './values.ts';

/** Why a new line is not to be believed without a person, from what can be seen in the texts alone. */
export type Doubt =
  | 'nothing-changed'
  | 'echo'
  | 'lost-words'
  | 'invented-words'
  | 'other-language'
  | 'value-missing'
  | 'too-much'
  | 'only-added'
  | 'other-clause';

/**
 * Looks at one changed line as a careful reader would. `body` texts are without markers. An empty list is not a proof,
 * only the absence of a reason for doubt.
 */
export function doubtsAbout(before: string, after: string, instruction: string): Doubt[] {
  const out: Doubt[] = [];
  if (before.trim() === after.trim()) return ['nothing-changed'];
  const change = wordChange(before, after);
  const words = (list: readonly string[]) => list.filter((p) => /[\p{L}\p{N}]/u.test(p));
  const removed = words(change.removed);
  const inserted = words(change.inserted);
  const size = words(
    [...before.matchAll(/\p{Script=Han}|[\p{L}\p{N}][^\s\p{Script=Han},,。;;]*/gu)].map((m) => m[0]),
  ).length;
  if (removed.length === 0 && inserted.length > 2) out.push('only-added');
  if (size >= 5 && change.kept < size * 0.4) out.push('too-much');
  if (change.kept < size / 2 && inserted.length > 2 && similarity(after, instruction) > 0.8) out.push('echo');
  if (removed.length > inserted.length + 2 || lostNumbers(before, after, instruction)) out.push('lost-words');
  const allowed = new Set(terms(`${instruction} ${before} ${SWITCH_WORDS}`));
  const allowedHan = new Set<string>(`${instruction}${before}`.match(/\p{Script=Han}/gu) ?? []);
  const invented =
    terms(inserted.filter((p) => !/\p{Script=Han}/u.test(p)).join(' ')).some((t) => !allowed.has(t)) ||
    inserted.some((p) => /^\p{Script=Han}$/u.test(p) && !allowedHan.has(p));
  if (invented) out.push('invented-words');
  if (otherLanguage(before, inserted)) out.push('other-language');
  const missing = valuesOf(instruction).some((v) => {
    const written = instruction.slice(v.core.start, v.core.end);
    // "10th" in the instruction may rightly become "10 日" in a Chinese line.
    const core = /\d+(?:[.,:]\d+)*/.exec(written)?.[0] ?? written;
    if (core === written && !/\d/.test(core) && !sameLetters(core, before)) return false;
    return !before.includes(core) && !after.includes(core);
  });
  if (missing) out.push('value-missing');
  const slots = slotsFor(before, instruction);
  const slot = slots.length > 1 ? slotByClause(before, slots, instruction) : undefined;
  // The words point at one of several values, and that one is still there as it was.
  if (slot && after.includes(slot.text) && slots.some((s) => s !== slot && !after.includes(s.text))) {
    out.push('other-clause');
  }
  return out;
}

const SWITCH_WORDS = 'true false yes no on off';

const isHan = (text: string) => /\p{Script=Han}/u.test(text);

/** Whole phrases of another script written into a line that had none of it: the instruction was pasted, not understood. */
function otherLanguage(before: string, inserted: readonly string[]): boolean {
  const latin = inserted.filter((p) => /^[A-Za-z]{2,}/.test(p)).length;
  const han = inserted.filter(isHan).length;
  if (isHan(before)) return latin > 2 && !/[A-Za-z]{2}/.test(before);
  return han > 1 && /[A-Za-z]{2}/.test(before);
}

function sameLetters(a: string, b: string): boolean {
  return isHan(a) === isHan(b);
}

/** More numbers gone than came in: a neighbour was lost with the change. */
function lostNumbers(before: string, after: string, instruction: string): boolean {
  const numbers = (text: string) => text.match(/\d+(?:[.,:]\d+)*/g) ?? [];
  const left: string[] = [...numbers(after)];
  const gone = numbers(before).filter((n) => {
    const at = left.indexOf(n);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return gone.length > left.length && !gone.some((n) => instruction.includes(n));
}

function similarity(a: string, b: string): number {
  const left = new Set(terms(a));
  const right = new Set(terms(b));
  const shared = [...left].filter((t) => right.has(t)).length;
  return left.size + right.size === 0 ? 0 : (2 * shared) / (left.size + right.size);
}

/** Several values of the kind that the instruction brings stand in the line and no word says which: more proof is due. */
export function isManySlotted(before: string, instruction: string): boolean {
  const slots = slotsFor(before, instruction);
  return slots.length > 1 && slotByClause(before, slots, instruction) === undefined;
}
