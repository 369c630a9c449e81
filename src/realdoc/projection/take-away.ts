import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../../common/index.ts';
import type { FileRow, FileSignature } from '../rows.ts';
import { Folder, statOf } from './folder.ts';
import { hasWriter } from './has-writer.ts';
import { keptName, onDisk, temporaryName } from './paths.ts';
import { looksOf, signatureOf } from './read-file.ts';
import { isExpected, type Kept, type Replacing } from './replace.ts';
import { bigStatOf } from './stat.ts';
import { sameState } from './swap.ts';

export type TakenAway =
  /** Nothing has the name any more; `kept`: where the file lies until nobody can save into it. */
  | { outcome: 'away'; kept: Kept | undefined }
  /** The file is not what we believe it to be: look at it first. Nothing was changed. */
  | { outcome: 'changed' }
  | { outcome: 'held'; reason: string }
  /** Somebody has it open for writing: a save may be on its way. */
  | { outcome: 'busy' };

/**
 * Takes the file of a document off the share, if it holds what we wrote, `version` of the document. A save that comes at
 * the last moment is not lost: the file gets a name of ours, by which what is saved into it is found. Harmless when called
 * again. Throws what the file system throws.
 */
export async function takeAway(
  file: FileRow,
  known: FileSignature,
  version: number,
  o: Omit<Replacing, 'swapper'>,
): Promise<TakenAway> {
  const names = onDisk(file).split('/');
  const [name, above] = [names.at(-1)!, names.slice(0, -1)];
  if (!(await statOf(join(file.root, ...above), file.path))) return { outcome: 'away', kept: undefined };
  await using folder = await Folder.open(file.root, above, file.path);
  const before = await bigStatOf(folder.at(name));
  if (!before?.isFile()) {
    // Also where an earlier try took it away and its record was lost: it must not come back with a power cut.
    await folder.sync();
    return { outcome: 'away', kept: undefined };
  }
  if (!(await isExpected(folder, name, before, known, file.path))) return { outcome: 'changed' };
  const reason = await o.hold(folder, name);
  if (reason) return { outcome: 'held', reason };
  if (o.isPatient && (await hasWriter(o.kernel, folder, name, file.path))) return { outcome: 'busy' };

  const kept = keptName(temporaryName(name, newId('x').slice(2)), file.id, version);
  o.ours.add(kept);
  let isKept = false;
  try {
    await rename(folder.at(name), folder.at(kept));
    const taken = await bigStatOf(folder.at(kept));
    if (taken && !taken.isFile()) {
      // Somebody put a folder or a link there at the last moment.
      await rename(folder.at(kept), folder.at(name));
      return { outcome: 'changed' };
    }
    isKept = true;
    await folder.sync();
    const seen = taken && sameState(before, taken) ? looksOf(signatureOf(taken, '')) : '';
    return { outcome: 'away', kept: { name: kept, seen } };
  } finally {
    if (!isKept) o.ours.delete(kept);
  }
}
