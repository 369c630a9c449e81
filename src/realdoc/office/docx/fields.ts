/**
 * Fields whose result somebody types: a link, a field of a form. All others are worked out (a page, a reference, what
 * Zotero or EndNote wrote): whatever is typed into them is gone at the next update.
 */
const TYPED = /^\s*(?:HYPERLINK|FORMTEXT)\b|^\s*$/i;

interface Field {
  instruction: string;
  /** Before `separate` there is code, after it the result. */
  inResult: boolean;
}

/** Complex fields that are open at some place of a story. They may begin in one paragraph and end in a later one. */
export class FieldStack {
  readonly #open: Field[] = [];
  #lowest = 0;

  get depth(): number {
    return this.#open.length;
  }

  get open(): readonly unknown[] {
    return this.#open;
  }

  /** Why text at this place cannot be changed, if so. */
  get whyFixed(): string | undefined {
    for (const field of this.#open) {
      if (!field.inResult) return 'a field code';
      if (this.isComputed(field.instruction)) return 'a field that is worked out';
    }
    return undefined;
  }

  isComputed(instruction: string): boolean {
    return !TYPED.test(instruction);
  }

  mark(type: string): void {
    if (type === 'begin') this.#open.push({ instruction: '', inResult: false });
    else if (type === 'separate') {
      const field = this.#open.at(-1);
      if (field) field.inResult = true;
    } else if (type === 'end') {
      this.#open.pop();
      this.#lowest = Math.min(this.#lowest, this.#open.length);
    }
  }

  instruct(text: string): void {
    const field = this.#open.at(-1);
    if (field) field.instruction += text;
  }

  /** The returned function says the lowest depth since. */
  watch(): () => number {
    this.#lowest = this.#open.length;
    return () => this.#lowest;
  }
}
