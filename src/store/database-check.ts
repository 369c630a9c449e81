import { Worker } from 'node:worker_threads';

/**
 * SQLite's check of every page and index of a database nobody is using; empty when sound. On a thread of its own,
 * since it reads the whole file and the box must go on answering.
 */
export function databaseProblems(path: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./database-check-worker.ts', import.meta.url), { workerData: path });
    worker.once('message', (problems: string[]) => resolve(problems));
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the check ended with ${code}`)));
  });
}
