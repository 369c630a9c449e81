import { keepReturned } from './returned.ts';
import { type Change, type Splice, sameBytes } from './splice.ts';

/** Lets others have their turn. */
interface Pace {
  readonly isDue: boolean;
  turn(): Promise<void>;
}

/** A change spelled as a walk over the old text: keep n bytes, drop these bytes, add these bytes. */
type Step = { keep: number } | { drop: Uint8Array } | { add: Uint8Array };

/**
 * The one change with the effect of `first` and then `second`. What the second takes back of the first leaves no
 * trace, so an edit and its undo compose to nothing; a line that went and came back counts as untouched.
 */
export function compose(first: Change, second: Change): Change {
  return join2(first, second).flatMap((s) => keepReturned(s));
}

/** Composes a run of changes in halves, so ten thousand small ones cost n log n. */
export function composeAll(changes: readonly Change[]): Change {
  return changes.length === 1 ? changes[0]! : inHalves(changes).flatMap((s) => keepReturned(s));
}

/** Of so few changes the whole is made at once: a millisecond. */
const AT_ONCE = 512;

/** Gives what `composeAll` gives, step by step, with a turn for others where `pace` says so. */
export async function composeAllSlowly(changes: readonly Change[], pace: Pace): Promise<Change> {
  if (changes.length === 1) return changes[0]!;
  const halves = async (part: readonly Change[]): Promise<Change> => {
    if (part.length <= AT_ONCE) {
      if (pace.isDue) await pace.turn();
      return inHalves(part);
    }
    const half = part.length >> 1;
    const first = await halves(part.slice(0, half));
    const second = await halves(part.slice(half));
    if (pace.isDue) await pace.turn();
    return join2(first, second);
  };
  const out: Splice[] = [];
  for (const splice of await halves(changes)) {
    if (pace.isDue) await pace.turn();
    for (const kept of keepReturned(splice)) out.push(kept);
  }
  return out;
}

/** The same without looking for lines that went and came back: all that is needed to get from text to text. */
export function composeLog(changes: readonly Change[]): Change {
  return inHalves(changes);
}

function inHalves(changes: readonly Change[]): Change {
  if (changes.length < 2) return changes[0] ?? [];
  const half = changes.length >> 1;
  return join2(inHalves(changes.slice(0, half)), inHalves(changes.slice(half)));
}

/** Splices of both that keep apart are moved and no more; only where they meet is the text walked. */
function join2(first: Change, second: Change): Change {
  if (first.length === 0) return second;
  if (second.length === 0) return first;
  const out: Splice[] = [];
  let [i, j, shift] = [0, 0, 0];
  while (i < first.length && j < second.length) {
    const a = first[i]!;
    const b = second[j]!;
    let end = a.at + shift + a.ins.length;
    if (end < b.at) {
      out.push(a);
      shift += a.ins.length - a.del.length;
      i++;
      continue;
    }
    if (b.at + b.del.length < a.at + shift) {
      out.push(moved(b, shift));
      j++;
      continue;
    }
    const [fromA, fromB, before] = [i++, j++, shift];
    end = Math.max(end, b.at + b.del.length);
    shift += a.ins.length - a.del.length;
    for (;;) {
      const nextA = first[i];
      const nextB = second[j];
      if (nextA && nextA.at + shift <= end) {
        end = Math.max(end, nextA.at + shift + nextA.ins.length);
        shift += nextA.ins.length - nextA.del.length;
        i++;
      } else if (nextB && nextB.at <= end) {
        end = Math.max(end, nextB.at + nextB.del.length);
        j++;
      } else break;
    }
    const met = second.slice(fromB, j).map((s) => moved(s, before));
    for (const splice of walk(first.slice(fromA, i), met)) out.push(splice);
  }
  for (; i < first.length; i++) out.push(first[i]!);
  for (; j < second.length; j++) out.push(moved(second[j]!, shift));
  return out;
}

function moved(s: Splice, shift: number): Splice {
  return shift === 0 ? s : { at: s.at - shift, del: s.del, ins: s.ins };
}

function walk(first: Change, second: Change): Change {
  const a = new Steps(first);
  const b = new Steps(second);
  const out = new Builder();
  while (!a.done || !b.done) {
    const x = a.peek();
    if ('drop' in x) {
      out.drop(a.take(x.drop.length) as Uint8Array);
      continue;
    }
    const y = b.peek();
    if ('add' in y) {
      out.add(b.take(y.add.length) as Uint8Array);
      continue;
    }
    const n = Math.min(size(x), size(y));
    if (n === Number.POSITIVE_INFINITY) break;
    const fromFirst = a.take(n);
    const fromSecond = b.take(n);
    const added = 'add' in x;
    const dropped = 'drop' in y;
    if (added && !dropped) out.add(fromFirst as Uint8Array);
    else if (!added && dropped) out.drop(fromSecond as Uint8Array);
    else if (!added) out.keep(n);
  }
  return out.finish();
}

function size(step: Step): number {
  if ('keep' in step) return step.keep;
  return 'drop' in step ? step.drop.length : step.add.length;
}

class Steps {
  readonly #steps: Step[] = [];
  #index = 0;
  #used = 0;

  constructor(change: Change) {
    let at = 0;
    for (const s of change) {
      if (s.at > at) this.#steps.push({ keep: s.at - at });
      if (s.del.length > 0) this.#steps.push({ drop: s.del });
      if (s.ins.length > 0) this.#steps.push({ add: s.ins });
      at = s.at + s.del.length;
    }
  }

  get done(): boolean {
    return this.#index >= this.#steps.length;
  }

  /** What is left of the current step; past the last one the rest of the text is kept. */
  peek(): Step {
    const step = this.#steps[this.#index];
    if (!step) return { keep: Number.POSITIVE_INFINITY };
    if (this.#used === 0) return step;
    if ('keep' in step) return { keep: step.keep - this.#used };
    return 'drop' in step ? { drop: step.drop.subarray(this.#used) } : { add: step.add.subarray(this.#used) };
  }

  take(n: number): Uint8Array | undefined {
    const step = this.#steps[this.#index];
    if (!step) return undefined;
    const from = this.#used;
    this.#used += n;
    if (this.#used === size(step)) {
      this.#index++;
      this.#used = 0;
    }
    if ('keep' in step) return undefined;
    return ('drop' in step ? step.drop : step.add).subarray(from, from + n);
  }
}

class Builder {
  readonly #out: Splice[] = [];
  #at = 0;
  #dropped: Uint8Array[] = [];
  #added: Uint8Array[] = [];

  keep(n: number): void {
    this.#flush();
    this.#at += n;
  }

  drop(bytes: Uint8Array): void {
    this.#dropped.push(bytes);
  }

  add(bytes: Uint8Array): void {
    this.#added.push(bytes);
  }

  finish(): Splice[] {
    this.#flush();
    return this.#out;
  }

  #flush(): void {
    if (this.#dropped.length === 0 && this.#added.length === 0) return;
    const del = join(this.#dropped);
    const ins = join(this.#added);
    if (!sameBytes(del, ins)) this.#out.push({ at: this.#at, del, ins });
    this.#at += del.length;
    this.#dropped = [];
    this.#added = [];
  }
}

function join(parts: Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
