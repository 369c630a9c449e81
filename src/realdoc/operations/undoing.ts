import type { Reader } from '../../common/index.ts';
import {
  type ActionFacts,
  type AnyOperation,
  closed,
  operation,
  type Static,
  Type,
  type WriteContext,
} from '../../protocol/index.ts';
import { ownRel } from '../history/names.ts';
import type { TakeBack } from '../history/take-back.ts';
import type { RealDoc } from '../realdoc.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';
import { unifiedOf } from '../text/change-diff.ts';
import { freeNames, giveName, lookAtNames, takeName } from './names.ts';
import { type Coming, needsSettling, readable, type Settled, settle, stillSettled } from './settling.ts';
import { VersionMade } from './shapes.ts';
import { chosen, type Piece, pieces, piecesNow, renamesIn, Which } from './taken-back.ts';
import { targetOf } from './targets.ts';
import { writeVersion } from './written.ts';

const Result = closed({ versions: Type.Array(VersionMade) });

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
    prepare: async (ctx, input) => {
      // What is on the share is taken in first, so that a save nobody noticed yet is not written over.
      const files = input.path === undefined ? [...new Set(chosen(room.db, what, input).map((op) => op.file))] : [];
      for (const id of files) {
        const file = rows.fileById(room.db, id);
        if (file && !file.rel.includes('\0')) await room.locate(file.path, { deleted: true });
      }
      if (input.path !== undefined) await room.locate(input.path, { deleted: true });
      const list = await pieces(room, ctx, what, input);
      await lookAtNames(room, renamesIn(list));
      return { list, settled: await settledOf(room, list) };
    },
    facts: async (ctx, input) => factsOf(room, await pieces(room, ctx, what, input), what),
    plan: async (_ctx, _input, { list }) => ({ ...(await factsOf(room, list, what)) }),
    apply: (ctx, input, { list: planned, settled }) => {
      const list = piecesNow(room, ctx.tx, what, input, planned);
      freeNames(ctx, renamesIn(list));
      const versions = list.map((piece) => applyPiece(room, ctx, piece, what, input.note, settled));
      ctx.undoWith({ call: ctx.callId });
      return { versions };
    },
  });
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
  const diffs: (() => string)[] = [];
  for (const piece of list) {
    const { file } = piece;
    const coming = comingOf(room, room.db, piece);
    const ready = needsSettling(file, coming) ? await settle(room, file, coming) : { head: file.head };
    const seen = readable(file, ready, coming);
    const names = { from: `${file.path} v${file.head}`, to: `${file.path} v${file.head + 1}` };
    diffs.push(() => unifiedOf(seen.before, seen.after, seen.change, names));
  }
  for (const { file, rel } of renamesIn(list)) diffs.push(() => `rename from ${file.path}\nrename to ${rel}\n`);
  const paths = list.map((p) => p.file.path).join(', ');
  return {
    targets: list.map(({ file }) => targetOf(file)),
    diff: () => diffs.map((diff) => diff()).join(''),
    effect:
      what === 'undo'
        ? { en: `Take back changes in ${paths}`, zh: `撤销 ${paths} 中的修改` }
        : { en: `Do changes again in ${paths}`, zh: `重做 ${paths} 中的修改` },
  };
}
