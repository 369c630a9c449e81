import type {
  GrammarState,
  SampleOutcome,
  Stepper,
  TickPlan,
  TickResult,
} from '../../../src/inference/engine/stepper.ts';

export interface TickRecord {
  width: number;
  prefill: number;
  /** Answers that got their next token. */
  decoding: number;
  at: number;
}

/** A model that is a hash: the next token depends on all tokens before it and on nothing else. Time is what it costs. */
export class FakeStepper implements Stepper {
  readonly sequences: number;
  readonly contextTokens = 4096;
  readonly held: number[][];
  readonly ticks: TickRecord[] = [];
  readonly kept: number[] = [];
  now = 0;
  /** Token that ends an answer. */
  static readonly END = 0;
  readonly #prefillMs: number;
  readonly #decodeMs: number;
  /** Sequences that fail in tick n. */
  readonly faults = new Map<number, number>();
  /** The last sequence state is unusable until `begin(_, 0)`. */
  readonly #broken = new Set<number>();

  constructor(options: { sequences: number; prefillMs?: number; decodeMs?: number }) {
    this.sequences = options.sequences;
    this.#prefillMs = options.prefillMs ?? 10;
    this.#decodeMs = options.decodeMs ?? 50;
    this.held = Array.from({ length: options.sequences }, () => []);
  }

  static next(held: readonly number[]): number {
    let hash = 2_166_136_261;
    for (const token of held) hash = Math.imul(hash ^ token, 16_777_619) >>> 0;
    return hash % 97;
  }

  /** What a lone model would answer. */
  static answer(prompt: readonly number[], tokens: number): number[] {
    const held = [...prompt];
    const out: number[] = [];
    while (out.length < tokens) {
      const token = FakeStepper.next(held);
      out.push(token);
      if (token === FakeStepper.END) break;
      held.push(token);
    }
    return out;
  }

  begin(sequence: number, keep: number): Promise<number> {
    if (this.#broken.has(sequence) && keep > 0) throw new Error('a broken sequence was reused');
    this.#broken.delete(sequence);
    this.held[sequence]!.length = keep;
    this.kept.push(keep);
    return Promise.resolve(keep);
  }

  tick(plan: TickPlan): Promise<TickResult> {
    const prefillErrors = new Map<number, unknown>();
    const samples = new Map<number, SampleOutcome>();
    const index = this.ticks.length;
    let prefill = 0;
    let decoded = false;
    const fails = (sequence: number) => {
      if (this.faults.get(index) !== sequence) return false;
      this.#broken.add(sequence);
      return true;
    };
    for (const { sequence, tokens } of plan.prefill) {
      prefill += tokens.length;
      if (fails(sequence)) prefillErrors.set(sequence, new Error('fault'));
      else this.held[sequence]!.push(...tokens);
    }
    for (const { sequence, tokens } of plan.sample) {
      prefill += tokens.length - 1;
      decoded = true;
      if (fails(sequence)) {
        samples.set(sequence, { error: new Error('fault') });
        continue;
      }
      this.held[sequence]!.push(...tokens);
      const token = FakeStepper.next(this.held[sequence]!);
      samples.set(sequence, { token, end: token === FakeStepper.END });
    }
    const decoding = plan.sample.filter((part) => part.tokens.length === 1).length;
    this.ticks.push({ width: plan.prefill.length + plan.sample.length, prefill, decoding, at: this.now });
    this.now += prefill * this.#prefillMs + (decoded ? this.#decodeMs : 0);
    return Promise.resolve({ prefillErrors, samples });
  }

  grammar(): GrammarState {
    return { accept: () => true };
  }

  end(): Promise<void> {
    return Promise.resolve();
  }
}
