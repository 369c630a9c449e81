export interface TickBudgetOptions {
  /** Largest prefill of one tick. */
  maxChunk: number;
  /** Smallest one, so that prompts move on whatever they cost; alone twice that, where small batches only waste time. */
  minChunk: number;
  /** Tick bound while somebody else's answer is being written, and while nobody's is. */
  sharedMs: number;
  aloneMs: number;
}

export const DEFAULT_TICK_BUDGET: TickBudgetOptions = { maxChunk: 64, minChunk: 16, sharedMs: 400, aloneMs: 800 };

/**
 * How many prompt tokens the next tick may evaluate: the largest multiple of 16 whose predicted time stays inside the
 * bound. On slow hardware the floor can exceed it; `overruns` says how often.
 * Measured with the starter model: chunks of 16 cost 17 % more than whole prompts, of 32 4 %, of 64 2 %.
 */
export class TickBudget {
  readonly #options: TickBudgetOptions;
  #prefillMs = 0;
  #decodeMs = 0;
  overruns = 0;
  maxTickMs = 0;
  lastTickMs = 0;
  ticks = 0;

  constructor(options: TickBudgetOptions = DEFAULT_TICK_BUDGET) {
    this.#options = options;
  }

  /** Milliseconds one prompt token costs, as far as it is known. */
  get prefillMsPerToken(): number {
    return this.#prefillMs;
  }

  get decodeMsPerTick(): number {
    return this.#decodeMs;
  }

  chunk(decoding: number): number {
    const { maxChunk, minChunk, sharedMs, aloneMs } = this.#options;
    if (this.#prefillMs === 0) return Math.min(maxChunk, 2 * minChunk);
    const room = decoding > 0 ? sharedMs - this.#decodeMs : aloneMs;
    const fit = Math.floor(room / this.#prefillMs / 16) * 16;
    return Math.max(decoding > 0 ? minChunk : 2 * minChunk, Math.min(maxChunk, fit));
  }

  observe(prefillTokens: number, decoding: number, ms: number): void {
    this.ticks++;
    this.lastTickMs = ms;
    this.maxTickMs = Math.max(this.maxTickMs, ms);
    if (ms > (decoding > 0 ? this.#options.sharedMs : this.#options.aloneMs) * 1.1) this.overruns++;
    if (prefillTokens >= 8) {
      const own = Math.max(0, ms - (decoding > 0 ? this.#decodeMs : 0)) / prefillTokens;
      this.#prefillMs = blend(this.#prefillMs, own);
    } else if (decoding > 0) this.#decodeMs = blend(this.#decodeMs, ms);
  }
}

function blend(old: number, seen: number): number {
  return old === 0 ? seen : old * 0.8 + seen * 0.2;
}
