import { createHash } from 'node:crypto';
import { type BigIntStats, constants, linkSync, lstat as lstatCallback, lstatSync, renameSync } from 'node:fs';
import { chmod, chown, type FileHandle, link, lstat, mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { newId } from '../../common/index.ts';
import type { FileRow, FileSignature } from '../rows.ts';
import { codeOf, Folder, refuseUnlessFile } from './folder.ts';
import { keptName, ownerFilesOf, temporaryName } from './paths.ts';
import { looksSame, readWhole, signatureOf } from './read-file.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
const bigStat = promisify(lstatCallback) as (path: string, options: { bigint: true }) => Promise<BigIntStats>;
const WRITE_BYTES = 1024 * 1024;

export type Replaced =
  | { outcome: 'written'; signature: FileSignature; kept: string | undefined; keptChanged: boolean }
  /** The file is not what we believe it to be: look at it first. Nothing was changed. */
  | { outcome: 'changed' }
  /** It is not there. A program that saves by removing and renaming may be in the middle of it. */
  | { outcome: 'gone' }
  | { outcome: 'held'; by: string };

/** The bytes of a file, one after the other. */
type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Puts a text where the document's file is, so that a reader sees the old one or the new one and a crash leaves one of
 * them. `expected` is what must be there now (`null`: nothing), the bytes of version `replaces`. What the swap displaces keeps a second name until it
 * is certain that nobody saved into it. Throws what the file system throws; leftovers are cleaned on the next start.
 *
 * Order (each step durable before the next counts): write and fsync a temporary file beside it, check the target once
 * more, give the target its second name, rename over it, fsync the folder.
 */
export async function replaceFile(
  file: FileRow,
  pieces: Pieces,
  expected: FileSignature | null,
  replaces: number,
): Promise<Replaced> {
  const names = file.rel.split('/');
  const name = names.at(-1)!;
  if (expected === null) await makeFolders(file.root, names.slice(0, -1));
  await using folder = await Folder.open(file.root, names.slice(0, -1), file.path);
  const owner = await ownerFile(folder, name);
  if (owner) return { outcome: 'held', by: owner };
  const before = await bigStatOf(folder.at(name));
  if (!before && expected) return { outcome: 'gone' };
  if (!(await isExpected(folder, name, before, expected, file.path))) return { outcome: 'changed' };

  const temporary = temporaryName(name, newId('x').slice(2));
  let renamed = false;
  try {
    const signature = await writeNew(folder.at(temporary), pieces, before);
    if (!before) {
      // `link` never replaces: whoever created the file meanwhile wins, and is looked at.
      try {
        await link(folder.at(temporary), folder.at(name));
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return { outcome: 'changed' };
        throw error;
      }
      await folder.sync();
      const now = await settled(folder, name, signature);
      return { outcome: 'written', signature: now, kept: undefined, keptChanged: false };
    }
    const keep = keptName(temporary, file.id, replaces);
    const swapped = swap(folder.at(name), folder.at(temporary), folder.at(keep), before);
    if (swapped === 'changed') return { outcome: 'changed' };
    renamed = true;
    await folder.sync();
    const kept = swapped === 'kept' ? keep : undefined;
    const keptChanged = kept !== undefined && !sameState(before, await bigStatOf(folder.at(kept)));
    return { outcome: 'written', signature: await settled(folder, name, signature), kept, keptChanged };
  } finally {
    if (!renamed) await unlink(folder.at(temporary)).catch(() => undefined);
  }
}

/**
 * The last look, the second name and the rename, without giving way in between: Node has no RENAME_EXCHANGE, so a save
 * by rename that falls between the second name and our rename would be lost, and these three calls must be as close
 * as they can be. They touch names only, never data.
 */
function swap(target: string, temporary: string, keep: string, before: BigIntStats): 'kept' | 'bare' | 'changed' {
  let stat: BigIntStats;
  try {
    stat = lstatSync(target, { bigint: true });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'changed';
    throw error;
  }
  if (!sameState(before, stat)) return 'changed';
  const kept = keepSecondName(target, keep);
  renameSync(temporary, target);
  return kept ? 'kept' : 'bare';
}

/** Size, time and inode of what is there; the change time moves when a name is added, so it is not compared. */
function sameState(a: BigIntStats | undefined, b: BigIntStats | undefined): boolean {
  if (!a || !b) return a === b;
  return a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

async function bigStatOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await bigStat(path, { bigint: true });
  } catch (error) {
    // An owner file of a name that is already as long as can be does not exist either.
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENAMETOOLONG') return undefined;
    throw error;
  }
}

async function isExpected(
  folder: Folder,
  name: string,
  stat: BigIntStats | undefined,
  expected: FileSignature | null,
  docPath: string,
): Promise<boolean> {
  if (!stat) return expected === null;
  refuseUnlessFile(await lstat(folder.at(name)), docPath);
  if (!expected) return false;
  if (looksSame(stat, expected)) return true;
  const handle = await folder.openFile(name, docPath);
  if (!handle) return false;
  try {
    // Touched, restored with an old time, copied back: the bytes decide.
    return (await readWhole(handle, docPath)).signature.sha256 === expected.sha256;
  } finally {
    await handle.close();
  }
}

async function ownerFile(folder: Folder, name: string): Promise<string | undefined> {
  for (const owner of ownerFilesOf(name)) if (await bigStatOf(folder.at(owner))) return owner;
  return undefined;
}

async function writeNew(path: string, pieces: Pieces, like: BigIntStats | undefined): Promise<FileSignature> {
  const mode = like ? Number(like.mode & 0o7777n) : 0o664;
  const handle = await open(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, mode);
  try {
    const hash = createHash('sha256');
    await writePieces(handle, pieces, hash);
    if (like) {
      await chownIfNeeded(path, like);
      await chmod(path, mode);
    }
    await handle.sync();
    return signatureOf(await handle.stat({ bigint: true }), hash.digest('hex'));
  } finally {
    await handle.close();
  }
}

async function writePieces(
  handle: FileHandle,
  pieces: Pieces,
  hash: { update(data: Uint8Array): unknown },
): Promise<void> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    let rest = Buffer.concat(waiting);
    hash.update(rest);
    while (rest.length > 0) rest = rest.subarray((await handle.write(rest)).bytesWritten);
    waiting = [];
    size = 0;
  };
  for await (const piece of pieces) {
    waiting.push(piece);
    size += piece.length;
    if (size >= WRITE_BYTES) await flush();
  }
  await flush();
}

/** Only root may give a file away; for others the file stays with the box's user, in the group if that is allowed. */
async function chownIfNeeded(path: string, like: BigIntStats): Promise<void> {
  const now = await bigStat(path, { bigint: true });
  if (now.uid === like.uid && now.gid === like.gid) return;
  await chown(path, Number(like.uid), Number(like.gid)).catch((error: unknown) => {
    if (codeOf(error) !== 'EPERM') throw error;
  });
}

/** Some file systems have no second names (FAT, some mounts): then the last check before the rename must do. */
function keepSecondName(target: string, kept: string): boolean {
  try {
    linkSync(target, kept);
    return true;
  } catch (error) {
    if (['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS'].includes(codeOf(error))) return false;
    throw error;
  }
}

/** The signature under the final name; digest and size are those we wrote. */
async function settled(folder: Folder, name: string, signature: FileSignature): Promise<FileSignature> {
  const stat = await bigStatOf(folder.at(name));
  return stat && String(stat.ino) === signature.inode ? signature : { ...signature, inode: '0' };
}

async function makeFolders(root: string, names: readonly string[]): Promise<void> {
  let path = root;
  for (const name of names) {
    path = join(path, name);
    await mkdir(path).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
    if (!(await lstat(path)).isDirectory()) return;
  }
}
