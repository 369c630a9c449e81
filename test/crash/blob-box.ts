import { join } from 'node:path';
import { silentLogger, systemClock } from '../../src/common/index.ts';
import { documentBlobOperations } from '../../src/realdoc/index.ts';
import { Blobs } from '../../src/store/index.ts';
import type { DocBox } from '../support/doc-box.ts';

/** Gives a box what takes files in and out, in the place where the daemon has it. */
export async function withBlobs(box: DocBox): Promise<{ blobs: Blobs }> {
  const directory = join(box.base, 'data', 'blobs');
  const blobs = new Blobs({ directory, clock: systemClock, log: silentLogger, reserveBytes: 0 });
  await blobs.start();
  box.door.register(documentBlobOperations(box.room, blobs));
  return { blobs };
}
