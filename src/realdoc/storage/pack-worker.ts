import { parentPort } from 'node:worker_threads';
import { readBack } from '../repository/packs.ts';
import { type PackJob, packed } from './packing.ts';

/** One job after the other: whoever asks waits for the answer. */
parentPort?.on('message', async ({ file, name, run, digests, words }: PackJob) => {
  try {
    const pack = await packed(file, run, digests);
    readBack(name, pack, (id) => words.get(id)!);
    parentPort?.postMessage({ pack });
  } catch (error) {
    parentPort?.postMessage({ failed: error instanceof Error ? error.message : String(error) });
  }
});
