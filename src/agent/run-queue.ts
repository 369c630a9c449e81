import type { Logger } from '../common/index.ts';

/** Tasks worked on at one time: the model runs one thing after another anyway. */
const AT_ONCE = 2;

/** Which task runs next: first come, first served, each at most once at a time. */
export class RunQueue {
  readonly #log: Logger;
  readonly #run: (id: string, signal: AbortSignal) => Promise<void>;
  readonly #queue: string[] = [];
  readonly #running = new Map<string, { abort: AbortController; done: Promise<void> }>();
  #started = false;

  constructor(log: Logger, run: (id: string, signal: AbortSignal) => Promise<void>) {
    this.#log = log;
    this.#run = run;
  }

  start(): void {
    this.#started = true;
  }

  /** Aborts what runs and resolves when it has ended; nothing more begins. Harmless when called twice. */
  async stop(): Promise<void> {
    this.#started = false;
    this.#queue.length = 0;
    for (const { abort } of this.#running.values()) abort.abort();
    await this.#done();
  }

  /** Runs at this moment. */
  get running(): number {
    return this.#running.size;
  }

  /** Resolves when nothing is queued or running. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await this.#done();
  }

  /** Does nothing for a task that waits here or runs. */
  enqueue(id: string): void {
    if (!this.#started || this.#queue.includes(id) || this.#running.has(id)) return;
    this.#queue.push(id);
    this.#pump();
  }

  abort(id: string): void {
    this.#running.get(id)?.abort.abort();
  }

  /** Aborts the run of this task, if there is one, and begins anew. */
  restart(id: string): void {
    this.abort(id);
    this.afterRun(id, () => this.enqueue(id));
  }

  /** Once the run of this task has ended; at once if there is none. */
  afterRun(id: string, then: () => void): void {
    const running = this.#running.get(id);
    if (running) void running.done.then(then);
    else then();
  }

  #pump(): void {
    while (this.#started && this.#running.size < AT_ONCE && this.#queue.length > 0) {
      const id = this.#queue.shift()!;
      const abort = new AbortController();
      const done = this.#run(id, abort.signal)
        .catch((error: unknown) => this.#log.error({ task: id, error: String(error) }, 'task-run-failed'))
        .finally(() => {
          this.#running.delete(id);
          this.#pump();
        });
      this.#running.set(id, { abort, done });
    }
  }

  async #done(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }
}
