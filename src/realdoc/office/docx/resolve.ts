import { fail } from '../../../common/index.ts';
import type { Verb } from '../../edit/verbs.ts';
import { charsStep, withLineNumbers } from '../addresses.ts';
import { insideOf } from '../edit-element.ts';
import type { PartAim, PartSplice, ResolveOptions } from '../kind.ts';
import { BREAK } from '../kind.ts';
import { LineVerbs, refuseUnwritable, type Step, withoutPrefix } from '../line-verbs.ts';
import { type TextHunk, Unsafe, wordHunks } from '../runs.ts';
import type { XmlElement } from '../xml.ts';
import { clearParagraph, cutParagraph, newParagraphs, rawParagraph, type Writing } from './blocks.ts';
import { type DocLine, type Document, tracksChanges } from './document.ts';
import { safeStretches, spliceText } from './edit-text.ts';
import { withSections } from './sections.ts';
import { freeId, spliceTracked, Tracker } from './track.ts';

/** Turns verbs into splices of the parts. Throws the errors of `OfficeKind.resolve`. */
export function resolveDocx(document: Document, verbs: readonly Verb[], options: ResolveOptions): PartAim[] {
  const { lines } = document;
  const reader = new LineVerbs(lines);
  const steps = verbs.flatMap((verb, i) => {
    refuseUnwritable(verb, i + 1);
    const spread = withSections(lines, verb);
    const chars = charsStep(lines, spread, i + 1);
    return chars ? [chars] : reader.read(withLineNumbers(lines, spread), i + 1);
  });
  const isTracked = options.track ?? tracksChanges(document);
  const first = isTracked ? freeId(document, options.now) : 0;
  const writing: Writing = {
    bytes: (part) => document.parts.bytes(part),
    tracker: isTracked ? new Tracker(options.author, options.now, first) : undefined,
  };
  return new Resolver(document, writing).run(steps);
}

class Resolver {
  readonly #document: Document;
  readonly #lines: readonly DocLine[];
  readonly #w: Writing;
  readonly #aims: PartAim[] = [];
  /** All that changes inside a paragraph is worked out together. */
  readonly #hunks = new Map<DocLine, { hunk: TextHunk; verb: number }[]>();
  readonly #cut = new Map<DocLine, number>();
  readonly #moved = new Set<DocLine>();

  constructor(document: Document, writing: Writing) {
    this.#document = document;
    this.#lines = document.lines;
    this.#w = writing;
  }

  run(steps: readonly Step[]): PartAim[] {
    for (const step of steps) this.#step(step);
    for (const [line, edits] of this.#hunks) this.#texts(line, edits);
    for (const [line, verb] of this.#cut) this.#cutLine(line, verb);
    return this.#aims;
  }

  #step(step: Step): void {
    const { verb } = step;
    if (step.kind === 'sub') {
      const line = this.#lines[step.line - 1]!;
      // Words that are the same on both sides keep their run and its look.
      const old = line.paragraph.text.slice(step.from, step.to);
      for (const hunk of wordHunks(old, broken(step.text), step.from)) this.#change(line, hunk, verb);
    } else if (step.kind === 'set') this.#set(step.lines, step.texts, verb);
    else if (step.kind === 'put') this.#put(step.after, step.anchor, step.texts, verb);
    else if (step.kind === 'cut') {
      for (let n = step.lines.from; n <= step.lines.to; n++) this.#markCut(this.#lines[n - 1]!, verb);
    } else this.#move(step);
  }

  #set(lines: { from: number; to: number }, texts: readonly string[], verb: number): void {
    const count = lines.to - lines.from + 1;
    for (let i = 0; i < Math.min(count, texts.length); i++) {
      const line = this.#lines[lines.from - 1 + i]!;
      const text = withoutPrefix(line, broken(texts[i]!));
      const hunks = wordHunks(line.paragraph.text, text);
      for (const hunk of hunks) this.#change(line, hunk, verb);
      if (hunks.length === 0) this.#hold(line, verb);
    }
    for (let i = texts.length; i < count; i++) this.#markCut(this.#lines[lines.from - 1 + i]!, verb);
    if (texts.length > count) this.#put(lines.to, lines.to, texts.slice(count), verb);
  }

  /** A line that was set to what it is: the verb still means it. */
  #hold(line: DocLine, verb: number): void {
    this.#aim(line, verb, []);
  }

  #change(line: DocLine, hunk: TextHunk, verb: number): void {
    const known = this.#hunks.get(line) ?? [];
    if (this.#cut.has(line)) throw overlap(verb, this.#cut.get(line)!);
    const other = known.find((k) => (k.hunk.from < hunk.to && hunk.from < k.hunk.to) || k.hunk.from === hunk.from);
    if (other) throw overlap(verb, other.verb);
    this.#hunks.set(line, [...known, { hunk, verb }]);
  }

  #markCut(line: DocLine, verb: number): void {
    const other = this.#hunks.get(line)?.[0]?.verb ?? this.#cut.get(line);
    if (other !== undefined) throw overlap(verb, other);
    this.#cut.set(line, verb);
  }

  #texts(line: DocLine, edits: readonly { hunk: TextHunk; verb: number }[]): void {
    const sorted = edits.toSorted((a, b) => a.hunk.from - b.hunk.from);
    const { verb } = sorted[0]!;
    const hunks = sorted.map(({ hunk }) => hunk);
    const make = (paragraph: DocLine['paragraph']): PartSplice[] => {
      const bytes = this.#w.bytes(line.part);
      const { tracker } = this.#w;
      return tracker ? spliceTracked(bytes, paragraph, hunks, tracker) : spliceText(bytes, paragraph, hunks);
    };
    const splices = this.#guarded(line, verb, () => make(line.paragraph));
    this.#aim(line, verb, splices);
    const { twin } = line;
    if (!twin || twin.text !== line.paragraph.text) return;
    this.#aims.push(
      this.#aimOf(
        line,
        verb,
        twin.element,
        this.#guarded(line, verb, () => make(twin)),
      ),
    );
  }

  #cutLine(line: DocLine, verb: number): void {
    const { parent } = line.paragraph.element;
    const paragraphs = [...(parent?.elements('p') ?? [])];
    const going = new Set([...this.#cut.keys()].map((each) => each.paragraph.element));
    const isLast = paragraphs.at(-1) === line.paragraph.element && paragraphs.every((p) => going.has(p));
    const o = { isLast, isMoved: this.#moved.has(line) };
    this.#aim(
      line,
      verb,
      this.#guarded(line, verb, () => cutParagraph(this.#w, line, o)),
    );
    const { twin } = line;
    if (!twin || twin.text !== line.paragraph.text) return;
    const other = { ...line, paragraph: twin };
    this.#aims.push(
      this.#aimOf(
        line,
        verb,
        twin.element,
        this.#guarded(line, verb, () => clearParagraph(this.#w, other)),
      ),
    );
  }

  #put(after: number, anchor: number, texts: readonly string[], verb: number): void {
    const named = this.#lines[Math.max(1, anchor) - 1];
    if (!named) {
      throw fail('DOC_UNSAFE_SPAN', { verb, what: 'a document without paragraphs', safe: 'nothing' });
    }
    const isAfter = anchor > 0 && after === anchor;
    const { element } = named.paragraph;
    if (anchor > 0) this.#refuseClosed(named, isAfter, verb);
    const ins = newParagraphs(
      this.#w,
      named,
      this.#lookBeside(named, isAfter),
      texts.map((t) => withoutPrefix(named, broken(t))),
    );
    const at = anchor === 0 ? this.#beginning(element) : isAfter ? element.to : element.from;
    this.#aims.push({
      verb,
      lines: anchor === 0 ? { from: 1, to: 0 } : { from: anchor, to: anchor },
      part: named.part,
      region: anchor === 0 ? { from: at, to: at } : insideOf(element),
      splices: [{ at, del: 0, ins }],
    });
  }

  #refuseClosed(line: DocLine, isAfter: boolean, verb: number): void {
    const { closed } = line.paragraph;
    const what = isAfter ? closed.after : closed.before;
    if (what !== undefined) throw this.#unsafe(line, verb, new Unsafe(what));
  }

  /** What new text behind a heading looks like: as the next text beside it. */
  #lookBeside(line: DocLine, isAfter: boolean): XmlElement | undefined {
    if (!isAfter || line.level === undefined) return undefined;
    const { parent } = line.paragraph.element;
    const rest = this.#lines.slice(this.#lines.indexOf(line) + 1);
    return rest.find((each) => each.level === undefined && each.paragraph.element.parent === parent)?.paragraph.element;
  }

  /** Before everything, also where the document begins with a table. */
  #beginning(first: XmlElement): number {
    let at = first;
    while (at.parent && at.parent !== this.#document.body) at = at.parent;
    return at.parent ? at.from : first.from;
  }

  #move(step: Extract<Step, { kind: 'move' }>): void {
    const { verb, lines, after, anchor } = step;
    if (this.#w.tracker) {
      throw fail('DOC_VERB_INVALID', { verb, reason: 'moves are not tracked; cut the lines and put them again' });
    }
    const target = this.#lines[Math.max(1, anchor) - 1]!;
    const moved = this.#lines.slice(lines.from - 1, lines.to);
    const isOneStory = moved.every((line) => line.part === target.part);
    if (!isOneStory) throw this.#unsafe(target, verb, new Unsafe('another part of the document'));
    const raw = moved.map((line) => this.#guarded(line, verb, () => rawParagraph(this.#w, line))).join('');
    for (const line of moved) {
      this.#markCut(line, verb);
      this.#moved.add(line);
    }
    const { element } = target.paragraph;
    const isAfter = anchor > 0 && after === anchor;
    if (anchor > 0) this.#refuseClosed(target, isAfter, verb);
    const at = anchor === 0 ? this.#beginning(element) : isAfter ? element.to : element.from;
    const held = anchor === 0 ? { from: at, to: at } : insideOf(element);
    const splices = [{ at, del: 0, ins: raw }];
    this.#aims.push({ verb, lines: { from: anchor, to: anchor }, part: target.part, region: held, splices });
  }

  #aim(line: DocLine, verb: number, splices: readonly PartSplice[]): void {
    this.#aims.push(this.#aimOf(line, verb, line.paragraph.element, splices));
  }

  #aimOf(line: DocLine, verb: number, element: XmlElement, splices: readonly PartSplice[]): PartAim {
    const n = this.#lines.indexOf(line) + 1;
    return { verb, lines: { from: n, to: n }, part: line.part, region: insideOf(element), splices };
  }

  #guarded<T>(line: DocLine, verb: number, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw error instanceof Unsafe ? this.#unsafe(line, verb, error) : error;
    }
  }

  #unsafe(line: DocLine, verb: number, { what }: Unsafe): Error {
    const { text, boundaries } = line.paragraph;
    const n = this.#lines.indexOf(line) + 1;
    const chars = (to: number): number => [...text.slice(0, to)].length;
    const skip = [...(line.prefix ?? '')].length;
    const safe = safeStretches(line.paragraph).map(({ from, to, text: own }) => {
      return `${n}:${skip + chars(from) + 1}-${skip + chars(to)} "${own.slice(0, 200)}"`;
    });
    const edges = boundaries.map((b) => ({ at: skip + chars(b.at), what: b.what }));
    return fail('DOC_UNSAFE_SPAN', {
      verb,
      what,
      line: n,
      text: line.text.slice(0, 2000),
      boundaries: edges.slice(0, 50),
      safe: safe.length > 0 ? safe.slice(0, 20) : ['nothing in this line'],
    });
  }
}

function broken(text: string): string {
  return text.replaceAll(/\v/g, BREAK);
}

function overlap(verb: number, other: number): Error {
  return fail('DOC_VERB_INVALID', { verb, reason: `it touches the same lines as verb ${other}` });
}
