import { fail, isJinguError } from '../../common/index.ts';
import { resolveVerbs } from '../edit/resolve.ts';
import type { Aim } from '../edit/target.ts';
import type { Verb } from '../edit/verbs.ts';
import { TextTree } from '../text/tree.ts';
import type { ViewLine } from './kind.ts';
import { canStandInXml } from './xml-text.ts';

/** What one verb asks of the lines of a view. Offsets are UTF-16 units of the line without its address. */
export type Step =
  | { kind: 'set'; verb: number; lines: Lines; texts: string[] }
  | { kind: 'cut'; verb: number; lines: Lines }
  /** After line `after` (0: at the beginning); `anchor` is the line that was named. */
  | { kind: 'put'; verb: number; after: number; anchor: number; texts: string[] }
  | { kind: 'move'; verb: number; lines: Lines; after: number; anchor: number }
  | { kind: 'sub'; verb: number; line: number; from: number; to: number; text: string };

export interface Lines {
  from: number;
  to: number;
}

/** The part of a line that is content. */
export function contentOf(line: ViewLine): string {
  return line.text.slice(line.prefix?.length ?? 0);
}

/** New text for a line, where its address was typed along. */
export function withoutPrefix(line: ViewLine, text: string): string {
  return line.prefix && text.startsWith(line.prefix) ? text.slice(line.prefix.length) : text;
}

/** Throws DOC_VERB_INVALID for a text that cannot be written into a part. */
export function refuseUnwritable(verb: Verb, number: number): void {
  const texts = 'text' in verb ? verb.text : 'sub' in verb ? [verb.sub.replace] : [];
  if (!texts.every(canStandInXml)) {
    throw fail('DOC_VERB_INVALID', { verb: number, reason: 'a text holds a character that no such document can hold' });
  }
}

/** The part of a line in which `sub` may find something; `from` counts in the content. */
export type Searchable = (line: ViewLine) => { from: number; text: string };

const wholeContent: Searchable = (line) => ({ from: 0, text: contentOf(line) });

/** What stands in for a range that is no run of lines, such as a block of cells. */
export interface Scope {
  has(line: number): boolean;
}

/**
 * Reads verbs with line numbers against a view. Checks numbers, guards and matches exactly as for a text, so the errors
 * are the same: DOC_LINE_UNKNOWN, DOC_GUARD_FAILED, DOC_VERB_INVALID, DOC_AMBIGUOUS, DOC_TEXT_NOT_FOUND. `sub` never
 * finds anything in an address. Verbs that overlap are refused.
 */
export class LineVerbs {
  readonly #view: readonly ViewLine[];
  readonly #searchable: Searchable;
  readonly #trees = new Map<'shown' | 'searched', TextTree>();

  constructor(view: readonly ViewLine[], searchable: Searchable = wholeContent) {
    this.#view = view;
    this.#searchable = searchable;
  }

  /** `number` is that of the verb, counted from 1. */
  read(verb: Verb, number: number, scope?: Scope): Step[] {
    if ('sub' in verb) return this.#sub(verb, number, scope);
    const aims = this.#resolve(verb, number, this.#tree('shown'));
    const [aim] = aims;
    if (!aim) return [];
    if ('set' in verb) return [{ kind: 'set', verb: number, lines: aim.lines, texts: textsOf(aim) }];
    if ('cut' in verb) return [{ kind: 'cut', verb: number, lines: aim.lines }];
    const place = 'put' in verb ? verb.put : verb.to;
    const anchor = Number(place.slice(1));
    const after = place.startsWith('>') ? anchor : anchor - 1;
    if ('put' in verb) return [{ kind: 'put', verb: number, after, anchor, texts: textsOf(aim) }];
    return [{ kind: 'move', verb: number, lines: aim.lines, after, anchor }];
  }

  #resolve(verb: Verb, number: number, tree: TextTree): Aim[] {
    try {
      // Path and version are for the details of errors, and the core fills them in.
      return resolveVerbs({ path: '', version: 0, tree }, [verb]);
    } catch (error) {
      throw withVerb(error, number);
    }
  }

  #tree(which: 'shown' | 'searched'): TextTree {
    let tree = this.#trees.get(which);
    if (!tree) {
      tree = treeOf(this.#view.map((line) => (which === 'shown' ? line.text : this.#searchable(line).text)));
      this.#trees.set(which, tree);
    }
    return tree;
  }

  #sub(verb: Extract<Verb, { sub: unknown }>, number: number, scope: Scope | undefined): Step[] {
    const asked = scope ? verb : this.#withoutEcho(verb);
    const tree = scope
      ? treeOf(this.#view.map((line, i) => (scope.has(i + 1) ? this.#searchable(line).text : '')))
      : this.#tree('searched');
    let aims: Aim[];
    try {
      aims = this.#resolve(asked, number, tree);
    } catch (error) {
      throw this.#explain(error, asked, number);
    }
    return aims.map((aim) => {
      const [splice] = aim.splices;
      const line = this.#view[aim.lines.from - 1]!;
      const skip = this.#searchable(line).from;
      const from = skip + tree.slice(tree.offsetOfLine(aim.lines.from), splice!.at).toString('utf8').length;
      const to = from + Buffer.from(splice!.del).toString('utf8').length;
      const text = Buffer.from(splice!.ins).toString('utf8');
      return { kind: 'sub', verb: number, line: aim.lines.from, from, to, text };
    });
  }

  /** A whole line copied as `find`, address and all, names its line by that. */
  #withoutEcho(verb: Extract<Verb, { sub: unknown }>): Extract<Verb, { sub: unknown }> {
    const { find, replace, range, line } = verb.sub;
    const n = this.#view.findIndex((each) => each.prefix && find.startsWith(each.prefix)) + 1;
    if (n === 0 || range !== undefined || (line !== undefined && line !== n)) return verb;
    const { prefix } = this.#view[n - 1]!;
    const rest = find.slice(prefix!.length);
    if (rest === '') return verb;
    return { ...verb, sub: { ...verb.sub, find: rest, replace: withoutPrefix(this.#view[n - 1]!, replace), line: n } };
  }

  /** Candidates get their address back; a text that is only in a part nobody may change is said to be there. */
  #explain(error: unknown, verb: Extract<Verb, { sub: unknown }>, number: number): unknown {
    if (!isJinguError(error)) return error;
    if (error.code === 'DOC_AMBIGUOUS') {
      const found = error.details['candidates'] as { line: number; text: string }[];
      const candidates = found.map((each) => {
        const line = this.#view[each.line - 1]!;
        return { ...each, text: (line.prefix ?? '') + each.text, ...(line.address ? { address: line.address } : {}) };
      });
      return fail('DOC_AMBIGUOUS', { ...error.details, candidates });
    }
    if (error.code === 'DOC_TEXT_NOT_FOUND') {
      const n = this.#view.findIndex((line) => contentOf(line).includes(verb.sub.find)) + 1;
      if (n > 0) {
        const line = this.#view[n - 1]!;
        const what = 'what a formula works out is not typed in';
        const safe = `the formula of line ${n}: ${this.#searchable(line).text}`;
        return fail('DOC_UNSAFE_SPAN', { verb: number, what, safe, line: n });
      }
    }
    return error;
  }
}

/** An error of the text room says verb 1, since it sees one at a time. */
function withVerb(error: unknown, verb: number): unknown {
  if (!isJinguError(error) || error.details['verb'] === undefined) return error;
  return fail(error.code, { ...error.details, verb });
}

/** The new lines of a set or put. */
function textsOf(aim: Aim): string[] {
  return Buffer.from(aim.splices[0]!.ins).toString('utf8').slice(0, -1).split('\n');
}

function treeOf(lines: readonly string[]): TextTree {
  return TextTree.of(Buffer.from(lines.map((line) => `${line}\n`).join('')));
}
