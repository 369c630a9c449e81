import { fail } from '../../common/index.ts';
import type { Verb } from '../edit/verbs.ts';
import type { ViewLine } from './kind.ts';
import type { Step } from './line-verbs.ts';

/** `12` or `12-13`: numbers of lines, which need nobody to find them. */
export function isLineRange(range: string): boolean {
  return /^[1-9]\d{0,8}(?:-[1-9]\d{0,8})?$/.test(range);
}

/** `>7`, `<7`, `>0`: a place beside a numbered line. */
export function isLinePlace(place: string): boolean {
  return /^(?:>\d{1,9}|<[1-9]\d{0,8})$/.test(place);
}

/** Lines of the view that carry this address; in any case, if no line carries it as it is written. */
export function linesAt(view: readonly ViewLine[], address: string): number[] {
  const wanted = address.trim();
  const exact = numbersOf(view, (line) => line.address === wanted);
  if (exact.length > 0) return exact;
  const folded = wanted.toLowerCase();
  return numbersOf(view, (line) => line.address?.toLowerCase() === folded);
}

function numbersOf(view: readonly ViewLine[], has: (line: ViewLine) => boolean): number[] {
  const out: number[] = [];
  for (const [i, line] of view.entries()) if (has(line)) out.push(i + 1);
  return out;
}

/**
 * The verb with line numbers in place of addresses that lines of the view carry. Throws DOC_ADDRESS_UNKNOWN. Where an
 * address stands for several lines apart from each other, it is refused: verbs speak of lines in one piece.
 */
export function withLineNumbers(view: readonly ViewLine[], verb: Verb): Verb {
  const range = (address: string): string => {
    if (isLineRange(address)) return address;
    const lines = linesAt(view, address);
    const [first] = lines;
    if (first === undefined || lines.some((n, i) => n !== first + i)) throw unknownAddress(address, view);
    return `${first}-${lines.at(-1)}`;
  };
  const place = (text: string): string => {
    if (isLinePlace(text)) return text;
    const [from, to] = range(/^[<>]/.test(text) ? text.slice(1) : text).split('-');
    return text.startsWith('<') ? `<${from}` : `>${to ?? from}`;
  };
  if ('set' in verb) return { ...verb, set: range(verb.set) };
  if ('cut' in verb) return { ...verb, cut: range(verb.cut) };
  if ('put' in verb) return { ...verb, put: place(verb.put) };
  if ('move' in verb) return { ...verb, move: range(verb.move), to: place(verb.to) };
  return verb.sub.range === undefined ? verb : { ...verb, sub: { ...verb.sub, range: range(verb.sub.range) } };
}

export function unknownAddress(address: string, view: readonly ViewLine[], reason = 'no line has it'): Error {
  const start = address.slice(0, 3).toLowerCase();
  const all = [...new Set(view.flatMap((line) => line.address ?? []))];
  const near = all.filter((each) => each.toLowerCase().startsWith(start));
  return fail('DOC_ADDRESS_UNKNOWN', { address, reason, near: (near.length > 0 ? near : all).slice(0, 5) });
}

/** `12:5-9`: characters (code points, from 1, both included) of a line as it is shown. */
export function charsStep(view: readonly ViewLine[], verb: Verb, number: number): Step | undefined {
  const address = 'set' in verb ? verb.set : 'cut' in verb ? verb.cut : undefined;
  const match = /^([1-9]\d{0,8}):([1-9]\d{0,8})(?:-([1-9]\d{0,8}))?$/.exec(address ?? '');
  if (!match) return undefined;
  const [line, first, last] = [Number(match[1]), Number(match[2]), Number(match[3] ?? match[2])];
  const shown = view[line - 1];
  if (!shown) throw fail('DOC_LINE_UNKNOWN', { line, total: view.length, verb: number });
  const chars = [...shown.text];
  const skip = shown.prefix?.length ?? 0;
  const from = chars.slice(0, first - 1).join('').length - skip;
  if (first > last || last > chars.length || from < 0) {
    const reason = from < 0 ? `the first ${skip} are its address` : `line ${line} has ${chars.length} characters`;
    throw unknownAddress(address!, view, reason);
  }
  const old = chars.slice(first - 1, last).join('');
  const was = 'was' in verb ? verb.was : undefined;
  if (was !== undefined && !old.includes(was)) {
    throw fail('DOC_GUARD_FAILED', {
      guard: 'was',
      verb: number,
      expected: was,
      actual: old,
      lines: `${line}-${line}`,
    });
  }
  const texts = 'text' in verb ? verb.text : [''];
  if (texts.length > 1 || /[\r\n]/.test(texts[0]!)) {
    throw fail('DOC_VERB_INVALID', { verb: number, reason: 'a part of a line takes one text without line breaks' });
  }
  return { kind: 'sub', verb: number, line, from, to: from + old.length, text: texts[0]! };
}
