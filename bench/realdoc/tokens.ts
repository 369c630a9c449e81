import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { printScript } from '../../src/realdoc/edit/line-form.ts';
import type { Verb } from '../../src/realdoc/edit/verbs.ts';
import { diffLines, type LineDiff } from '../../src/realdoc/text/diff.ts';
import { tighten } from '../../src/realdoc/text/tighten.ts';
import { unified } from '../../src/realdoc/text/unified.ts';
import { type Figure, figure, median, unavailable } from '../support/figure.ts';
import type { Sizes } from './sizes.ts';
import { lawVersions } from './texts.ts';

/** Corpora of REALDOC 7.3 that are not among the test data. */
const ABSENT = ['aider *.py', 'oh-my-pi *.ts', 'aider *.md', 'bundestag/gesetze *.md'];
const MOST_HUNKS = 20;

/** Tokens a model writes for one edit of the law: our line form beside the whole text, old and new text, and a diff. */
export async function measureTokens({ quick }: Sizes): Promise<Figure[]> {
  const name = 'tokens of an edit in the line form, legalize-fr *.md, median';
  const forms: Record<'line' | 'whole' | 'replace' | 'diff', number[]> = { line: [], whole: [], replace: [], diff: [] };
  let before: Buffer | undefined;
  let ambiguous = 0;
  let hunks = 0;
  for await (const after of lawVersions()) {
    if (before && !before.equals(after)) {
      const diff = diffLines(before, after);
      if (diff.hunks.length <= MOST_HUNKS) {
        forms.line.push(tokens(lineForm(diff)));
        forms.whole.push(Math.round(after.length / 3.7));
        const { text, notUnique } = strReplace(diff, before);
        forms.replace.push(tokens(text));
        ambiguous += notUnique;
        hunks += diff.hunks.length;
        forms.diff.push(tokens(unified(diff, { from: 'a', to: 'b' })));
      }
    }
    before = after;
    if (quick && forms.line.length === 5) break;
  }
  const missing = ABSENT.map((corpus) =>
    unavailable({ name: `tokens of an edit in the line form, ${corpus}, median`, unit: 'tokens', note: 'not there' }),
  );
  if (forms.line.length === 0)
    return [unavailable({ name, unit: 'tokens', below: 320, note: 'not there' }), ...missing];
  return [
    figure({
      name,
      unit: 'tokens',
      value: median(forms.line),
      below: 320,
      beside: { what: 'old and new text (least unique)', value: median(forms.replace) },
      note: `${forms.line.length} edits of up to ${MOST_HUNKS} hunks; unified diff ${median(forms.diff)}, whole text about ${median(forms.whole)}; old text not unique in ${Math.round((100 * ambiguous) / hunks)} %`,
    }),
    ...missing,
  ];
}

function tokens(text: string): number {
  return encode(text, { allowedSpecial: 'all' }).length;
}

function lines({ bytes, starts }: LineDiff['a'], from: number, to: number): string[] {
  if (from === to) return [];
  return Buffer.from(bytes.subarray(starts[from]!, starts[to]!)).toString().replace(/\n$/, '').split('\n');
}

/** For each hunk the shorter of two ways to say it: the new lines, or the words that change in each line. */
function lineForm(diff: LineDiff): string {
  const verbs: Verb[] = [];
  for (const { aFrom, aTo, bFrom, bTo } of diff.hunks) {
    const range = aTo - aFrom > 1 ? `${aFrom + 1}-${aTo}` : `${aFrom + 1}`;
    const text = lines(diff.b, bFrom, bTo);
    const whole: Verb[] =
      aFrom === aTo ? [{ put: `>${aFrom}`, text }] : bFrom === bTo ? [{ cut: range }] : [{ set: range, text }];
    const old = lines(diff.a, aFrom, aTo);
    const words = old.length === text.length ? old.map((line, i) => wordsOf(aFrom + 1 + i, line, text[i]!)) : [];
    verbs.push(...(words.length > 0 && tokensOf(words) < tokensOf(whole) ? words : whole));
  }
  return printScript({ path: 'law.md', base: 41, verbs });
}

function tokensOf(verbs: Verb[]): number {
  return tokens(printScript({ verbs }));
}

/** The change of one line as `sub`, with as many words around it as make it unique in the line. */
function wordsOf(line: number, before: string, after: string): Verb {
  const old = Buffer.from(before);
  const [splice] = tighten([{ at: 0, del: old, ins: Buffer.from(after) }]);
  if (!splice) return { set: String(line), text: [after] };
  const end = splice.at + splice.del.length;
  let [from, to] = [splice.at, end];
  const isUnique = (): boolean =>
    to > from && old.indexOf(old.subarray(from, to)) === old.lastIndexOf(old.subarray(from, to));
  while (!isUnique() && (from > 0 || to < old.length)) {
    if (from > 0) from = from < 2 ? 0 : old.lastIndexOf(32, from - 2) + 1;
    else to = old.indexOf(32, to + 1) < 0 ? old.length : old.indexOf(32, to + 1);
  }
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
  const find = text(old.subarray(from, to));
  const replace = text(old.subarray(from, splice.at)) + text(splice.ins) + text(old.subarray(end, to));
  return { sub: { line, find, replace } };
}

/** Old and new text of each hunk as JSON, with the fewest lines around it that make the old text unique. */
function strReplace(diff: LineDiff, before: Buffer): { text: string; notUnique: number } {
  const text = before.toString('latin1');
  let out = '';
  let notUnique = 0;
  for (const { aFrom, aTo, bFrom, bTo } of diff.hunks) {
    let [head, tail] = [0, 0];
    const isUnique = (): boolean => {
      const old = text.slice(diff.a.starts[aFrom - head]!, diff.a.starts[aTo + tail]!);
      return old.length > 0 && text.indexOf(old) === text.lastIndexOf(old);
    };
    if (!isUnique()) notUnique++;
    while (!isUnique() && (aFrom - head > 0 || aTo + tail < diff.a.count)) {
      if (aFrom - head > 0) head++;
      if (!isUnique() && aTo + tail < diff.a.count) tail++;
    }
    const old = lines(diff.a, aFrom - head, aTo + tail).join('\n');
    const now = [
      ...lines(diff.a, aFrom - head, aFrom),
      ...lines(diff.b, bFrom, bTo),
      ...lines(diff.a, aTo, aTo + tail),
    ];
    out += `${JSON.stringify({ path: 'law.md', old, new: now.join('\n') })}\n`;
  }
  return { text: out, notUnique };
}
