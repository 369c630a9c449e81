import { createHash } from 'node:crypto';
import { diceFrom } from './random.ts';
import { type ModelText, type ModelVerb, targetsOf, writeModel } from './text-model.ts';

/** One edit to be tried. */
export interface Trial {
  base: number;
  verbs: ModelVerb[];
  isGuardWrong: boolean;
  input: Record<string, unknown>;
}

/** A seeded generator, so that a failure names what to repeat. */
class Dice {
  readonly below: (n: number) => number;
  constructor(seed: number) {
    this.below = diceFrom(seed);
  }
  one<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/** Makes texts full of equal lines, and edits of them, out of a seed. */
export class AddressMaker {
  readonly dice: Dice;
  readonly #isUtf8: boolean;
  #serial = 0;

  constructor(seed: number) {
    this.dice = new Dice(seed);
    this.#isUtf8 = this.dice.below(5) > 0;
  }

  /** A number that no text of this maker has yet. */
  next(): number {
    return this.#serial++;
  }

  firstText(): Buffer {
    const count = 1 + this.dice.below(40);
    const lines = Array.from({ length: count }, (_, i) => {
      const isLast = i === count - 1;
      const end = isLast && this.dice.below(3) === 0 ? '' : this.dice.below(4) === 0 ? '\r\n' : '\n';
      return Buffer.concat([this.#body(), Buffer.from(end)]);
    });
    const bom = this.#isUtf8 && this.dice.below(4) === 0 ? [Buffer.from('\ufeff')] : [];
    const text = Buffer.concat([...bom, ...lines]);
    // A text without any line cannot be addressed.
    return text.length === 0 ? Buffer.from('x\n') : text;
  }

  /** Mostly one of a few bodies, so that most lines are there several times. */
  #body(): Buffer {
    const kind = this.dice.below(20);
    if (kind === 0) return Buffer.from(`${'long '.repeat(2000 + this.dice.below(20_000))}${this.dice.below(3)}`);
    if (kind === 1 && !this.#isUtf8)
      return Buffer.from([0x63, 0x61, 0x66, 0xe9, 0x20, 0xc3, this.dice.below(3) + 0x28]);
    if (kind === 2) return Buffer.from('');
    return Buffer.from(
      this.dice.one([
        'same',
        'same again',
        '}',
        '    return x;',
        '\ttabbed',
        this.#isUtf8 ? '第一条 总则' : 'plain',
        'a | b | c',
      ]),
    );
  }

  #fresh(): string {
    if (this.dice.below(3) === 0) return this.dice.one(['same', '}', '    return x;', '\ttabbed', '']);
    return `new ${this.next()}${this.#isUtf8 && this.dice.below(4) === 0 ? ' grün 😀' : ''}`;
  }

  #texts(): string[] {
    return Array.from({ length: 1 + this.dice.below(3) }, () => this.#fresh());
  }

  /** An edit of a random version of those that there are, the newest last. */
  trial(path: string, versions: readonly ModelText[]): Trial {
    const head = versions.length;
    const back = this.dice.below(3) === 0 ? this.dice.below(head) : this.dice.below(Math.min(head, 6));
    let base = head - back;
    while (versions[base - 1]!.length === 0) base--;
    const text = versions[base - 1]!;
    const verbs: ModelVerb[] = [];
    let from = 1 + this.dice.below(text.length);
    for (let n = 0; n < 3 && from <= text.length; n++) {
      const to = Math.min(text.length, from + this.dice.below(3));
      const verb = this.#verb(text, from, to);
      // Lines may move beside any other, so a move is a call of its own.
      if (verb.kind === 'move' && n > 0) break;
      verbs.push(verb);
      if (verb.kind === 'move' || this.dice.below(3) > 0) break;
      from = to + 2 + this.dice.below(4);
    }
    const guard = this.#guard(text, verbs[0]!);
    const input = verbs.map((verb, i) => ({ ...toInput(verb), ...(i === 0 ? guard.input : {}) }));
    return { base, verbs, isGuardWrong: guard.isWrong, input: { path, base, verbs: input } };
  }

  #verb(text: ModelText, from: number, to: number): ModelVerb {
    const line = text[from - 1]!;
    const words = line.body.toString('utf8');
    switch (this.dice.below(7)) {
      case 0:
        return { kind: 'cut', from, to };
      case 1:
        return { kind: 'put', side: '>', line: from, text: this.#texts() };
      case 2:
        return { kind: 'put', side: '<', line: from, text: this.#texts() };
      case 3: {
        const side = this.dice.one(['>', '<'] as const);
        const anchors = text
          .map((_, i) => i + 1)
          .filter((n) => (n < from || n > to) && (side === '>' ? n !== from - 1 : n !== to + 1));
        return anchors.length > 0
          ? { kind: 'move', from, to, side, line: this.dice.one(anchors) }
          : { kind: 'cut', from, to };
      }
      case 4: {
        const find = words.slice(0, 4);
        if (find.length > 0 && words.split(find).length === 2 && line.body.indexOf(find) >= 0)
          return { kind: 'sub', line: from, find, replace: `s${this.next()}` };
        break;
      }
      case 5: {
        const chars = [...words];
        // What is no UTF-8 would not survive the model's own decoding.
        if (chars.length > 0 && chars.length < 500 && Buffer.from(words).equals(line.body)) {
          const first = 1 + this.dice.below(chars.length);
          const last = Math.min(chars.length, first + this.dice.below(4));
          return { kind: 'chars', line: from, first, last, text: `c${this.next()}` };
        }
        break;
      }
    }
    return { kind: 'set', from, to, text: this.#texts() };
  }

  #guard(text: ModelText, verb: ModelVerb): { isWrong: boolean; input: object } {
    const [span] = targetsOf(verb);
    if (!span || verb.kind === 'chars' || verb.kind === 'sub' || this.dice.below(3) > 0)
      return { isWrong: false, input: {} };
    const lines = text.slice(span[0] - 1, span[1]);
    const whole = writeModel(lines);
    const bare = whole.subarray(0, whole.length - lines.at(-1)!.end.length);
    const isWrong = this.dice.below(4) === 0;
    // Of other encodings the hash is that of the text as it is shown.
    if (this.#isUtf8 && this.dice.below(2) === 0) {
      const digest = createHash('sha256')
        .update(isWrong ? 'other' : bare)
        .digest('hex');
      return { isWrong, input: { hash: digest.slice(0, 12) } };
    }
    const was = isWrong ? 'nowhere in it' : lines[0]!.body.toString('utf8').slice(0, 20);
    return was === '' || was.includes('\ufffd') ? { isWrong: false, input: {} } : { isWrong, input: { was } };
  }
}

function toInput(verb: ModelVerb): object {
  const range = (from: number, to: number): string => (from === to ? `${from}` : `${from}-${to}`);
  switch (verb.kind) {
    case 'set':
      return { set: range(verb.from, verb.to), text: verb.text };
    case 'cut':
      return { cut: range(verb.from, verb.to) };
    case 'put':
      return { put: `${verb.side}${verb.line}`, text: verb.text };
    case 'move':
      return { move: range(verb.from, verb.to), to: `${verb.side}${verb.line}` };
    case 'sub':
      return { sub: { line: verb.line, find: verb.find, replace: verb.replace } };
    case 'chars':
      return { set: `${verb.line}:${verb.first}-${verb.last}`, text: [verb.text] };
  }
}
