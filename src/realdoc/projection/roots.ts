import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type Database, fail } from '../../common/index.ts';
import * as rows from '../repository/index.ts';
import type { WorkspaceRow } from '../rows.ts';
import { bigStatOf } from './stat.ts';

/** Numbers of file systems (statfs, `linux/magic.h`) that other machines write to without the kernel here noticing. */
const REMOTE = new Map<number, string>([
  [0xff534d42, 'cifs'],
  [0xfe534d42, 'smb2'],
  [0x517b, 'smbfs'],
  [0x6969, 'nfs'],
  [0x65735546, 'fuse'],
  [0x01021997, '9p'],
  [0x5346414f, 'afs'],
  [0x00c36400, 'ceph'],
  [0x01161970, 'gfs2'],
  [0x7461636f, 'ocfs2'],
]);
const LOCAL = new Map<number, string>([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x01021994, 'tmpfs'],
  [0x2fc12fc1, 'zfs'],
  [0xf2f52010, 'f2fs'],
  [0xca451a4e, 'bcachefs'],
  [0x794c7630, 'overlay'],
  [0x4d44, 'vfat'],
  [0x2011bab0, 'exfat'],
  [0x7366746e, 'ntfs'],
]);

/** Which folder on which disk held the files, and which folders inside it were mounted. */
interface Seen {
  root: string;
  mounts: string[];
}

export interface FileSystem {
  name: string;
  /** Other machines may write to it: file events tell of our own writes only. */
  isRemote: boolean;
}

export async function fileSystemOf(root: string): Promise<FileSystem> {
  // The number is signed on some machines.
  const type = (await statfs(root)).type >>> 0;
  const remote = REMOTE.get(type);
  return { name: remote ?? LOCAL.get(type) ?? `0x${type.toString(16)}`, isRemote: remote !== undefined };
}

/** `device:inode` of a folder, or `undefined` if there is none. */
export async function identityOf(path: string): Promise<string | undefined> {
  const stat = await bigStatOf(path);
  return stat?.isDirectory() ? `${stat.dev}:${stat.ino}` : undefined;
}

/**
 * Throws DOC_SHARE_AWAY if the folder of a workspace, or a mounted folder on the way to `rel`, is not the one that its
 * files were last seen in. The empty folder below a disk that is not mounted must never look like a workspace whose
 * files were all deleted, and nothing may be written into it.
 */
export async function refuseIfAway(workspace: WorkspaceRow, rel = ''): Promise<void> {
  const seen = seenOf(workspace);
  if (!seen) return;
  const now = await identityOf(workspace.root);
  if (now !== seen.root)
    throw away(workspace, now === undefined ? 'its folder is not there' : 'its disk is not mounted');
  for (const mount of seen.mounts) {
    if (rel.startsWith(`${mount}/`) && !(await isMounted(workspace.root, mount))) {
      throw away(workspace, 'a disk inside it is not mounted');
    }
  }
}

/** Folders inside a workspace on which a disk was mounted when their files were last seen, and is not now. */
export async function unmounted(workspace: WorkspaceRow): Promise<string[]> {
  const missing: string[] = [];
  for (const mount of seenOf(workspace)?.mounts ?? []) {
    if (!(await isMounted(workspace.root, mount))) missing.push(mount);
  }
  return missing;
}

export function seenAs(root: string | undefined, mounts: readonly string[] = []): string | null {
  return root === undefined ? null : JSON.stringify({ root, mounts: [...mounts].sort() } satisfies Seen);
}

/** Remembers the folder and the mounts inside it as those that hold the files. */
export async function remember(db: Database, workspace: WorkspaceRow, mounts: readonly string[]): Promise<void> {
  const seen = seenAs(await identityOf(workspace.root), mounts);
  if (seen === null) return;
  if (seen !== workspace.seen) await db.write((tx) => rows.sawRoot(tx, workspace.id, seen));
}

export function isSameRoot(workspace: WorkspaceRow, identity: string): boolean {
  const seen = seenOf(workspace);
  return seen === undefined || seen.root === identity;
}

function seenOf(workspace: WorkspaceRow): Seen | undefined {
  return workspace.seen === null ? undefined : (JSON.parse(workspace.seen) as Seen);
}

async function isMounted(root: string, mount: string): Promise<boolean> {
  const [inside, outside] = await Promise.all([bigStatOf(join(root, mount)), bigStatOf(join(root, mount, '..'))]);
  return inside !== undefined && outside !== undefined && inside.dev !== outside.dev;
}

function away(workspace: WorkspaceRow, reason: string): Error {
  return fail('DOC_SHARE_AWAY', { workspace: workspace.name, reason });
}
