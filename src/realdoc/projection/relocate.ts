import { link, lstat, rename, unlink } from 'node:fs/promises';
import type { FileRow, FileSignature } from '../rows.ts';
import { codeOf, Folder } from './folder.ts';
import type { Kernel } from './kernel.ts';
import { makeFolders } from './replace.ts';
import { bigStatOf } from './stat.ts';

export type Relocated =
  /** It is where its document is now, unchanged as far as size and times tell. */
  | { outcome: 'here'; signature: FileSignature }
  /** Neither here nor there. */
  | { outcome: 'gone' }
  /** Another file has the name. Nothing was changed. */
  | { outcome: 'taken' }
  | { outcome: 'held'; reason: string };

/** Disks without second names. */
const CANNOT_LINK = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/**
 * Moves the file of a document that was renamed in the box from `lies` to where the document is. Never replaces
 * anything; may be called again after a crash in between. Throws what the file system throws.
 */
export async function relocate(
  file: FileRow,
  lies: string,
  known: FileSignature,
  hold: (folder: Folder, name: string) => Promise<string | undefined>,
): Promise<Relocated> {
  const [was, now] = [lies.split('/'), file.rel.split('/')];
  await makeFolders(file.root, now.slice(0, -1));
  await using to = await Folder.open(file.root, now.slice(0, -1), file.path);
  const target = to.at(now.at(-1)!);
  await using from = await openIfThere(file, was.slice(0, -1));
  const source = from?.at(was.at(-1)!);
  const stat = source === undefined ? undefined : await bigStatOf(source);
  const there = await bigStatOf(target);
  // The record of an earlier move was lost, and maybe nobody made the names durable either.
  const isThere = there && String(there.ino) === known.inode && String(stat?.ino) !== known.inode;
  if (isThere) {
    await to.sync();
    await from?.sync();
    return await here(target, known);
  }
  if (!from || !source || !stat?.isFile()) return { outcome: 'gone' };
  const reason = await hold(from, was.at(-1)!);
  if (reason) return { outcome: 'held', reason };
  if (there) {
    const isSame = there.ino === stat.ino && there.dev === stat.dev;
    if (!isSame) return { outcome: 'taken' };
    // A second name that a crash left, or a disk on which only the case of letters changes.
    if (stat.nlink > 1n) await unlink(source);
    else await rename(source, target);
  } else if (!(await moveTo(source, target))) return { outcome: 'taken' };
  await to.sync();
  await from.sync();
  return await here(target, known);
}

/** Two documents that are each where the other one shall be. False where the disk cannot exchange names. */
export async function exchangeFiles(kernel: Kernel | undefined, file: FileRow, lies: string): Promise<boolean> {
  if (!kernel) return false;
  const [was, now] = [lies.split('/'), file.rel.split('/')];
  await using from = await Folder.open(file.root, was.slice(0, -1), file.path);
  await using to = await Folder.open(file.root, now.slice(0, -1), file.path);
  const names = [from.at(was.at(-1)!), to.at(now.at(-1)!)] as const;
  for (const name of names) if (!(await lstat(name)).isFile()) return false;
  try {
    kernel.exchange(...names);
  } catch (error) {
    if (['EINVAL', 'ENOSYS', ...CANNOT_LINK].includes(codeOf(error))) return false;
    throw error;
  }
  await to.sync();
  await from.sync();
  return true;
}

/** False if something has the name. */
async function moveTo(source: string, target: string): Promise<boolean> {
  try {
    await link(source, target);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (!CANNOT_LINK.includes(codeOf(error))) throw error;
    if (await bigStatOf(target)) return false;
    await rename(source, target);
    return true;
  }
  await unlink(source);
  return true;
}

/** What is known of it goes on with the time that the move itself left; a save of meanwhile differs in more. */
async function here(target: string, known: FileSignature): Promise<Relocated> {
  const stat = await bigStatOf(target);
  const isAsKnown =
    stat &&
    String(stat.ino) === known.inode &&
    Number(stat.size) === known.size &&
    String(stat.mtimeNs) === known.mtimeNs;
  const signature = isAsKnown ? { ...known, ctimeNs: String(stat.ctimeNs), isFresh: true } : known;
  return { outcome: 'here', signature };
}

async function openIfThere(file: FileRow, names: readonly string[]): Promise<Folder | undefined> {
  try {
    return await Folder.open(file.root, names, file.path);
  } catch (error) {
    if ((error as { code?: string }).code === 'DOC_NOT_FOUND') return undefined;
    throw error;
  }
}
