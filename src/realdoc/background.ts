import type { Logger } from '../common/index.ts';

/** What goes on between calls and after answers. A failure is logged: nobody waits for it who could be told. */
export class Background {
  readonly #log: Logger;
  readonly #work = new Set<Promise<unknown>>();

  constructor(log: Logger) {
    this.#log = log;
  }

  readonly track = (work: Promise<unknown>): void => {
    const held = work
      .catch((error: unknown) =>
        this.#log.error({ reason: error instanceof Error ? error.message : String(error) }, 'background-work-failed'),
      )
      .finally(() => this.#work.delete(held));
    this.#work.add(held);
  };

  /** What is going on now. Never rejects. */
  get running(): Promise<unknown>[] {
    return [...this.#work];
  }
}
