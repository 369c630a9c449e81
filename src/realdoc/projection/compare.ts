import { isJinguError } from '../../common/index.ts';
import { asAt, type Stored } from '../kinds/content.ts';
import { digestOf, treeDigest } from '../leaf-store.ts';
import { giveWay } from '../pace.ts';
import * as rows from '../repository/index.ts';
import type { FileRow, FileSignature, ProjectionRow } from '../rows.ts';
import { opaqueTree } from '../storage/cdc.ts';
import { mergeChanges } from '../text/merge.ts';
import type { Change } from '../text/splice.ts';
import { TextTree } from '../text/tree.ts';
import { isMostlyNew, type WholeText } from '../versions.ts';
import type { Eyes, Finding } from './finding.ts';

export function treeOf(eyes: Eyes, { facts, bytes }: Stored): TextTree {
  return facts.kind === 'opaque' ? opaqueTree(bytes, eyes.leaves.load) : TextTree.of(bytes, eyes.leaves.load);
}

/** A save of what has no lines, or where none were. */
export async function replaced(
  eyes: Eyes,
  file: FileRow,
  known: ProjectionRow | undefined,
  stored: Stored,
  signature: FileSignature,
): Promise<Finding> {
  const base = known?.version ?? 0;
  if (file.state === 'live') {
    // A crash between the swap and its record leaves a newer version of ours on the share.
    const version =
      rows.newestTreeLike(eyes.db, file.id, base, signature.sha256) ??
      (stored.facts.kind === 'package' ? await versionWith(eyes, file, base, 0, signature.sha256) : undefined);
    if (version !== undefined) return { kind: 'same', file, version, signature };
  }
  return {
    kind: 'replaced',
    file,
    base,
    ...(await wholeOf(eyes, file, stored, signature)),
    signature,
    displaced: false,
  };
}

export async function wholeOf(eyes: Eyes, file: FileRow, stored: Stored, { sha256 }: FileSignature) {
  const tree = treeOf(eyes, stored);
  // The stored text of a package is another one than its file.
  const own = stored.facts.kind === 'package' ? await treeDigest(tree) : sha256;
  const whole: WholeText = { tree, sha256: own, staged: await eyes.leaves.stage(tree, file.id, eyes) };
  return { whole, facts: stored.facts, why: stored.why };
}

/** What a person saved, against what was on the share before. */
export async function compare(
  eyes: Eyes,
  file: FileRow,
  known: ProjectionRow | undefined,
  { bytes, facts }: Stored,
  signature: FileSignature,
): Promise<Finding> {
  const base = known?.version ?? 0;
  if (file.state === 'live') {
    // A crash between the swap and its record leaves a newer version of ours on the share.
    const version = await versionWith(eyes, file, base, bytes.length, signature.sha256);
    if (version !== undefined) return { kind: 'same', file, version, signature };
  }
  // Where the share holds no version of ours, the save stands against all that there is.
  const from = base > 0 ? base : file.head;
  const before = eyes.documents.at(file, from);
  const theirs = eyes.contents.diff(file.kind, before.toBuffer(), bytes);
  const ours = await oursSince(eyes, file, from);
  const found = { kind: 'changed' as const, file, base: from, theirs, ours, facts, signature, displaced: false };
  return {
    ...found,
    ...(await wholeIfBetter(eyes, file, before, theirs)),
    ...(await joined(eyes, file, from, theirs, ours.change)),
  };
}

/** A file may have lain there through very many versions. */
const VERSIONS_AT_ONCE = 500;

/** The newest version after `base` whose file has these bytes. */
export async function versionWith(
  eyes: Eyes,
  file: FileRow,
  base: number,
  bytes: number,
  sha256: string,
): Promise<number | undefined> {
  for (let before = file.head + 1; before > base + 1; ) {
    const page = rows.newestOps(eyes.db, file.id, before, VERSIONS_AT_ONCE);
    for (const op of page) {
      before = op.version;
      if (op.version <= base) break;
      // The stored text of a package says nothing about the size of its file.
      if (op.bytes !== bytes && file.kind !== 'package' && !file.mixed) continue;
      const tree = eyes.documents.at(file, op.version);
      const pieces = eyes.contents.give(asAt(file, op.version, tree), tree);
      if ((await digestOf(pieces)) === sha256) return op.version;
    }
    if (page.length < VERSIONS_AT_ONCE) break;
    await giveWay();
  }
  return undefined;
}

/**
 * A save that rewrote much of the text is kept as a text. It is made of the old one by the change, so it has the leaves
 * that were not touched in common with it.
 */
export async function wholeIfBetter(
  eyes: Eyes,
  file: FileRow,
  before: TextTree,
  change: Change,
): Promise<{ whole?: WholeText }> {
  if (!isMostlyNew(before.bytes, change)) return {};
  const tree = before.apply(change);
  return { whole: { tree, sha256: await treeDigest(tree), staged: await eyes.leaves.stage(tree, file.id, eyes) } };
}

/** What the save did not know of, however much that is: a program may have held the file open for long. */
export async function oursSince(eyes: Eyes, file: FileRow, base: number): Promise<{ head: number; change: Change }> {
  return { head: file.head, change: await eyes.documents.netChangeInTurns(file, base, file.head) };
}

/** Edits that the save did not know of are put into it by place; whether a program opens the result is tried here. */
export async function joined(
  eyes: Eyes,
  file: FileRow,
  base: number,
  theirs: Change,
  ours: Change,
): Promise<{ joins?: { head: number; isSound: boolean } }> {
  const { head } = file;
  if (file.kind !== 'package' || head === base) return {};
  const text = eyes.documents.at(file, base);
  const { rest } = mergeChanges(ours, theirs, (at) => text.isLineStart(at));
  if (rest.length === 0) return { joins: { head, isSound: true } };
  try {
    const saved = text.apply(theirs);
    await eyes.contents.check(file, saved, saved.apply(rest));
    return { joins: { head, isSound: true } };
  } catch (error) {
    if (!isJinguError(error) || error.code !== 'DOC_PARSE_REFUSED') throw error;
    return { joins: { head, isSound: false } };
  }
}
