import { link, unlink } from 'node:fs/promises';
import { fail } from '../../common/index.ts';
import { asAt } from '../kinds/content.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';
import { joined, oursSince, versionWith, wholeIfBetter, wholeOf } from './compare.ts';
import type { DisplacedFile } from './displaced.ts';
import type { Eyes, Finding } from './finding.ts';
import { codeOf, Folder } from './folder.ts';
import { besideName, isTemporary, onDisk } from './paths.ts';
import { readDocument } from './read-document.ts';

const MOST_NAMES = 1000;

/**
 * Looks at a file of ours that a swap displaced: what was saved into it at the last moment, against the version that it
 * held. `undefined` if that is known already: it holds that version, or a later one.
 */
export async function lookAtDisplaced(
  eyes: Eyes,
  file: FileRow,
  { name, folder, base }: DisplacedFile,
): Promise<Finding | undefined> {
  if (!isTemporary(name)) throw fail('DOC_PATH_INVALID', { reason: 'not a displaced file' });
  const path = folder === '' ? name : `${folder}/${name}`;
  const content = await readDocument(file.root, path, file.path, eyes.clock, await eyes.kernel());
  if (!content) return undefined;
  if ('why' in content) return await giveName(file, folder, name);
  const { signature } = content;
  const stored = await eyes.contents.take(content.bytes);
  // A crash around an exchange leaves our own text under this name, the new or the old one. Of an Office file the stored
  // text does not tell: taken apart again it is another one than what it was packed from.
  if ((await versionWith(eyes, file, base - 1, stored.bytes.length, signature.sha256)) !== undefined) return undefined;
  const before = eyes.documents.at(file, base);
  const isOfOneKind = stored.facts.kind === file.kind && asAt(file, base, before).kind === file.kind;
  if (file.kind === 'opaque' || !isOfOneKind) {
    if (rows.newestTreeLike(eyes.db, file.id, 0, signature.sha256) !== undefined) return undefined;
    const whole = await wholeOf(eyes, file, stored, signature);
    return { kind: 'replaced', file, base, ...whole, signature, displaced: true };
  }
  const theirs = eyes.contents.diff(file.kind, before.toBuffer(), stored.bytes);
  if (theirs.length === 0) return undefined;
  const ours = await oursSince(eyes, file, base);
  const found = { kind: 'changed' as const, file, base, theirs, ours, facts: stored.facts, signature, displaced: true };
  return {
    ...found,
    ...(await wholeIfBetter(eyes, file, before, theirs)),
    ...(await joined(eyes, file, base, theirs, ours.change)),
  };
}

/**
 * What was saved at the last moment is too large to be a version: it gets a name that people see, and is a document of
 * its own.
 */
async function giveName(file: FileRow, inside: string, name: string): Promise<undefined> {
  const own = onDisk(file).slice(onDisk(file).lastIndexOf('/') + 1);
  await using folder = await Folder.open(file.root, inside === '' ? [] : inside.split('/'), file.path);
  for (let n = 1; n < MOST_NAMES; n++) {
    try {
      await link(folder.at(name), folder.at(besideName(own, 'saved meanwhile', n)));
      await unlink(folder.at(name));
      await folder.sync();
      return undefined;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }
  throw fail('DOC_BUSY', { path: file.path });
}
