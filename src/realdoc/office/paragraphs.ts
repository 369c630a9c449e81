import { fail } from '../../common/index.ts';
import type { Verb } from '../edit/verbs.ts';
import { charsStep, withLineNumbers } from './addresses.ts';
import { insideOf } from './edit-element.ts';
import { BREAK, type PartAim, type PartSplice, type ViewLine } from './kind.ts';
import { contentOf, type Lines, LineVerbs, refuseUnwritable, type Step, withoutPrefix } from './line-verbs.ts';
import { type Lone, type Piece, spliceRuns, type TextHunk, textOfPieces, Unsafe, wordHunks } from './runs.ts';

/** One paragraph of a document of paragraphs: a line of its view. */
export interface Paragraph {
  part: number;
  pieces: Piece[];
  /** What goes with the paragraph when it is cut, and where the next one begins: itself, or the list item around it. */
  outer: { from: number; to: number };
  prefix?: string;
  address?: string;
  level?: number;
  /** What holds it, with the number of paragraphs in it; absent where none of them may go or come. */
  container?: { from: number; to: number };
  /** Something that is seen on the page and not in the line: with it the paragraph is not cut. */
  unseen?: string;
  /** A new paragraph beside this one, looking like it. */
  sibling(text: string): string;
  lone: Lone;
  /** Changes as this format must write them: where white space counts, a neighbour may have to be written anew. */
  adjust?(hunks: readonly TextHunk[]): TextHunk[];
}

export function viewOfParagraphs(paragraphs: readonly Paragraph[]): ViewLine[] {
  return paragraphs.map((each) => {
    const { prefix = '', address, level, part, outer } = each;
    const text = prefix + oneLine(textOfPieces(each.pieces));
    return {
      text,
      ...(prefix ? { prefix } : {}),
      ...(address ? { address } : {}),
      part,
      from: outer.from,
      to: outer.to,
      ...(level ? { level } : {}),
    };
  });
}

/** Same length, so that places in the line are places in the text. */
function oneLine(text: string): string {
  return text.replaceAll(/[\n\r]/g, ' ');
}

interface Change {
  verb: number;
  hunks: TextHunk[];
}

/** Verbs on the lines of such a view. Throws the typed errors of an edit. */
export function resolveParagraphs(
  paragraphs: readonly Paragraph[],
  view: readonly ViewLine[],
  bytesOf: (part: number) => Buffer,
  verbs: readonly Verb[],
): PartAim[] {
  const plan = new ParagraphPlan(paragraphs, view, bytesOf);
  const lines = new LineVerbs(view);
  for (const [i, verb] of verbs.entries()) {
    refuseUnwritable(verb, i + 1);
    const chars = charsStep(view, verb, i + 1);
    const steps = chars ? [chars] : lines.read(withLineNumbers(view, verb), i + 1);
    for (const step of steps) plan.take(step);
  }
  return plan.aims();
}

class ParagraphPlan {
  readonly #paragraphs: readonly Paragraph[];
  readonly #view: readonly ViewLine[];
  readonly #bytesOf: (part: number) => Buffer;
  readonly #changes = new Map<number, Change>();
  readonly #cuts = new Map<number, number>();
  readonly #moved = new Set<number>();
  readonly #aims: PartAim[] = [];

  constructor(paragraphs: readonly Paragraph[], view: readonly ViewLine[], bytesOf: (part: number) => Buffer) {
    this.#paragraphs = paragraphs;
    this.#view = view;
    this.#bytesOf = bytesOf;
  }

  take(step: Step): void {
    if (step.kind === 'sub') {
      const old = contentOf(this.#view[step.line - 1]!).slice(step.from, step.to);
      return this.#change(step.line, step.verb, wordHunks(old, step.text, step.from));
    }
    if (step.kind === 'cut') {
      for (let n = step.lines.from; n <= step.lines.to; n++) this.#cut(n, step.verb);
      return;
    }
    if (step.kind === 'set') return this.#set(step);
    if (step.kind === 'put') return this.#put(step.verb, step, this.#written(step));
    const moved: string[] = [];
    const part = this.#at(step.anchor, step.verb).part;
    for (let n = step.lines.from; n <= step.lines.to; n++) {
      const paragraph = this.#at(n, step.verb);
      if (paragraph.part !== part)
        throw this.#invalid(step.verb, 'paragraphs move inside of their slide or document only');
      moved.push(this.#bytesOf(part).toString('utf8', paragraph.outer.from, paragraph.outer.to));
      this.#cut(n, step.verb);
      this.#moved.add(n);
    }
    this.#put(step.verb, step, moved.join(''));
  }

  aims(): PartAim[] {
    const out = [...this.#aims];
    for (const [n, { verb, hunks }] of this.#changes) {
      const paragraph = this.#at(n, verb);
      const sorted = hunks.toSorted((a, b) => a.from - b.from);
      for (const [i, hunk] of sorted.entries()) {
        const before = sorted[i - 1];
        if (before && hunk.from < before.to) throw this.#invalid(verb, `line ${n} is changed twice in one place`);
      }
      const splices = this.#safely(n, verb, () =>
        spliceRuns(paragraph.pieces, paragraph.adjust?.(sorted) ?? sorted, paragraph.lone),
      );
      if (splices.length === 0) continue;
      out.push({ verb, lines: { from: n, to: n }, part: paragraph.part, region: insideOf(paragraph.outer), splices });
    }
    out.push(...this.#cutAims());
    return out;
  }

  #set(step: Extract<Step, { kind: 'set' }>): void {
    const { from, to } = step.lines;
    for (let n = from; n <= to; n++) {
      const text = step.texts[n - from];
      if (text === undefined) this.#cut(n, step.verb);
      else
        this.#change(n, step.verb, wordHunks(contentOf(this.#view[n - 1]!), withoutPrefix(this.#view[n - 1]!, text)));
    }
    const more = step.texts.slice(to - from + 1);
    if (more.length === 0) return;
    const after = { after: to, anchor: to, texts: more };
    this.#put(step.verb, after, this.#written(after));
  }

  #change(n: number, verb: number, hunks: readonly TextHunk[]): void {
    if (this.#cuts.has(n)) throw this.#invalid(verb, `line ${n} is cut by verb ${this.#cuts.get(n)}`);
    const known = this.#changes.get(n);
    if (known) known.hunks.push(...hunks);
    else this.#changes.set(n, { verb, hunks: [...hunks] });
  }

  #cut(n: number, verb: number): void {
    const known = this.#cuts.get(n) ?? this.#changes.get(n)?.verb;
    if (known !== undefined) throw this.#invalid(verb, `it touches the same lines as verb ${known}`);
    this.#cuts.set(n, verb);
  }

  #written(step: { after: number; anchor: number; texts: readonly string[] }): string {
    const beside = this.#at(step.anchor, 0);
    return step.texts.map((text) => beside.sibling(withoutPrefix(this.#view[(step.anchor || 1) - 1]!, text))).join('');
  }

  #put(verb: number, step: { after: number; anchor: number }, ins: string): void {
    const beside = this.#at(step.anchor, verb);
    if (!beside.container) throw this.#unsafe(verb, 'a new paragraph has no place there', 'the text of the line');
    const at = step.after >= step.anchor && step.anchor > 0 ? beside.outer.to : beside.outer.from;
    const n = Math.max(1, step.anchor);
    const lines: Lines = { from: n, to: n };
    this.#aims.push({ verb, lines, part: beside.part, region: insideOf(beside.outer), splices: [{ at, del: 0, ins }] });
  }

  #at(line: number, verb: number): Paragraph {
    const found = this.#paragraphs[Math.max(1, line) - 1];
    if (!found) throw this.#invalid(verb, 'there is no paragraph to put it beside');
    return found;
  }

  /** What holds paragraphs must keep one: where all go, the last one stays without its text. */
  #cutAims(): PartAim[] {
    const left = new Map<string, number>();
    const key = (p: Paragraph): string => (p.container ? `${p.part} ${p.container.from}` : '');
    for (const [i, p] of this.#paragraphs.entries()) {
      if (!this.#cuts.has(i + 1)) left.set(key(p), (left.get(key(p)) ?? 0) + 1);
    }
    const cleared = new Set<string>();
    return [...this.#cuts].flatMap(([n, verb]) => {
      const p = this.#at(n, verb);
      const { outer, part, container } = p;
      const lines = { from: n, to: n };
      const others = left.get(key(p)) ?? 0;
      const stays = !container || (others === 0 && !cleared.has(key(p)));
      // It would be gone without a word, or be in two places.
      if (p.unseen && stays === this.#moved.has(n)) throw this.#unsafe(verb, `line ${n}: ${p.unseen}`, this.#safe(n));
      if (stays) {
        cleared.add(key(p));
        const hunk = { from: 0, to: textOfPieces(p.pieces).length, text: '' };
        const splices = this.#safely(n, verb, () => spliceRuns(p.pieces, [hunk], p.lone));
        return splices.length === 0 ? [] : [{ verb, lines, part, region: insideOf(outer), splices }];
      }
      // Two who cut the last two at once would leave none: the one that stays must still be there.
      const region = insideOf(others === 1 ? container : outer);
      return [{ verb, lines, part, region, splices: [{ at: outer.from, del: outer.to - outer.from, ins: '' }] }];
    });
  }

  #safely(n: number, verb: number, make: () => PartSplice[]): PartSplice[] {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof Unsafe)) throw error;
      throw this.#unsafe(verb, `line ${n}: ${error.what}`, this.#safe(n));
    }
  }

  #safe(n: number): string {
    const pieces = this.#paragraphs[n - 1]!.pieces.filter((piece) => piece.kind === 'chars' && piece.text !== '');
    const safe = pieces.map((piece) => `"${piece.text}"`).join(', ');
    return safe.slice(0, 500) || 'other lines';
  }

  #unsafe(verb: number, what: string, safe: string): Error {
    return fail('DOC_UNSAFE_SPAN', { verb, what, safe });
  }

  #invalid(verb: number, reason: string): Error {
    return fail('DOC_VERB_INVALID', { verb, reason });
  }
}

/** Text in the form of its place, with `mark` for each break. */
export function withBreaks(text: string, encode: (text: string) => string, mark: string): string {
  return text.split(BREAK).map(encode).join(mark);
}
