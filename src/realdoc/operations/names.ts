import { fail, type Reader } from '../../common/index.ts';
import type { WriteContext } from '../../protocol/index.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';

/** The path a document had before it gave it up: what was moved aside carries its id behind a NUL. */
export function ownRel(file: FileRow): string {
  const end = file.rel.indexOf('\0');
  return end < 0 ? file.rel : file.rel.slice(0, end);
}

/** The live document that holds the name that `file` would come back to, if it is another one. */
function holderOf(db: Reader, file: FileRow): FileRow | undefined {
  const holder = rows.fileAt(db, file.workspace, ownRel(file));
  return holder && holder.id !== file.id && holder.state === 'live' ? holder : undefined;
}

/**
 * Gives a document that comes back its name again. A deleted document that has it now is moved aside, and what is known
 * of its file on the share goes along with the name: that file is what will be replaced. Throws DOC_CONFLICT where a
 * live document has the name.
 */
export function takeName(ctx: WriteContext, file: FileRow): FileRow {
  const rel = ownRel(file);
  const path = file.path.slice(0, file.path.length - file.rel.length) + rel;
  const holder = rows.fileAt(ctx.tx, file.workspace, rel);
  if (!holder || holder.id === file.id) return { ...file, rel, path };
  if (holder.state === 'live') throw nameTaken([{ path, reason: 'another document has this name now' }]);
  rows.moveAside(ctx.tx, holder.id, `${rel}\0${holder.id}`);
  const theirs = rows.projection(ctx.tx, holder.id);
  const ours = rows.projection(ctx.tx, file.id);
  if (theirs?.signature && ours) {
    rows.putProjection(ctx.tx, { ...ours, state: 'pending', signature: theirs.signature });
    rows.putProjection(ctx.tx, { ...theirs, state: 'written', signature: null, reason: null });
  }
  return { ...file, rel, path };
}

function nameTaken(documents: readonly { path: string; reason: string }[]): Error {
  return fail('DOC_CONFLICT', { path: documents[0]?.path, documents });
}

/** All names that cannot be given back, in one error. What goes in the same call gives its name free. */
export function refuseTakenNames(db: Reader, steps: readonly { file: FileRow; state: 'live' | 'deleted' }[]): void {
  const going = new Set(steps.filter((step) => step.state === 'deleted').map((step) => step.file.id));
  const taken = steps.flatMap(({ file, state }) => {
    const holder = state === 'live' && file.state === 'deleted' ? holderOf(db, file) : undefined;
    if (!holder || going.has(holder.id)) return [];
    return [{ path: holder.path, reason: 'another document has this name now' }];
  });
  if (taken.length > 0) throw nameTaken(taken);
}
