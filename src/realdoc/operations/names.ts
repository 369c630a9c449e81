import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, isJinguError, type Reader } from '../../common/index.ts';
import type { WriteContext } from '../../protocol/index.ts';
import { ownRel } from '../history/names.ts';
import { onDisk } from '../projection/paths.ts';
import type { RealDoc } from '../realdoc.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';
import { refuseDetour } from './new-document.ts';

/** A document and the path that it is to have. */
interface Wanted {
  file: FileRow;
  rel: string;
}

const TAKEN = 'another document has this name now: rename or delete that one first';

/**
 * Gives a document that comes back its name again. A deleted document that has it now is moved aside, and what is known
 * of its file on the share goes along with the name: that file is what will be replaced. Throws DOC_CONFLICT where a
 * live document has the name.
 */
export function takeName(ctx: WriteContext, file: FileRow, wanted = ownRel(file)): FileRow {
  const own = ownRel(file);
  const named = { ...file, rel: own, path: pathOf(file, own) };
  const holder = rows.fileAt(ctx.tx, file.workspace, wanted);
  if (!holder || holder.id === file.id) return named;
  if (holder.state === 'live') throw nameTaken([{ path: pathOf(file, wanted), reason: TAKEN }]);
  rows.moveAside(ctx.tx, holder.id, `${wanted}\0${holder.id}`);
  const theirs = rows.projection(ctx.tx, holder.id);
  const ours = rows.projection(ctx.tx, file.id);
  if (theirs?.signature && ours) {
    rows.putProjection(ctx.tx, { ...ours, state: 'pending', signature: theirs.signature });
    rows.putProjection(ctx.tx, { ...theirs, state: 'written', signature: null, reason: null });
  }
  return named;
}

/** Documents that are renamed in one call let go of their names first: they may want each other's. */
export function freeNames(ctx: WriteContext, renames: readonly Wanted[]): void {
  for (const { file } of renames) {
    if (file.state === 'live') rows.moveAside(ctx.tx, file.id, `${file.rel}\0${file.id}`);
  }
}

/**
 * Gives a document that is there another name; its file is moved after the commit. To be called before the version is
 * appended. `isSame`: that version has the text of the one before. Throws DOC_CONFLICT where a live document has the name.
 */
export function giveName(ctx: WriteContext, file: FileRow, rel: string, isSame: boolean): FileRow {
  const holder = rows.fileAt(ctx.tx, file.workspace, rel);
  if (holder && holder.id !== file.id) {
    if (holder.state === 'live') throw nameTaken([{ path: holder.path, reason: TAKEN }]);
    rows.moveAside(ctx.tx, holder.id, `${rel}\0${holder.id}`);
    const theirs = rows.projection(ctx.tx, holder.id);
    // Its own file has not been taken off the share yet.
    if (theirs?.signature) rows.putProjection(ctx.tx, { ...theirs, lies: theirs.lies ?? onDisk(holder) });
  }
  const known = rows.projection(ctx.tx, file.id);
  if (known?.signature) {
    const at = known.lies ?? onDisk(file);
    const version = isSame && known.version === file.head ? file.head + 1 : known.version;
    rows.putProjection(ctx.tx, { ...known, version, lies: at === rel ? null : at });
  }
  return { ...file, disk: null };
}

/** Takes in what lies on the share where documents are to have their names. Throws DOC_CONFLICT for what is no file. */
export async function lookAtNames(room: RealDoc, renames: readonly Wanted[]): Promise<void> {
  for (const { file, rel } of renames) {
    const path = pathOf(file, rel);
    await refuseDetour(file.root, rel.split('/').slice(0, -1), path);
    const stat = await lstat(join(file.root, rel)).catch(() => undefined);
    if (stat && !stat.isFile()) {
      throw nameTaken([{ path, reason: 'something that is no document has this name now: rename that first' }]);
    }
    try {
      if (stat) await room.locate(path, { deleted: true });
    } catch (error) {
      if (!isJinguError(error) || error.code !== 'DOC_NOT_FOUND') throw error;
    }
  }
}

function pathOf(file: FileRow, rel: string): string {
  return file.path.slice(0, file.path.length - file.rel.length) + rel;
}

function nameTaken(documents: readonly { path: string; reason: string }[]): Error {
  return fail('DOC_CONFLICT', { path: documents[0]?.path, documents });
}

/**
 * All names that cannot be given back, in one error. What goes in the same call, or gets another name, gives its own
 * free. `rel`: the name that a document is to have, where that is not its own.
 */
export function refuseTakenNames(
  db: Reader,
  steps: readonly { file: FileRow; state: 'live' | 'deleted'; rel?: string | undefined }[],
): void {
  const isFree = new Set(steps.filter((step) => step.state === 'deleted' || step.rel).map((step) => step.file.id));
  const wanted = new Map<string, string>();
  const taken: { path: string; reason: string }[] = [];
  for (const { file, state, rel = ownRel(file) } of steps) {
    if (state !== 'live' || (file.state === 'live' && rel === file.rel)) continue;
    const holder = rows.fileAt(db, file.workspace, rel);
    const isHeld = holder && holder.id !== file.id && holder.state === 'live' && !isFree.has(holder.id);
    if (isHeld || wanted.has(`${file.workspace} ${rel}`)) taken.push({ path: pathOf(file, rel), reason: TAKEN });
    wanted.set(`${file.workspace} ${rel}`, file.id);
  }
  if (taken.length > 0) throw nameTaken(taken);
}
