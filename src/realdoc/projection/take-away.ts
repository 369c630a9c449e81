import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileRow, FileSignature } from '../rows.ts';
import { Folder, statOf } from './folder.ts';

/** Removes the file of a document from the share, if it is still as we wrote it. Harmless when called again. */
export async function takeAway(file: FileRow, path: string, known: FileSignature): Promise<void> {
  const names = path.split('/');
  const above = names.slice(0, -1);
  if (!(await statOf(join(file.root, ...above), file.path))) return;
  await using folder = await Folder.open(file.root, above, file.path);
  const name = folder.at(names.at(-1)!);
  const stat = await statOf(name, file.path);
  if (stat && String(stat.ino) === known.inode && stat.size === known.size) await unlink(name);
  // Also where an earlier try took it away and its record was lost: it must not come back with a power cut.
  await folder.sync();
}
