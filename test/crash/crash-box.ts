import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isJinguError, silentLogger, systemClock } from '../../src/common/index.ts';
import { documentBlobOperations } from '../../src/realdoc/index.ts';
import { isFlat } from '../../src/realdoc/office/flat.ts';
import { refused } from '../../src/realdoc/office/refused.ts';
import { METHODS, type ParseMethod } from '../../src/realdoc/parse/methods.ts';
import type { ParsePort } from '../../src/realdoc/parse/port.ts';
import type { FileRow } from '../../src/realdoc/rows.ts';
import { Blobs } from '../../src/store/index.ts';
import { DocBox } from '../support/doc-box.ts';
import { quickClock } from './quick-clock.ts';

/**
 * The reader of foreign formats in this very process, with the same methods: it writes nothing, so a guest of its own
 * would make thousands of starts slower and no state other.
 */
const READER: ParsePort = {
  async call(method, params, bodies = []) {
    try {
      const run: ParseMethod = METHODS[method];
      const { value, blobs = [] } = await run(
        params,
        bodies.map((body) => Buffer.from(body)),
      );
      return { value: JSON.parse(JSON.stringify(value) ?? 'null'), blobs: blobs.map((blob) => Buffer.from(blob)) };
    } catch (error) {
      throw isJinguError(error) ? error : refused('it could not be read');
    }
  },
};

/** Histories here are short: they are packed all the same. */
const PACKING = { stay: 3, least: 5 };

export interface OpenOptions {
  /** Waiting takes so small a part of its time. */
  times: number;
  /** As in `quickClock`. */
  daysBack?: number;
  /** `false`: only what is as long as on the appliance is packed, so that thousands of looks start no thread for it. */
  packs?: boolean;
}

/** The room over a folder, as all parts of the crash proofs open it. */
export function openBox(base: string, { times, daysBack = 0, packs = true }: OpenOptions): Promise<DocBox> {
  const packing = packs ? { packing: PACKING } : {};
  return DocBox.open({ base, clock: quickClock(times, daysBack), parser: READER, ...packing });
}

/** Gives a box what takes files in and out, in the place where the daemon has it. */
export async function withBlobs(box: DocBox): Promise<Blobs> {
  const directory = join(box.base, 'data', 'blobs');
  const blobs = new Blobs({ directory, clock: systemClock, log: silentLogger, reserveBytes: 0 });
  await blobs.start();
  box.door.register(documentBlobOperations(box.room, blobs));
  return blobs;
}

/** SHA-256 of a version as a file. A stored text that was taken apart is an Office file, whatever the document is now. */
export async function fileDigest({ room, store }: DocBox, file: FileRow, version: number): Promise<string> {
  const tree = room.documents.read(store, file, version);
  const sum = createHash('sha256');
  const kind = isFlat(tree.slice(0, 64)) ? 'package' : 'opaque';
  for await (const piece of room.contents.give({ kind }, tree)) sum.update(piece);
  return sum.digest('hex');
}
