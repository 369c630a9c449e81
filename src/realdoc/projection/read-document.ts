import type { FileHandle } from 'node:fs/promises';
import type { Clock } from '../../common/index.ts';
import { MAX_TEXT_BYTES, TOO_LARGE } from '../kinds/kind.ts';
import type { FileSignature } from '../rows.ts';
import { Folder } from './folder.ts';
import type { Kernel } from './kernel.ts';
import { isQuiet, pause, readWhole, signatureOf, untilQuiet } from './read-file.ts';

/** A file as it was, or why it is not read. */
export type Content = { bytes: Buffer; signature: FileSignature } | { why: string; signature: FileSignature };

/** Longest time that a save in progress is waited for. */
const PATIENCE_MS = 6000;

/** Reads a file as it is; with a clock, waits until nobody has written to it for a moment. */
export async function readDocument(
  root: string,
  path: string,
  docPath: string,
  clock?: Clock,
  kernel?: Kernel,
): Promise<Content | undefined> {
  const names = path.split('/');
  let folder: Folder;
  try {
    folder = await Folder.open(root, names.slice(0, -1), docPath);
  } catch (error) {
    if ((error as { code?: string }).code === 'DOC_NOT_FOUND') return undefined;
    throw error;
  }
  await using held = folder;
  const handle = await held.openFile(names.at(-1)!, docPath);
  if (!handle) return undefined;
  try {
    const until = clock && clock.monotonic() + PATIENCE_MS;
    for (let attempt = 0; ; attempt++) {
      if (clock) await untilQuiet(handle, clock, kernel);
      const content = await readUnlessHuge(handle, docPath);
      if (!clock || clock.monotonic() > until!) return content;
      // Written to while it was read? Then what was read may be half a save. An empty file is believed only at the
      // second look: ext4 shows the new size of a truncated file a moment before its new time.
      const isBelieved = content.signature.size > 0 || attempt > 0;
      if (!isBelieved) await pause(clock);
      else if (await isQuiet(handle, clock, kernel)) return content;
    }
  } finally {
    await handle.close();
  }
}

async function readUnlessHuge(handle: FileHandle, docPath: string): Promise<Content> {
  const stat = await handle.stat({ bigint: true });
  if (stat.size > MAX_TEXT_BYTES) return { why: TOO_LARGE, signature: signatureOf(stat, '') };
  return await readWhole(handle, docPath);
}
