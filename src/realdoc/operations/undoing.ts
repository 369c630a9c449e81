import { fail, isJinguError, type JinguError, type Reader } from '../../common/index.ts';
import {
  type ActionFacts,
  type AnyOperation,
  closed,
  DocPath,
  operation,
  type Static,
  Type,
  type WriteContext,
} from '../../protocol/index.ts';
import { ownRel } from '../history/names.ts';
import { type TakeBack, takeBack } from '../history/take-back.ts';
import type { RealDoc } from '../realdoc.ts';
import * as rows from '../repository/index.ts';
import type { FileRow, OpRow } from '../rows.ts';
import { unifiedOf } from '../text/change-diff.ts';
import { undoneVersions } from '../versions.ts';
import { freeNames, giveName, lookAtNames, refuseTakenNames, takeName } from './names.ts';
import { type Coming, needsSettling, readable, type Settled, settle, stillSettled } from './settling.ts';
import { Note, VersionMade } from './shapes.ts';
import { targetOf } from './targets.ts';
import { writeVersion } from './written.ts';

const Which = closed({
  /** The last edit of this document that stands. */
  path: Type.Optional(DocPath),
  /** Everything that this task did and that stands, in all documents, all or nothing. */
  task: Type.Optional(Type.String({ minLength: 3, maxLength: 64 })),
  /** Everything that this one call did. */
  call: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  note: Type.Optional(Note),
});
const Result = closed({ versions: Type.Array(VersionMade) });

interface Piece {
  file: FileRow;
  back: TakeBack;
}

/** Undo and redo are the same deed: take back what was done last, the one of edits, the other of undos. */
export function undoOperations(room: RealDoc): AnyOperation[] {
  return [
    takeBackOperation(room, 'undo', {
      summary: { en: 'Take back an edit, a call or a whole task', zh: '撤销一次修改、一次调用或整个任务' },
      examples: [
        { note: 'the last edit of a document', input: { path: 'office/minutes.md' } },
        { note: 'all that a task did', input: { task: 'task_0abc' } },
      ],
    }),
    takeBackOperation(room, 'redo', {
      summary: { en: 'Do again what an undo took back', zh: '重做被撤销的内容' },
      examples: [{ note: 'the last undo of a document', input: { path: 'office/minutes.md' } }],
    }),
  ];
}

function takeBackOperation(
  room: RealDoc,
  what: 'undo' | 'redo',
  texts: Pick<AnyOperation, 'summary' | 'examples'>,
): AnyOperation {
  return operation({
    id: `doc.${what}`,
    since: 1,
    ...texts,
    input: Which,
    output: Result,
    effect: 'write',
    risk: 'low',
    confirmation: 'policy',
    idempotency: 'key',
    undo: { by: what === 'undo' ? 'doc.redo' : 'doc.undo' },
    dryRun: true,
    scope: 'doc.write',
    errors: [
      'DOC_NOTHING_TO_UNDO',
      'DOC_QUOTA',
      'DOC_PRUNED',
      'DOC_CONFLICT',
      'DOC_PARSE_REFUSED',
      'DOC_BUSY',
      'DOC_NOT_FOUND',
      'DOC_PATH_INVALID',
      'DOC_WORKSPACE_NOT_FOUND',
    ],
    positional: ['path'],
    prepare: async (_ctx, input) => {
      // What is on the share is taken in first, so that a save nobody noticed yet is not written over.
      const files = input.path === undefined ? [...new Set(chosen(room.db, what, input).map((op) => op.file))] : [];
      for (const id of files) {
        const file = rows.fileById(room.db, id);
        if (file && !file.rel.includes('\0')) await room.locate(file.path, { deleted: true });
      }
      if (input.path !== undefined) await room.locate(input.path, { deleted: true });
      const list = pieces(room, room.db, what, input);
      await lookAtNames(room, renamesIn(list));
      return await settledOf(room, list);
    },
    facts: (ctx, input) => factsOf(room, pieces(room, ctx.db, what, input), what),
    plan: async (ctx, input) => ({ ...(await factsOf(room, pieces(room, ctx.db, what, input), what)) }),
    apply: (ctx, input, settled) => {
      const list = pieces(room, ctx.tx, what, input);
      freeNames(ctx, renamesIn(list));
      const versions = list.map((piece) => applyPiece(room, ctx, piece, what, input.note, settled));
      ctx.undoWith({ call: ctx.callId });
      return { versions };
    },
  });
}

/** The versions meant, whatever documents they are of. Exactly one of path, task and call must be given. */
function chosen(db: Reader, what: 'undo' | 'redo', input: Static<typeof Which>): OpRow[] {
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

function pieces(room: RealDoc, db: Reader, what: 'undo' | 'redo', input: Static<typeof Which>): Piece[] {
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

function renamesIn(list: readonly Piece[]): { file: FileRow; rel: string }[] {
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

function applyPiece(
  room: RealDoc,
  ctx: WriteContext,
  { file: found, back }: Piece,
  source: 'undo' | 'redo',
  note: string | undefined,
  settled: ReadonlyMap<string, Settled>,
): Static<typeof VersionMade> {
  const file = named(ctx, found, back);
  const rename = back.rel === undefined ? undefined : { from: ownRel(found), to: back.rel };
  const coming = comingOf(room, ctx.tx, { file: found, back });
  const ready = needsSettling(found, coming) ? stillSettled(found, settled.get(found.id)) : undefined;
  const { after } = coming;
  const next = {
    source,
    change: back.change,
    isAll: back.isAll,
    ...(back.toVersion === undefined
      ? {}
      : { same: { version: back.toVersion, bytes: after.bytes, newlines: after.newlines } }),
    args: {
      versions: back.versions,
      ...(back.state === 'deleted' ? { state: back.state } : {}),
      ...(rename ? { name: rename } : {}),
    },
    undoes: back.versions,
    state: back.state,
    rel: rename?.to ?? file.rel,
    note,
  };
  return writeVersion(room, ctx, file, next, after, ready?.seen);
}

/** The text that a piece leads to. */
function comingOf(room: RealDoc, db: Reader, { file, back }: Piece): Coming {
  const { change, toVersion, isVersion = false } = back;
  const before = room.documents.read(db, file, file.head);
  const after = toVersion === undefined ? before.apply(change) : room.documents.read(db, file, toVersion);
  return { before, after, change, isVersion };
}

/** By document, what must be known of a text before it comes back. */
async function settledOf(room: RealDoc, list: readonly Piece[]): Promise<Map<string, Settled>> {
  const settled = new Map<string, Settled>();
  for (const piece of list) {
    const coming = comingOf(room, room.db, piece);
    if (needsSettling(piece.file, coming)) settled.set(piece.file.id, await settle(room, piece.file, coming));
  }
  return settled;
}

function named(ctx: WriteContext, file: FileRow, { state, rel, change, toVersion }: TakeBack): FileRow {
  if (state === 'live' && file.state === 'deleted') return takeName(ctx, file, rel);
  return rel === undefined ? file : giveName(ctx, file, rel, change.length === 0 && toVersion === undefined);
}

async function factsOf(room: RealDoc, list: readonly Piece[], what: 'undo' | 'redo'): Promise<ActionFacts> {
  const diff: string[] = [];
  for (const piece of list) {
    const { file } = piece;
    const coming = comingOf(room, room.db, piece);
    const ready = needsSettling(file, coming) ? await settle(room, file, coming) : { head: file.head };
    const seen = readable(file, ready, coming);
    const names = { from: `${file.path} v${file.head}`, to: `${file.path} v${file.head + 1}` };
    diff.push(unifiedOf(seen.before, seen.after, seen.change, names));
  }
  for (const { file, rel } of renamesIn(list)) diff.push(`rename from ${file.path}\nrename to ${rel}\n`);
  const paths = list.map((p) => p.file.path).join(', ');
  return {
    targets: list.map(({ file }) => targetOf(file)),
    diff: diff.join(''),
    effect:
      what === 'undo'
        ? { en: `Take back changes in ${paths}`, zh: `撤销 ${paths} 中的修改` }
        : { en: `Do changes again in ${paths}`, zh: `重做 ${paths} 中的修改` },
  };
}
