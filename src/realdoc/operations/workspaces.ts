import { lstat, realpath } from 'node:fs/promises';
import { isAbsolute, resolve, sep } from 'node:path';
import { fail, newId, type Reader } from '../../common/index.ts';
import { type AnyOperation, closed, operation, Type } from '../../protocol/index.ts';
import { whyBad } from '../projection/paths.ts';
import { identityOf, seenAs } from '../projection/roots.ts';
import type { RealDoc } from '../realdoc.ts';
import * as rows from '../repository/index.ts';
import type { WorkspaceRow } from '../rows.ts';
import { READING } from './heads.ts';
import { WorkspaceName } from './shapes.ts';

const Workspace = closed({ id: Type.String(), name: WorkspaceName, root: Type.String(), addedAt: Type.Integer() });

const shownOf = ({ id, name, root, addedAt }: WorkspaceRow) => ({ id, name, root, addedAt });

export function workspaceOperations(room: RealDoc): AnyOperation[] {
  return [add(room), list(), remove(room)];
}

function add(room: RealDoc): AnyOperation {
  return operation({
    id: 'workspace.add',
    since: 1,
    summary: { en: 'Let the box look after the documents of a folder', zh: '让盒子管理一个文件夹中的文档' },
    useWhen: ['a folder of the share shall be edited through the box'],
    input: closed({ name: WorkspaceName, root: Type.String({ minLength: 1, maxLength: 4096 }) }),
    output: Workspace,
    effect: 'admin',
    risk: 'medium',
    confirmation: 'policy',
    idempotency: 'key',
    undo: { by: 'workspace.remove' },
    scope: 'box.admin',
    errors: ['DOC_ROOT_INVALID', 'DOC_WORKSPACE_EXISTS', 'DOC_WORKSPACE_OVERLAP', 'DOC_PATH_INVALID'],
    positional: ['name', 'root'],
    examples: [{ note: 'the office share', input: { name: 'office', root: '/srv/share/office' } }],
    facts: (_ctx, input) => ({
      targets: [{ kind: 'workspace', id: input.name, name: input.name }],
      effect: { en: `Look after the folder ${input.root}`, zh: `管理文件夹 ${input.root}` },
    }),
    prepare: async (_ctx, input) => {
      const reason = input.name.includes('/') ? 'a workspace name has no slash' : whyBad(input.name);
      if (reason) throw fail('DOC_PATH_INVALID', { reason });
      const root = await checkRoot(room, input.root);
      return { root, identity: await identityOf(root) };
    },
    apply: (ctx, input, { root, identity }) => {
      refuseOverlap(ctx.tx, input.name, root);
      const earlier = rows.removedWorkspace(ctx.tx, input.name, root);
      const row: WorkspaceRow = {
        id: newId('ws', ctx.clock.now()),
        name: input.name,
        root,
        addedAt: ctx.clock.now(),
        whenOpen: 'hold',
        ...earlier,
        // Whoever adds a folder means the one that is there now.
        seen: seenAs(identity),
      };
      rows.insertWorkspace(ctx.tx, row);
      ctx.emit('box', 'workspace-changed', { workspace: input.name, change: 'added' });
      ctx.undoWith({ name: input.name });
      ctx.tx.afterCommit(() => room.syncWorkspaces());
      return shownOf(row);
    },
  });
}

/** The real folder behind a path; links in it are resolved once, here, and never again. */
async function checkRoot(room: RealDoc, root: string): Promise<string> {
  const refuse = (reason: string): never => {
    throw fail('DOC_ROOT_INVALID', { root, reason });
  };
  if (root.includes('\0')) refuse('it holds a NUL');
  if (!isAbsolute(root)) refuse('it is not absolute');
  const real = await realpath(root).catch(() => refuse('there is no such folder'));
  if (!(await lstat(real)).isDirectory()) refuse('it is not a folder');
  if (real === '/' || /^\/(?:proc|sys|dev|run|boot|etc|usr|bin|sbin|lib|lib64)(?:\/|$)/.test(real)) {
    refuse('it belongs to the system');
  }
  const data = await realpath(room.dataDirectory).catch(() => resolve(room.dataDirectory));
  if (contains(real, data) || contains(data, real)) refuse('it overlaps with the data of the box');
  return real;
}

function contains(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function refuseOverlap(db: Reader, name: string, root: string): void {
  for (const other of rows.workspaces(db)) {
    if (other.name === name) throw fail('DOC_WORKSPACE_EXISTS', { workspace: name, root: other.root });
    if (contains(other.root, root) || contains(root, other.root)) {
      throw fail('DOC_WORKSPACE_OVERLAP', { root, other: other.root, workspace: other.name });
    }
  }
}

function list(): AnyOperation {
  return operation({
    id: 'workspace.list',
    since: 1,
    summary: { en: 'List the workspaces', zh: '列出工作区' },
    input: closed({}),
    output: closed({ workspaces: Type.Array(Workspace) }),
    ...READING,
    errors: [],
    examples: [{ note: 'all of them', input: {} }],
    read: (ctx) => ({ workspaces: rows.workspaces(ctx.db).map(shownOf) }),
  });
}

function remove(room: RealDoc): AnyOperation {
  return operation({
    id: 'workspace.remove',
    since: 1,
    summary: {
      en: 'Stop looking after a folder; its files and their history stay',
      zh: '停止管理一个文件夹;文件与历史保留',
    },
    input: closed({ name: WorkspaceName }),
    output: closed({ name: WorkspaceName, root: Type.String() }),
    effect: 'admin',
    risk: 'medium',
    confirmation: 'policy',
    idempotency: 'key',
    undo: { by: 'workspace.add' },
    scope: 'box.admin',
    errors: ['DOC_WORKSPACE_NOT_FOUND'],
    positional: ['name'],
    examples: [{ note: 'the office share', input: { name: 'office' } }],
    facts: (_ctx, input) => ({ targets: [{ kind: 'workspace', id: input.name, name: input.name }] }),
    apply: (ctx, input) => {
      const row = rows.workspaceNamed(ctx.tx, input.name);
      if (!row) {
        const known = rows.workspaces(ctx.tx).map((w) => w.name);
        throw fail('DOC_WORKSPACE_NOT_FOUND', { workspace: input.name, known });
      }
      rows.removeWorkspace(ctx.tx, row.id, ctx.clock.now());
      ctx.emit('box', 'workspace-changed', { workspace: input.name, change: 'removed' });
      ctx.undoWith({ name: row.name, root: row.root });
      ctx.tx.afterCommit(() => room.syncWorkspaces());
      return { name: row.name, root: row.root };
    },
  });
}
