import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder, for its owner alone, whose name survives a power cut: an fsync of a file, or of the folder that it is
 * in, says nothing about the names above. The name is made durable even where it was there already, since whoever made
 * it may have died before doing that. Harmless when called twice.
 */
export function makeDurableFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  const top = dirname(first ?? path);
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    syncNames(folder);
    if (folder === top) return;
  }
}

/** Makes the names in a folder durable, those that are gone as well. */
export function syncNames(folder: string): void {
  let handle: number;
  try {
    handle = openSync(folder, 'r');
  } catch (error) {
    // A parent that may be passed but not read is not the box's own: it did not make the name there either.
    if ((error as { code?: string }).code === 'EACCES') return;
    throw error;
  }
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
