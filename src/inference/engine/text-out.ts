/** Turns tokens into text that can be sent as it grows: never half a character, never the beginning of a stop text. */
export class TextOut {
  readonly #detokenize: (tokens: readonly number[], before: readonly number[]) => string;
  readonly #stops: readonly string[];
  #pending: number[] = [];
  #before: number[] = [];
  #held = '';
  #text = '';
  #stopped = false;

  constructor(
    detokenize: (tokens: readonly number[], before: readonly number[]) => string,
    stops: readonly string[] = [],
  ) {
    this.#detokenize = detokenize;
    this.#stops = stops.filter((stop) => stop.length > 0);
  }

  /** All that was given out. */
  get text(): string {
    return this.#text;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** No character is half there. */
  get isWhole(): boolean {
    return this.#pending.length === 0;
  }

  /** Text that was not sampled; nothing may be pending. */
  append(text: string): void {
    this.#text += text;
  }

  /** The text that is certain now; '' while it is not. */
  push(token: number): string {
    this.#pending.push(token);
    const piece = this.#detokenize(this.#pending, this.#before);
    // A character can be spread over tokens (UTF-8 has at most 4 bytes); the tokenizer shows the rest as U+FFFD.
    if (piece.endsWith('\uFFFD') && this.#pending.length < 4) return '';
    this.#before = [...this.#before, ...this.#pending].slice(-4);
    this.#pending = [];
    return this.#release(this.#held + piece);
  }

  /** What was held back, at the end of the answer. */
  flush(): string {
    if (this.#stopped) return '';
    const rest = this.#pending.length > 0 ? this.#detokenize(this.#pending, this.#before) : '';
    this.#pending = [];
    const out = this.#release(this.#held + rest) + (this.#stopped ? '' : this.#held);
    if (!this.#stopped) this.#text += this.#held;
    this.#held = '';
    return out;
  }

  #release(text: string): string {
    let cut = -1;
    for (const stop of this.#stops) {
      const at = text.indexOf(stop);
      if (at >= 0 && (cut < 0 || at < cut)) cut = at;
    }
    if (cut >= 0) {
      this.#stopped = true;
      this.#held = '';
      this.#text += text.slice(0, cut);
      return text.slice(0, cut);
    }
    const keep = Math.max(0, ...this.#stops.map((stop) => overlap(text, stop)));
    const out = text.slice(0, text.length - keep);
    this.#held = text.slice(text.length - keep);
    this.#text += out;
    return out;
  }
}

/** Length of the longest end of `text` that begins `stop`. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) {
    if (stop.startsWith(text.slice(-length))) return length;
  }
  return 0;
}
