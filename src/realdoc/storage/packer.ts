import { Worker } from 'node:worker_threads';
import type { NewPack } from '../repository/index.ts';
import type { PackJob } from './packing.ts';

/** A thread that had nothing to do for so long is let go. */
const IDLE_MS = 10_000;

type Answer = { pack: NewPack } | { failed: string };

/**
 * Makes packs on a thread of its own, and reads each back there: laying out, compressing and digesting two thousand
 * versions would hold the writer for tens of milliseconds. It has no database; what it is not given it does not know.
 */
export class Packer {
  #worker: Worker | undefined;
  #settle: { resolve(pack: NewPack): void; reject(error: Error): void } | undefined;
  #idle: NodeJS.Timeout | undefined;

  /** A pack that was opened again and gave the digest that it should. One at a time. Throws if it did not. */
  async pack(job: PackJob): Promise<NewPack> {
    clearTimeout(this.#idle);
    this.#worker ??= this.#start();
    const worker = this.#worker;
    // Whoever waits for this must be kept alive by it.
    worker.ref();
    try {
      return await new Promise<NewPack>((resolve, reject) => {
        this.#settle = { resolve, reject };
        worker.postMessage(job);
      });
    } finally {
      this.#settle = undefined;
      worker.unref();
      this.#idle = setTimeout(() => this.stop(), IDLE_MS).unref();
    }
  }

  /** Lets the thread go; the next pack starts another. Harmless when called twice. */
  async stop(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL('./pack-worker.ts', import.meta.url));
    worker.on('message', (answer: Answer) => {
      if ('pack' in answer) this.#settle?.resolve(answer.pack);
      else this.#settle?.reject(new Error(answer.failed));
    });
    const ended = (error: Error): void => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#settle?.reject(error);
    };
    worker.on('error', (error: unknown) => ended(error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', () => ended(new Error('the thread that packs has ended')));
    return worker;
  }
}
