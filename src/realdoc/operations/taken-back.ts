import { fail, isJinguError, type JinguError, type Reader } from '../../common/index.ts';
import { closed, DocPath, type Static, Type } from '../../protocol/index.ts';
import { type TakeBack, takeBack } from '../history/take-back.ts';
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

export function pieces(room: RealDoc, db: Reader, what: 'undo' | 'redo', input: Static<typeof Which>): Piece[] {
  let ops = chosen(db, what, input);
  if (input.path !== undefined) {
    const file = fileAtPath(room, db, input.path);
    const last = lastOf(db, what, file);
    ops = last ? [last] : [];
  }
  refuseThinned(db, input, ops);
  if (ops.length === 0) throw fail('DOC_NOTHING_TO_UNDO', { ...input });
  const byFile = Map.groupBy(ops, (op) => op.file);
  const list: Piece[] = [];
  const conflicts: JinguError[] = [];
  for (const [id, versions] of byFile) {
    const file = rows.fileById(db, id);
    if (!file) throw fail('DOC_NOT_FOUND', { path: id, near: [] });
    try {
      const back = takeBack(db, room.documents, file, versions);
      list.push({ file, back });
    } catch (error) {
      if (!isJinguError(error) || error.code !== 'DOC_CONFLICT') throw error;
      conflicts.push(error);
    }
  }
  if (conflicts.length > 0) throw allConflicts(conflicts);
  refuseTakenNames(
    db,
    list.map(({ file, back }) => ({ file, state: back.state, rel: back.rel })),
  );
  // What goes comes first: it may hold the name of what comes back.
  return list.sort((x, y) => Number(x.back.state === 'live') - Number(y.back.state === 'live'));
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
