import type { Grammar, Node } from './node.ts';

/** What is still to come, innermost first. `at` counts the characters of a text that are read already. */
interface Frame {
  node: Node;
  at: number;
  next: Frame | undefined;
}

/** A place where one character is read. */
interface Place {
  node: Node & { kind: 'text' | 'class' };
  at: number;
  next: Frame | undefined;
}

interface State {
  places: readonly Place[];
  /** The text may end here. */
  ends: boolean;
}

/**
 * Reads text along a grammar, by code points, and tells what must come next. It is a set of stacks, the way llama.cpp
 * follows a grammar too; both only ever see grammars that `node.ts` printed.
 */
export class Automaton {
  readonly #rules: ReadonlyMap<string, Node>;
  #state: State;

  constructor(grammar: Grammar) {
    this.#rules = grammar.rules;
    this.#state = this.#closure([{ node: grammar.root, at: 0, next: undefined }]);
  }

  /** The text read so far is a whole text of the grammar. */
  get ends(): boolean {
    return this.#state.ends;
  }

  /** Nothing can follow. */
  get isComplete(): boolean {
    return this.#state.ends && this.#state.places.length === 0;
  }

  /** Reads on. `false`: the text leaves the grammar, and the automaton is of no more use. */
  read(text: string): boolean {
    for (const char of text) {
      this.#state = this.#step(this.#state, char);
      if (this.#state.places.length === 0 && !this.#state.ends) return false;
    }
    return true;
  }

  /** The text that must come next, as far as there is no other way, and whether nothing can follow it. */
  forced(): { text: string; completes: boolean } {
    let state = this.#state;
    let text = '';
    for (;;) {
      const char = state.ends ? undefined : onlyChar(state.places);
      if (char === undefined) return { text, completes: state.ends && state.places.length === 0 };
      text += char;
      state = this.#step(state, char);
    }
  }

  #step({ places }: State, char: string): State {
    const frames: (Frame | undefined)[] = [];
    for (const { node, at, next } of places) {
      if (node.kind === 'class') {
        if (inClass(node.set, char)) frames.push(next);
      } else if (charsOf(node)[at] === char) frames.push({ node, at: at + 1, next });
    }
    return this.#closure(frames);
  }

  /** All places that can be reached without reading. */
  #closure(frames: readonly (Frame | undefined)[]): State {
    const places: Place[] = [];
    const seen = new Set<Node>();
    let ends = false;
    const visit = (frame: Frame | undefined): void => {
      if (!frame) {
        ends = true;
        return;
      }
      const { node, at, next } = frame;
      switch (node.kind) {
        case 'text':
          if (at === charsOf(node).length) visit(next);
          else places.push({ node, at, next });
          return;
        case 'class':
          places.push({ node, at, next });
          return;
        case 'sequence':
          visit(node.parts.reduceRight<Frame | undefined>((rest, part) => ({ node: part, at: 0, next: rest }), next));
          return;
        case 'choice':
          for (const option of node.options) visit({ node: option, at: 0, next });
          return;
        case 'rule': {
          // Our grammars have no left recursion; a caller's schema that makes one ends here instead of in a loop.
          if (seen.has(node)) return;
          seen.add(node);
          const body = this.#rules.get(node.name);
          if (body) visit({ node: body, at: 0, next });
          seen.delete(node);
          return;
        }
        case 'repeat': {
          if (node.max !== 0) {
            const again: Node = {
              kind: 'repeat',
              part: node.part,
              min: Math.max(0, node.min - 1),
              max: node.max === undefined ? undefined : node.max - 1,
            };
            visit({ node: node.part, at: 0, next: { node: again, at: 0, next } });
          }
          if (node.min === 0) visit(next);
          return;
        }
      }
    };
    for (const frame of frames) visit(frame);
    return { places, ends };
  }
}

/** The one character that all places want, if there is one. */
function onlyChar(places: readonly Place[]): string | undefined {
  let only: string | undefined;
  for (const { node, at } of places) {
    if (node.kind === 'class') return undefined;
    const char = charsOf(node)[at]!;
    if (only !== undefined && only !== char) return undefined;
    only = char;
  }
  return only;
}

const split = new WeakMap<Node, readonly string[]>();

function charsOf(node: Node & { kind: 'text' }): readonly string[] {
  let chars = split.get(node);
  if (!chars) {
    chars = [...node.text];
    split.set(node, chars);
  }
  return chars;
}

const classes = new Map<string, RegExp>();

function inClass(set: string, char: string): boolean {
  let pattern = classes.get(set);
  if (!pattern) {
    // The classes of our own rules are written alike for GBNF and for JavaScript.
    pattern = new RegExp(`^[${set}]$`, 'u');
    classes.set(set, pattern);
  }
  return pattern.test(char);
}
