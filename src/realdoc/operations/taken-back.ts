import { fail, isJinguError, type JinguError, type Reader } from '../../common/index.ts';
import { closed, DocPath, PrepareAgain, type ReadContext, type Static, Type } from '../../protocol/index.ts';
import { type TakeBack, takeBack, takenBackLater } from '../history/take-back.ts';
import type { RealDoc } from '../realdoc.ts';
import * as rows from '../repository/index.ts';
import type { FileRow, OpRow } from '../rows.ts';
import { undoneVersions } from '../versions.ts';
import { refuseTakenNames } from './names.ts';
import { Note } from './shapes.ts';

export const Which = closed({
  /** The last edit of this document that stands. */
  path: Type.Optional(DocPath),
  /** Everything that this task did and that stands, in all documents, all or nothing. */
  task: Type.Optional(Type.String({ minLength: 3, maxLength: 64 })),
  /** Everything that this one call did. */
  call: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  note: Type.Optional(Note),
});

/** What becomes of one document. */
export interface Piece {
  file: FileRow;
  back: TakeBack;
}

/** The versions meant, whatever documents they are of. Exactly one of path, task and call must be given. */
export function chosen(db: Reader, what: 'undo' | 'redo', input: Static<typeof Which>): OpRow[] {
  const given = [input.path, input.task, input.call].filter((v) => v !== undefined);
  if (given.length !== 1)
    throw fail('INPUT_INVALID', { pointer: '', reason: 'give exactly one of path, task and call' });
  if (input.call !== undefined) return standing(db, rows.opsOfCall(db, input.call)).filter((op) => mayBeTaken(op));
  if (input.task === undefined) return [];
  const ofTask = rows.opsOfTask(db, input.task);
  if (what === 'undo') return standing(db, ofTask).filter((op) => op.source !== 'undo' && mayBeTaken(op));
  // A task is redone by taking back what took it back, whoever did that.
  const takers = new Map<string, OpRow>();
  for (const op of ofTask) {
    for (const link of rows.undoLinks(db, op.file)) {
      if (link.v !== op.version) continue;
      const by = rows.opAt(db, op.file, link.by);
      if (by) takers.set(`${by.file} ${by.version}`, by);
    }
  }
  return standing(db, [...takers.values()]).filter((op) => op.source === 'undo');
}

function standing(db: Reader, ops: readonly OpRow[]): OpRow[] {
  const undone = new Map<string, Set<number>>();
  return ops.filter((op) => {
    let gone = undone.get(op.file);
    if (!gone) {
      gone = undoneVersions(db, op.file);
      undone.set(op.file, gone);
    }
    return !gone.has(op.version);
  });
}

/** The first version of a file that came from the share is where its history starts: there is nothing before it. */
function mayBeTaken(op: OpRow): boolean {
  return op.version > 1 || op.source === 'create';
}

function lastOf(db: Reader, what: 'undo' | 'redo', file: FileRow): OpRow | undefined {
  const undone = undoneVersions(db, file.id);
  for (let before = file.head + 1; before > 1; ) {
    const page = rows.newestOps(db, file.id, before, 100);
    for (const op of page) {
      if (undone.has(op.version) || !mayBeTaken(op)) continue;
      if (what === 'undo' ? op.source !== 'undo' : op.source === 'undo') return op;
      // Redo stops at the first thing that was done since the undo.
      if (what === 'redo' && op.source !== 'redo') return undefined;
    }
    const last = page.at(-1);
    if (!last) return undefined;
    before = last.version;
  }
  return undefined;
}

/** What was done together is taken back together: not when some of it went with the old versions. */
function refuseThinned(db: Reader, { task, call }: Static<typeof Which>, ops: readonly OpRow[]): void {
  const id = task ?? call;
  const isGone = id !== undefined && rows.wasThinned(db, task === undefined ? 'call' : 'task', id);
  const folded = ops.find((op) => op.span > 1);
  if (!isGone && !folded) return;
  const file = folded && rows.fileById(db, folded.file);
  const version = folded ? folded.version - 1 : (id ?? '');
  const around = folded
    ? { before: folded.version - folded.span, after: folded.version }
    : { before: null, after: null };
  throw fail('DOC_PRUNED', { path: file?.path ?? id ?? '', version, ...around });
}

/** The versions meant, by document. */
function meant(room: RealDoc, db: Reader, what: 'undo' | 'redo', input: Static<typeof Which>): Map<string, OpRow[]> {
  let ops = chosen(db, what, input);
  if (input.path !== undefined) {
    const file = fileAtPath(room, db, input.path);
    const last = lastOf(db, what, file);
    ops = last ? [last] : [];
  }
  refuseThinned(db, input, ops);
  if (ops.length === 0) throw fail('DOC_NOTHING_TO_UNDO', { ...input });
  return Map.groupBy(ops, (op) => op.file);
}

/** What is to be done, worked out ahead of the transaction: the versions may be very old. */
export async function pieces(
  room: RealDoc,
  { db, signal }: Pick<ReadContext, 'db' | 'signal'>,
  what: 'undo' | 'redo',
  input: Static<typeof Which>,
): Promise<Piece[]> {
  const list: Piece[] = [];
  const conflicts: JinguError[] = [];
  for (const [id, versions] of meant(room, db, what, input)) {
    const file = fileOf(db, id);
    try {
      const back = await takeBack(db, room.documents, file, versions, signal);
      list.push({ file, back });
    } catch (error) {
      if (!isJinguError(error) || error.code !== 'DOC_CONFLICT') throw error;
      conflicts.push(error);
    }
  }
  if (conflicts.length > 0) throw allConflicts(conflicts);
  return inOrder(db, list);
}

/**
 * The same against what the transaction sees, with what came in meanwhile. Throws PrepareAgain where that is more than a
 * few changes in other places, or where other versions are meant by now.
 */
export function piecesNow(
  room: RealDoc,
  db: Reader,
  what: 'undo' | 'redo',
  input: Static<typeof Which>,
  list: readonly Piece[],
): Piece[] {
  const byFile = meant(room, db, what, input);
  const now = list.map(({ file, back }) => {
    const versions = new Set(byFile.get(file.id)?.map((op) => op.version));
    const isMeant = versions.size === back.versions.length && back.versions.every((version) => versions.has(version));
    const current = fileOf(db, file.id);
    const later = isMeant ? takenBackLater(db, room.documents, back, file, current) : undefined;
    if (!later) throw new PrepareAgain(fail('DOC_BUSY', { path: file.path }));
    return { file: current, back: later };
  });
  if (byFile.size !== now.length) throw new PrepareAgain(fail('DOC_BUSY', { path: now[0]!.file.path }));
  return inOrder(db, now);
}

function fileOf(db: Reader, id: string): FileRow {
  const file = rows.fileById(db, id);
  if (file) return file;
  throw fail('DOC_NOT_FOUND', { path: id, near: [] });
}

/** Throws DOC_CONFLICT where a name cannot be given back. What goes comes first: it may hold the name of what comes back. */
function inOrder(db: Reader, list: readonly Piece[]): Piece[] {
  refuseTakenNames(
    db,
    list.map(({ file, back }) => ({ file, state: back.state, rel: back.rel })),
  );
  return list.toSorted((x, y) => Number(x.back.state === 'live') - Number(y.back.state === 'live'));
}

export function renamesIn(list: readonly Piece[]): { file: FileRow; rel: string }[] {
  return list.flatMap(({ file, back: { rel } }) => (rel === undefined ? [] : [{ file, rel }]));
}

/** The first conflict with its hunks, and every document that has one: nothing is taken back unless all can be. */
function allConflicts(conflicts: readonly JinguError[]): JinguError {
  const [first] = conflicts;
  const documents = conflicts.slice(0, 50).flatMap(({ details }) => {
    return details['documents'] ?? [{ path: details['path'], version: details['version'] }];
  });
  return fail('DOC_CONFLICT', { ...first!.details, documents }, first);
}

function fileAtPath(room: RealDoc, db: Reader, path: string): FileRow {
  const slash = path.indexOf('/');
  const workspace = room.workspace(path.slice(0, slash));
  const file = rows.fileAt(db, workspace.id, path.slice(slash + 1));
  if (!file || file.head === 0) throw fail('DOC_NOT_FOUND', { path, near: [] });
  return file;
}
