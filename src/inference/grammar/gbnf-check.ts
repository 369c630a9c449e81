import { fail } from '../../common/index.ts';

/** llama.cpp refuses more (`MAX_REPETITION_THRESHOLD`). */
const MAX_REPEAT = 2000;

/**
 * Reads GBNF that somebody wrote, before the engine does: llama.cpp prints a grammar it cannot read to the log, and a
 * grammar can quote a document. Throws GRAMMAR_INVALID with line and reason. Left recursion is left to llama.cpp.
 */
export function checkGbnf(text: string): void {
  new Reader(text).grammar();
}

class Reader {
  readonly #text: string;
  #at = 0;
  readonly #defined = new Set<string>();
  readonly #used = new Map<string, number>();

  constructor(text: string) {
    this.#text = text;
  }

  grammar(): void {
    this.#space(true);
    while (this.#at < this.#text.length) this.#rule();
    if (!this.#defined.has('root')) throw this.#wrong('there is no rule named root');
    for (const [name, at] of this.#used) {
      if (!this.#defined.has(name)) throw this.#wrong(`the rule "${name.slice(0, 60)}" is not defined`, at);
    }
  }

  #rule(): void {
    const name = this.#match(/[A-Za-z0-9-]+/y);
    if (name === undefined) throw this.#wrong('a rule begins with its name');
    this.#space(false);
    if (this.#match(/::=/y) === undefined) throw this.#wrong('"::=" is missing');
    this.#defined.add(name);
    this.#space(true);
    this.#alternatives(false);
    if (this.#at < this.#text.length && this.#match(/\r?\n/y) === undefined)
      throw this.#wrong('a rule ends with its line');
    this.#space(true);
  }

  #alternatives(nested: boolean): void {
    do {
      this.#space(true);
      while (this.#part(nested));
    } while (this.#match(/\|/y) !== undefined);
  }

  /** One item with its repetition. `false`: here is none. */
  #part(nested: boolean): boolean {
    const start = this.#at;
    const found =
      this.#match(/"(?:[^"\\\n]|\\.)*"/y) ??
      this.#match(/\[(?:[^\]\\\n]|\\.)*\]/y) ??
      this.#match(/\./y) ??
      this.#reference() ??
      this.#group();
    if (found === undefined) return false;
    this.#space(nested);
    const repeat = this.#match(/[*+?]|\{\s*\d+\s*(?:,\s*\d*\s*)?\}/y);
    for (const count of repeat?.match(/\d+/g) ?? []) {
      if (Number(count) > MAX_REPEAT) throw this.#wrong(`more than ${MAX_REPEAT} repetitions`, start);
    }
    this.#space(nested);
    return true;
  }

  #reference(): string | undefined {
    const start = this.#at;
    const name = this.#match(/[A-Za-z0-9-]+(?!\s*::=)(?![A-Za-z0-9-])/y);
    if (name !== undefined && !this.#used.has(name)) this.#used.set(name, start);
    return name;
  }

  #group(): string | undefined {
    const start = this.#at;
    if (this.#match(/\(/y) === undefined) return undefined;
    this.#alternatives(true);
    if (this.#match(/\)/y) === undefined) throw this.#wrong('a bracket is not closed', start);
    return '()';
  }

  /** Blanks and comments; line ends too where a rule cannot end. */
  #space(lines: boolean): void {
    this.#match(lines ? /(?:[ \t\r\n]|#[^\n]*)*/y : /(?:[ \t]|#[^\n]*)*/y);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) return undefined;
    this.#at += found.length;
    return found;
  }

  #wrong(reason: string, at = this.#at): Error {
    const line = this.#text.slice(0, at).split('\n').length;
    return fail('GRAMMAR_INVALID', { reason: `line ${line}: ${reason}`, line });
  }
}
