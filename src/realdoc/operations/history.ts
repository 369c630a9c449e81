import type { Reader } from '../../common/index.ts';
import {
  type AnyOperation,
  type Caller,
  closed,
  DocPath,
  LabelSchema,
  operation,
  Type,
  Version,
  VersionBy,
  VersionGroup,
} from '../../protocol/index.ts';
import { resolveVersion } from '../history/at.ts';
import { type CellChange, compareShown } from '../history/compare.ts';
import { groupVersions } from '../history/groups.ts';
import { wordHunks } from '../history/word-hunks.ts';
import { Pace } from '../pace.ts';
import type { RealDoc } from '../realdoc.ts';
import * as rows from '../repository/index.ts';
import type { FileRow, OpRow } from '../rows.ts';
import { unifiedParts } from '../text/change-diff.ts';
import { sameAs, unpackChange } from '../text/codec.ts';
import { undoneVersions } from '../versions.ts';
import { READING } from './heads.ts';
import { DocumentId, shownLabel } from './shapes.ts';
import { lineCounts } from './written.ts';

const LogEntry = closed({
  path: DocPath,
  document: DocumentId,
  version: Version,
  base: Type.Integer(),
  at: Type.Integer(),
  by: VersionBy,
  source: Type.String(),
  call: Type.String(),
  note: Type.Optional(Type.String()),
  /** Lines that came and went. */
  added: Type.Integer(),
  removed: Type.Integer(),
  undone: Type.Boolean(),
  tags: Type.Array(Type.String()),
  digest: Type.String(),
  /** Versions right before this one that were taken away: what they changed is part of it. */
  gone: Type.Optional(Type.Integer({ minimum: 1 })),
});

export function historyOperations(room: RealDoc): AnyOperation[] {
  return [log(room), diff(room)];
}

function log(room: RealDoc): AnyOperation {
  return operation({
    id: 'doc.log',
    since: 1,
    summary: {
      en: 'The versions of a document, newest first, or all that a task made',
      zh: '文档的版本记录,或某任务产生的全部版本',
    },
    input: closed({
      path: Type.Optional(DocPath),
      task: Type.Optional(Type.String({ minLength: 3, maxLength: 64 })),
      before: Type.Optional(Version),
      max: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
      /** Also as people think of them: what a task did, or one hand without a longer pause, is one. */
      group: Type.Optional(Type.Boolean()),
    }),
    output: closed({
      versions: Type.Array(LogEntry),
      groups: Type.Optional(Type.Array(VersionGroup)),
      more: Type.Boolean(),
      /** The first version that there is, where older ones were taken away. */
      start: Type.Optional(Version),
    }),
    ...READING,
    errors: ['DOC_NOT_FOUND', 'DOC_PATH_INVALID', 'DOC_WORKSPACE_NOT_FOUND'],
    positional: ['path'],
    examples: [{ note: 'the newest versions', input: { path: 'office/minutes.md' } }],
    read: async (ctx, input) => {
      const max = input.max ?? 50;
      if (input.path === undefined) {
        const ops = input.task === undefined ? [] : rows.opsOfTask(ctx.db, input.task);
        const versions = ops.slice(-max).flatMap((op) => {
          const file = rows.fileById(ctx.db, op.file);
          return file ? [entryOf(ctx.db, file, op, undoneVersions(ctx.db, op.file))] : [];
        });
        return { versions: versions.reverse(), more: ops.length > max };
      }
      const file = await room.locate(input.path, { deleted: true });
      const undone = undoneVersions(ctx.db, file.id);
      const ops = rows.newestOps(ctx.db, file.id, input.before ?? file.head + 1, max);
      ctx.raise(file.label);
      const versions = ops.map((op) => entryOf(ctx.db, file, op, undone));
      const groups = input.group ? { groups: groupVersions(versions) } : {};
      const oldest = ops.at(-1);
      const start = rows.isThinned(ctx.db, file.id) ? rows.keptAround(ctx.db, file.id, 1).after : null;
      return {
        versions,
        ...groups,
        more: oldest !== undefined && oldest.version > oldest.span,
        ...(start !== null && start > 1 ? { start } : {}),
      };
    },
  });
}

function entryOf(db: Reader, file: FileRow, op: OpRow, undone: ReadonlySet<number>) {
  const { added, removed } = countsOf(db, op);
  const { kind, personId, agent, taskId } = op.actor;
  return {
    path: file.path,
    document: file.id,
    version: op.version,
    base: op.base,
    at: op.at,
    by: { kind, personId, agent, taskId } satisfies Pick<Caller, 'kind' | 'personId' | 'agent' | 'taskId'>,
    source: op.source,
    call: op.call,
    ...(op.note === null ? {} : { note: op.note }),
    added,
    removed,
    undone: undone.has(op.version),
    tags: rows.tagsOf(db, file.id).flatMap((t) => (t.version === op.version ? [t.name] : [])),
    digest: op.digest,
    ...(op.span > 1 ? { gone: op.span - 1 } : {}),
  };
}

/** Of a version that is a whole text only what the number of lines tells: comparing two texts is too much for a list. */
function countsOf(db: Reader, op: OpRow): { added: number; removed: number } {
  if (!op.isFull && op.version > 1) return lineCounts(unpackChange(op.splices));
  const { lines } = JSON.parse(op.args) as { lines?: { added: number; removed: number } };
  if (lines && sameAs(op.splices) !== undefined) return lines;
  const before = op.version > op.span ? (rows.opAt(db, op.file, op.version - op.span)?.newlines ?? 0) : 0;
  return { added: Math.max(0, op.newlines - before), removed: Math.max(0, before - op.newlines) };
}

function versionBefore(db: Reader, file: FileRow, version: number): number {
  const op = rows.opAt(db, file.id, version);
  return op && op.version > op.span ? op.version - op.span : version;
}

/** A difference is to be read: a longer one is that of another file. */
const MAX_DIFF_LINES = 5000;
const MAX_CELL_CHARS = 2000;

function shortCell({ address, from, to }: CellChange): CellChange {
  const short = (text: string | null): string | null =>
    text !== null && text.length > MAX_CELL_CHARS ? `${text.slice(0, MAX_CELL_CHARS).toWellFormed()}…` : text;
  return { address, from: short(from), to: short(to) };
}

function diff(room: RealDoc): AnyOperation {
  return operation({
    id: 'doc.diff',
    since: 1,
    summary: { en: 'What differs between two versions of a document', zh: '比较文档的两个版本' },
    input: closed({
      path: DocPath,
      /** Each `v12`, a time or a tag. Left out: the newest version and the one before it. */
      from: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
      to: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
      /** Also word by word, for prose. */
      words: Type.Optional(Type.Boolean()),
      /** Only by lines, also where cells could be told. */
      lines: Type.Optional(Type.Boolean()),
    }),
    output: closed({
      path: DocPath,
      document: DocumentId,
      from: Version,
      to: Version,
      unified: Type.String(),
      added: Type.Integer(),
      removed: Type.Integer(),
      words: Type.Optional(
        Type.Array(
          closed({
            /** First line of the hunk in the later version. */
            line: Type.Integer(),
            runs: Type.Array(closed({ op: Type.Enum(['=', '-', '+']), text: Type.String() })),
          }),
        ),
      ),
      /**
       * Of a table or an Office file, where every change has an address: cells (`B7`, `Sheet1!B7`), rows (`row 7`) and
       * paragraphs. `null`: there was or is none.
       */
      cells: Type.Optional(
        Type.Array(
          closed({
            address: Type.String(),
            from: Type.Union([Type.String(), Type.Null()]),
            to: Type.Union([Type.String(), Type.Null()]),
          }),
        ),
      ),
      /** More cells changed than `cells` tells. */
      cellsCut: Type.Optional(Type.Boolean()),
      label: LabelSchema,
    }),
    ...READING,
    errors: [
      'DOC_NOT_FOUND',
      'DOC_VERSION_UNKNOWN',
      'DOC_PRUNED',
      'DOC_READ_ONLY_KIND',
      'DOC_PARSE_REFUSED',
      'DOC_PATH_INVALID',
    ],
    positional: ['path', 'from', 'to'],
    examples: [{ note: 'the last change', input: { path: 'office/minutes.md' } }],
    read: async (ctx, input) => {
      const file = await room.locate(input.path, { deleted: true });
      const to = input.to === undefined ? file.head : resolveVersion(ctx.db, file, input.to);
      const from =
        input.from === undefined ? versionBefore(ctx.db, file, to) : resolveVersion(ctx.db, file, input.from);
      const net = () => room.documents.netChangeInTurns(file, from, to, ctx.signal);
      const sides = [from, to].map((version) => ({ version, tree: room.documents.at(file, version) }));
      const compared = await compareShown(room.contents, file, sides[0]!, sides[1]!, net, ctx.signal);
      const { before, after, change, isCut } = compared;
      const cells = input.lines || !compared.cells?.length ? undefined : compared.cells;
      const { added, removed } = lineCounts(change);
      ctx.raise(file.label);
      const names = { from: `${file.path} v${from}`, to: `${file.path} v${to}` };
      const pace = new Pace(ctx.signal);
      let unified = '';
      for (const part of unifiedParts(before, after, change, names, MAX_DIFF_LINES)) {
        unified += part;
        if (pace.isDue) await pace.turn();
      }
      return {
        path: file.path,
        document: file.id,
        from,
        to,
        unified,
        added,
        removed,
        ...(input.words ? { words: wordHunks(before, after, change) } : {}),
        ...(cells ? { cells: cells.map(shortCell) } : {}),
        ...(cells && isCut ? { cellsCut: true } : {}),
        label: shownLabel(file.label),
      };
    },
  });
}
