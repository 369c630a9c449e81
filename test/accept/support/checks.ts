/** Counts named checks and ends an acceptance with the line its runner reads. */
export class Checks {
  #passed = 0;
  #failed = 0;

  /** Runs one check; a throw is a failure with its message, and the next check runs all the same. */
  async check(name: string, fn: () => unknown): Promise<void> {
    try {
      const note = await fn();
      this.#passed++;
      console.log(`ok      ${name}${typeof note === 'string' ? ` (${note})` : ''}`);
    } catch (error) {
      this.#failed++;
      console.log(`FAILED  ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  finish(): void {
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    process.exitCode = this.#failed > 0 || this.#passed === 0 ? 1 : 0;
  }
}

/** Ends the acceptance as one that cannot run here. */
export function unavailable(reason: string): never {
  console.log(`UNAVAILABLE: ${reason}`);
  process.exit(77);
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** Looks until `check` gives something, and says what was missing when it never does. Returns it with the wait. */
export async function waitFor<T>(
  what: string,
  ms: number,
  check: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<{ value: T; afterMs: number }> {
  const from = performance.now();
  for (;;) {
    const value = await check();
    const afterMs = Math.round(performance.now() - from);
    if (value) return { value, afterMs };
    if (afterMs > ms) throw new Error(`${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
