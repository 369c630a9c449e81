import type { Clock, Database, Logger } from '../../common/index.ts';
import type { Documents } from '../documents.ts';
import { type LeafStore, treeDigest } from '../leaf-store.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';

/** Versions between two stored trees: what a read of an old version has to apply at most. */
const EVERY = 256;

/**
 * Stores the text tree of the head when enough versions came since the last one. Only leaves that no stored tree has
 * yet are written, in small batches. A crash or a race in between costs nothing but the work.
 */
export async function checkpointIfDue(
  room: { db: Database; clock: Clock; log: Logger; documents: Documents; leaves: LeafStore },
  file: FileRow,
): Promise<void> {
  if (file.head % EVERY !== 0) return;
  const last = rows.nearestTree(room.db, file.id, file.head);
  if (!last || file.head - last.version < EVERY / 2) return;
  const tree = room.documents.at(file, file.head);
  const sha256 = await treeDigest(tree);
  const staged = await room.leaves.stage(tree, file.id);
  await room.db.write((tx) => room.leaves.keep(tx, file.id, file.head, { tree, sha256, staged }));
}
