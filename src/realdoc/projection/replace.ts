import { type BigIntStats, constants } from 'node:fs';
import { link, lstat, mkdir, open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../../common/index.ts';
import type { FileRow, FileSignature } from '../rows.ts';
import { isDosReadOnly } from './attributes.ts';
import { codeOf, Folder, refuseUnlessFile } from './folder.ts';
import { hasWriter } from './has-writer.ts';
import type { Kernel } from './kernel.ts';
import { keptName, onDisk, temporaryName } from './paths.ts';
import { isCoarse, looksOf, looksSame, readWhole, signatureOf } from './read-file.ts';
import { bigStatOf } from './stat.ts';
import { type Swapper, sameState } from './swap.ts';
import { type Pieces, writeNewFile } from './write-file.ts';

export type Replaced =
  /** `note`: what people should know although it went well. */
  | { outcome: 'written'; signature: FileSignature; kept: Kept | undefined; note: string | null }
  /** The file is not what we believe it to be: look at it first. Nothing was changed. */
  | { outcome: 'changed' }
  /** It is not there. A program that saves by removing and renaming may be in the middle of it. */
  | { outcome: 'gone' }
  | { outcome: 'held'; reason: string }
  /** Somebody has it open for writing: a save may be on its way. */
  | { outcome: 'busy' };

/** What was displaced: its name, and how it looked when it was seen to be what was meant; `` if it was something else. */
export interface Kept {
  name: string;
  seen: string;
}

export interface Replacing {
  kernel: Kernel | undefined;
  swapper: Swapper;
  /** Names of ours that nobody else may touch now. */
  ours: Set<string>;
  /** Why the file must be left alone for now, asked before anything is written. */
  hold: (folder: Folder, name: string) => Promise<string | undefined>;
  /** False: who writes has been waited for long enough. */
  isPatient: boolean;
}

/**
 * Puts a text where the document's file is, so that a reader sees the old one or the new one and a crash leaves one of
 * them. `expected` is what must be there now (`null`: nothing), the bytes of version `replaces`. What the swap displaces
 * keeps a name until it is certain that nobody saved into it. Throws what the file system throws; leftovers are cleaned
 * on the next start.
 *
 * Order (each step durable before the next counts): write and fsync a temporary file beside it, check the target once
 * more, swap, fsync the folder.
 */
export async function replaceFile(
  file: FileRow,
  pieces: Pieces,
  expected: FileSignature | null,
  replaces: number,
  o: Replacing,
): Promise<Replaced> {
  const names = onDisk(file).split('/');
  const name = names.at(-1)!;
  if (expected === null) await makeFolders(file.root, names.slice(0, -1));
  await using folder = await Folder.open(file.root, names.slice(0, -1), file.path);
  const before = await bigStatOf(folder.at(name));
  if (!before && expected) return { outcome: 'gone' };
  if (!(await isExpected(folder, name, before, expected, file.path))) return { outcome: 'changed' };
  const held = (before && readOnly(o.kernel, folder.at(name), before)) ?? (await o.hold(folder, name));
  if (held) return { outcome: 'held', reason: held };
  if (before && o.isPatient && (await hasWriter(o.kernel, folder, name, file.path))) return { outcome: 'busy' };

  const temporary = temporaryName(name, newId('x').slice(2));
  const kept = keptName(temporary, file.id, replaces);
  o.ours.add(temporary).add(kept);
  let isPlaced = false;
  try {
    const like = before && { path: folder.at(name), stat: before };
    const signature = await writeNewFile(o.kernel, folder.at(temporary), pieces, like);
    if (!before) {
      if (!(await placeNew(folder, temporary, name))) return { outcome: 'changed' };
      isPlaced = true;
      await folder.sync();
      const now = await settled(folder, name, signature);
      return { outcome: 'written', signature: now, kept: undefined, note: null };
    }
    const paths = { target: folder.at(name), temporary: folder.at(temporary), kept: folder.at(kept) };
    const swapped = o.swapper.swap(paths, before);
    if (swapped === 'changed') return { outcome: 'changed' };
    isPlaced = true;
    await folder.sync();
    // What is seen here counts: a save that comes any later must differ from it.
    const displaced = swapped === 'kept' ? await bigStatOf(paths.kept) : undefined;
    const seen = displaced && sameState(before, displaced) ? looksOf(signatureOf(displaced, '')) : '';
    return {
      outcome: 'written',
      signature: await settled(folder, name, signature),
      kept: swapped === 'kept' ? { name: kept, seen } : undefined,
      note: before.nlink > 1n ? `the file had ${before.nlink} names; the others keep the text it had` : null,
    };
  } finally {
    if (!isPlaced) {
      await unlink(folder.at(temporary)).catch(() => undefined);
      o.ours.delete(kept);
    }
    o.ours.delete(temporary);
  }
}

/** Somebody marked the file as not to be written: a rename would go over that without asking. */
function readOnly(kernel: Kernel | undefined, path: string, stat: BigIntStats): string | undefined {
  return (stat.mode & 0o222n) === 0n || isDosReadOnly(kernel, path) ? 'the file is read-only' : undefined;
}

/** Gives a new file its name without ever replacing one: whoever created it meanwhile wins, and is looked at. */
async function placeNew(folder: Folder, temporary: string, name: string): Promise<boolean> {
  try {
    await link(folder.at(temporary), folder.at(name));
    await unlink(folder.at(temporary));
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(codeOf(error))) throw error;
    // No second names on this disk.
    if (await bigStatOf(folder.at(name))) return false;
    await rename(folder.at(temporary), folder.at(name));
    return true;
  }
}

/** It holds what was written: it looks like it, or where that says nothing, the bytes are the same. */
export async function isExpected(
  folder: Folder,
  name: string,
  stat: BigIntStats | undefined,
  expected: FileSignature | null,
  docPath: string,
): Promise<boolean> {
  if (!stat) return expected === null;
  refuseUnlessFile(await lstat(folder.at(name)), docPath);
  if (!expected) return false;
  // Where times are coarse, one that was seen right after a change proves nothing: the bytes decide.
  if (looksSame(stat, expected) && !(expected.isFresh && isCoarse(expected))) return true;
  const handle = await folder.openFile(name, docPath);
  if (!handle) return false;
  try {
    // Touched, restored with an old time, copied back: the bytes decide.
    return (await readWhole(handle, docPath)).signature.sha256 === expected.sha256;
  } finally {
    await handle.close();
  }
}

/** The signature under the final name; digest and size are those we wrote. The swap moved the time of change. */
async function settled(folder: Folder, name: string, signature: FileSignature): Promise<FileSignature> {
  const stat = await bigStatOf(folder.at(name));
  return stat && String(stat.ino) === signature.inode
    ? { ...signature, ctimeNs: String(stat.ctimeNs), isFresh: true }
    : { ...signature, inode: '0' };
}

/** The names above the file are made durable too: a file in a folder that a power cut takes away is lost with it. */
export async function makeFolders(root: string, names: readonly string[]): Promise<void> {
  let path = root;
  for (const name of names) {
    const above = path;
    path = join(path, name);
    await mkdir(path).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
    if (!(await lstat(path)).isDirectory()) return;
    await syncNames(above);
  }
}

async function syncNames(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
