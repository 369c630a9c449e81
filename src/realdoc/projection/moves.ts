import type { BigIntStats } from 'node:fs';
import { join } from 'node:path';
import type { Reader } from '../../common/index.ts';
import * as rows from '../repository/index.ts';
import type { FileRow, FileSignature, WorkspaceRow } from '../rows.ts';
import { onDisk } from './paths.ts';
import { isSameFile, signatureOf } from './read-file.ts';
import { bigStatOf } from './stat.ts';

/** Longest chain of documents that exchanged their names at once. */
const MOST_HOPS = 32;

export interface Move {
  file: FileRow;
  rel: string;
  disk: string | null;
  signature: FileSignature;
}

/**
 * The live document whose file now lies under a name that no document has: the very same inode, or, where it was
 * copied and removed, the same bytes. Only a document whose own file is gone has moved: names win over inodes, since
 * programs that save put the old file aside and a new one in its place.
 */
export async function movedFrom(
  db: Reader,
  workspace: WorkspaceRow,
  rel: string,
  stat: BigIntStats,
  sha256: string,
): Promise<FileRow | undefined> {
  for (const candidate of rows.filesWithInode(db, workspace.id, String(stat.ino))) {
    const known = rows.projection(db, candidate.id)?.signature;
    if (known && isSameFile(stat, known) && (await hasLeft(candidate, stat))) return candidate;
  }
  if (sha256 === '') return undefined;
  const name = rel.slice(rel.lastIndexOf('/') + 1);
  const alike: FileRow[] = [];
  for (const candidate of rows.filesWithDigest(db, workspace.id, sha256)) {
    const isNamesake = candidate.rel.slice(candidate.rel.lastIndexOf('/') + 1) === name;
    // Every empty file has the same bytes; that says nothing.
    if (stat.size === 0n && !isNamesake) continue;
    if (!(await hasLeft(candidate, stat))) continue;
    if (isNamesake) return candidate;
    alike.push(candidate);
  }
  return alike[0];
}

/** The document's own name is free, or, on a disk that does not tell cases apart, leads to the file under its new name. */
async function hasLeft(file: FileRow, stat: BigIntStats): Promise<boolean> {
  const there = await bigStatOf(join(file.root, onDisk(file)));
  return !there || (there.ino === stat.ino && there.dev === stat.dev && stat.nlink === 1n);
}

/** A live document that was last seen as this very file under another name, if there is one. */
export function knownElsewhere(
  db: Reader,
  workspace: WorkspaceRow,
  rel: string,
  stat: Pick<BigIntStats, 'ino' | 'birthtimeNs'>,
): FileRow | undefined {
  return rows.filesWithInode(db, workspace.id, String(stat.ino)).find((file) => {
    const known = rows.projection(db, file.id)?.signature;
    return file.rel !== rel && known && isSameFile(stat, known);
  });
}

/**
 * Documents that exchanged their names: under each of the names lies the unchanged file of another of them, and each
 * file is accounted for. Anything less is a save, by whatever dance.
 */
export async function exchanged(db: Reader, workspace: WorkspaceRow, file: FileRow): Promise<Move[]> {
  const moves: Move[] = [];
  let at = file;
  for (let hop = 0; hop < MOST_HOPS; hop++) {
    const stat = await bigStatOf(join(at.root, onDisk(at)));
    if (!stat?.isFile()) return [];
    const owner = knownElsewhere(db, workspace, at.rel, stat);
    const known = owner && rows.projection(db, owner.id)?.signature;
    if (!owner || !known || known.size !== Number(stat.size) || known.mtimeNs !== String(stat.mtimeNs)) return [];
    moves.push({ file: owner, rel: at.rel, disk: at.disk, signature: signatureOf(stat, known.sha256) });
    if (owner.id === file.id) return moves;
    if (moves.filter((move) => move.file.id === owner.id).length > 1) return [];
    at = owner;
  }
  return [];
}
