import type { Clock, Database, Logger } from '../../common/index.ts';
import type { Documents } from '../documents.ts';
import { type LeafStore, treeDigest } from '../leaf-store.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';

/** Versions between two stored trees: what a read of an old version has to apply at most. */
const EVERY = 256;
/** Longer texts get no digest of the whole at each of these: it is a tenth of a second, and their leaves have theirs. */
const DIGEST_UP_TO = 4 * 1024 * 1024;
/** Documents whose tree is being stored. */
const running = new WeakMap<LeafStore, Set<string>>();

/** Which multiple the newest stored tree of a document was seen at or after: every edit comes by here before its answer. */
const passes = new WeakMap<LeafStore, Map<string, number>>();
const MOST_KNOWN = 10_000;

function passedBy(leaves: LeafStore): Map<string, number> {
  const known = passes.get(leaves) ?? new Map<string, number>();
  passes.set(leaves, known);
  return known;
}

/**
 * Stores the text tree of the head when enough versions came since the last one. Only leaves that no stored tree has
 * yet are written, each as what differs from the one it came from, in small batches. A crash or a race in between costs
 * nothing but the work.
 */
export async function checkpointIfDue(
  room: { db: Database; clock: Clock; log: Logger; documents: Documents; leaves: LeafStore },
  file: FileRow,
): Promise<void> {
  // Looked for only now and then: versions that come in batches pass by many multiples of it at once.
  const passed = Math.floor(file.head / EVERY);
  const known = passedBy(room.leaves);
  if (file.head % EVERY !== 0) {
    if ((known.get(file.id) ?? -1) >= passed) return;
    const last = rows.newestTreeVersion(room.db, file.id);
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(file.id, Math.floor(last / EVERY));
    if (Math.floor(last / EVERY) >= passed) return;
  } else if (file.head - rows.newestTreeVersion(room.db, file.id) < EVERY / 2) return;
  const busy = running.get(room.leaves) ?? new Set<string>();
  running.set(room.leaves, busy);
  if (busy.has(file.id)) return;
  busy.add(file.id);
  try {
    const tree = room.documents.at(file, file.head);
    const sha256 = tree.bytes <= DIGEST_UP_TO ? await treeDigest(tree) : '';
    await room.leaves.staged(tree, file.id, (staged) =>
      room.db.write((tx) => room.leaves.keep(tx, file.id, file.head, { tree, sha256, staged })),
    );
  } finally {
    busy.delete(file.id);
  }
}
