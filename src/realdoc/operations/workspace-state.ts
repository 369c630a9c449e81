import { fail } from '../../common/index.ts';
import { type AnyOperation, closed, operation, Type } from '../../protocol/index.ts';
import type { RealDoc } from '../realdoc.ts';
import * as rows from '../repository/index.ts';
import type { WorkspaceRow } from '../rows.ts';
import { READING } from './heads.ts';
import { WorkspaceName } from './shapes.ts';

const WhenOpen = Type.Enum(['hold', 'side']);
const MOST_SHOWN = 200;

const State = closed({
  name: WorkspaceName,
  root: Type.String(),
  /** `away`: its folder is not the one that its files were in. Nothing counts as deleted, nothing is written. */
  state: Type.Enum(['new', 'here', 'away']),
  reason: Type.Optional(Type.String()),
  fileSystem: Type.Optional(Type.String()),
  /** Who tells of changes. `none`: the folder is walked every few seconds. */
  events: Type.Enum(['inotify', 'node', 'none']),
  /** How often the kernel could not keep up since the start; a full walk followed each time. */
  eventsLost: Type.Integer({ minimum: 0 }),
  /** `exchange`: a save at the very moment of ours is always kept. `link`: all but one by rename within microseconds. */
  swap: Type.Enum(['exchange', 'link']),
  whenOpen: WhenOpen,
  /** Milliseconds since 1970 at the end of the last whole walk. */
  scannedAt: Type.Optional(Type.Integer()),
  /** What is there and is no document, and why. The first 200. */
  skipped: Type.Array(closed({ path: Type.String(), reason: Type.String() })),
  /** Names that differ in the case of letters alone: Windows and Mac show only one of them. */
  clashes: Type.Array(Type.Array(Type.String())),
});

/** How the box and a shared folder get along, and what it does with files that somebody has open. */
export function workspaceStateOperations(room: RealDoc): AnyOperation[] {
  return [status(room), set(room)];
}

function status(room: RealDoc): AnyOperation {
  return operation({
    id: 'workspace.status',
    since: 1,
    summary: {
      en: 'Whether the folders of the workspaces are there and watched, and what in them is no document',
      zh: '查看工作区文件夹是否可用、是否在监视,以及其中哪些不是文档',
    },
    useWhen: ['a file on the share is not in the list', 'a save was not noticed'],
    input: closed({ name: Type.Optional(WorkspaceName) }),
    output: closed({ workspaces: Type.Array(State) }),
    ...READING,
    errors: ['DOC_WORKSPACE_NOT_FOUND'],
    positional: ['name'],
    examples: [{ note: 'one workspace', input: { name: 'office' } }],
    read: async (_ctx, input) => {
      const wanted = input.name === undefined ? rows.workspaces(room.db) : [room.workspace(input.name)];
      return { workspaces: await Promise.all(wanted.map((workspace) => stateOf(room, workspace))) };
    },
  });
}

async function stateOf(room: RealDoc, { id, name, root, whenOpen }: WorkspaceRow) {
  const round = room.rounds.stateOf(id);
  return {
    name,
    root,
    state: round?.state ?? ('new' as const),
    ...(round?.reason === undefined ? {} : { reason: round.reason }),
    ...(round?.fileSystem ? { fileSystem: round.fileSystem.name } : {}),
    events: round?.events ?? ('none' as const),
    eventsLost: round?.lost ?? 0,
    swap: await room.projector.wayOn(round?.device ?? 0n),
    whenOpen,
    ...(round?.scannedAt === undefined ? {} : { scannedAt: round.scannedAt }),
    skipped: (round?.skipped ?? []).slice(0, MOST_SHOWN),
    clashes: (round?.clashes ?? []).slice(0, MOST_SHOWN),
  };
}

function set(room: RealDoc): AnyOperation {
  return operation({
    id: 'workspace.set',
    since: 1,
    summary: {
      en: 'Say what becomes of an edit of an Office file that somebody has open',
      zh: '设置他人打开 Office 文件时如何处理修改',
    },
    useWhen: ['people keep files open all day and want to see edits before they close them'],
    input: closed({
      name: WorkspaceName,
      /** `hold`: it is written when the file is closed. `side`: meanwhile it lies beside it as a proposal. */
      whenOpen: WhenOpen,
    }),
    output: closed({ name: WorkspaceName, whenOpen: WhenOpen }),
    effect: 'admin',
    risk: 'low',
    confirmation: 'policy',
    idempotency: 'key',
    undo: { by: 'workspace.set' },
    scope: 'box.admin',
    errors: ['DOC_WORKSPACE_NOT_FOUND'],
    positional: ['name', 'whenOpen'],
    examples: [{ note: 'proposals beside open files', input: { name: 'office', whenOpen: 'side' } }],
    facts: (_ctx, input) => ({ targets: [{ kind: 'workspace', id: input.name, name: input.name }] }),
    apply: (ctx, input) => {
      const row = rows.workspaceNamed(ctx.tx, input.name);
      if (!row) {
        const known = rows.workspaces(ctx.tx).map((w) => w.name);
        throw fail('DOC_WORKSPACE_NOT_FOUND', { workspace: input.name, known });
      }
      rows.setWhenOpen(ctx.tx, row.id, input.whenOpen);
      ctx.undoWith({ name: row.name, whenOpen: row.whenOpen });
      ctx.tx.afterCommit(() => room.retryHeld());
      return { name: row.name, whenOpen: input.whenOpen };
    },
  });
}
