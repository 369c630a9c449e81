/** Counts checks of an acceptance and prints them; the last line is `N passed, N failed`. */
export class Checks {
  #passed = 0;
  #failed = 0;

  /** One promise. A throw inside counts as a failure and is printed. */
  async check(promise: string, fn: () => boolean | Promise<boolean>): Promise<void> {
    let problem = '';
    try {
      if (!(await fn())) problem = 'it does not hold';
    } catch (error) {
      problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    if (problem === '') this.#passed++;
    else this.#failed++;
    console.log(`${problem === '' ? 'ok  ' : 'FAIL'} ${promise}${problem === '' ? '' : `\n     ${problem}`}`);
  }

  /** Prints the last line and answers the exit code. */
  end(): number {
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    return this.#failed === 0 && this.#passed > 0 ? 0 : 1;
  }
}
