import { join } from 'node:path';
import { fail, newId } from '../../common/index.ts';
import { type AnyOperation, closed, DocPath, joinLabels, ORGANISATION, operation, Type } from '../../protocol/index.ts';
import { CHAIN_START, sha256Hex } from '../history/chain.ts';
import { textFacts } from '../kinds/kind.ts';
import { SMALL_TEXT } from '../leaf-store.ts';
import { statOf } from '../projection/folder.ts';
import { parseDocPath } from '../projection/paths.ts';
import type { RealDoc } from '../realdoc.ts';
import * as rows from '../repository.ts';
import type { FileRow } from '../rows.ts';
import { TextTree } from '../text/tree.ts';
import { appendVersion } from '../versions.ts';
import { Note, shownLabel, VersionMade } from './shapes.ts';

/** A new text document. It never replaces a file: whoever was first keeps the name. */
export function createOperation(room: RealDoc): AnyOperation {
  return operation({
    id: 'doc.create',
    since: 1,
    summary: { en: 'Create a new text document', zh: '新建文本文档' },
    useWhen: ['the result belongs into a document of its own'],
    avoidWhen: ['the document is there already: use doc.edit'],
    input: closed({ path: DocPath, text: Type.String({ maxLength: 4_000_000 }), note: Type.Optional(Note) }),
    output: VersionMade,
    effect: 'write',
    risk: 'low',
    confirmation: 'policy',
    idempotency: 'key',
    undo: { by: 'doc.undo' },
    dryRun: true,
    scope: 'doc.write',
    errors: ['DOC_EXISTS', 'DOC_PATH_INVALID', 'DOC_PATH_OUTSIDE', 'DOC_WORKSPACE_NOT_FOUND', 'DOC_VERB_INVALID'],
    positional: ['path', 'text'],
    examples: [{ note: 'a short note', input: { path: 'office/note.md', text: '# Note\n' } }],
    facts: (_ctx, input) => ({
      targets: [{ kind: 'document', id: input.path, name: input.path }],
      diff: `--- /dev/null\n+++ ${input.path} v1\n${input.text.slice(0, 20_000).replaceAll(/^/gm, '+')}\n`,
      effect: { en: `Create ${input.path}`, zh: `新建 ${input.path}` },
    }),
    prepare: async (_ctx, input) => {
      const name = parseDocPath(input.path);
      const workspace = room.workspace(name.workspace);
      if (!input.text.isWellFormed() || input.text.includes('\0')) {
        throw fail('DOC_VERB_INVALID', { verb: 1, reason: 'the text holds half a character or a NUL' });
      }
      await refuseDetour(workspace.root, name.rel.split('/').slice(0, -1), input.path);
      if (await statOf(join(workspace.root, name.rel), input.path)) throw fail('DOC_EXISTS', { path: input.path });
      const bytes = Buffer.from(input.text);
      const tree = TextTree.of(bytes, room.leaves.load);
      return {
        name,
        workspace,
        tree,
        bytes,
        staged: bytes.length > SMALL_TEXT ? await room.leaves.stage(tree, null) : undefined,
      };
    },
    apply: (ctx, input, { name, workspace, tree, bytes, staged }) => {
      const taken = rows.fileAt(ctx.tx, workspace.id, name.rel);
      if (taken?.state === 'live') throw fail('DOC_EXISTS', { path: input.path });
      // A deleted document keeps its history under a name that no path can spell.
      if (taken) rows.moveAside(ctx.tx, taken.id, `${name.rel}\0${taken.id}`);
      const sha256 = sha256Hex(bytes);
      const seed: FileRow = {
        id: newId('doc', ctx.clock.now()),
        workspace: workspace.id,
        path: input.path,
        rel: name.rel,
        root: workspace.root,
        ...textFacts(bytes),
        why: null,
        head: 0,
        bytes: tree.bytes,
        newlines: tree.newlines,
        label: joinLabels(ORGANISATION, ctx.caller.label),
        state: 'live',
        digest: CHAIN_START,
      };
      rows.insertFile(ctx.tx, seed);
      const file = appendVersion(ctx, seed, {
        source: 'create',
        change: [],
        args: { sha256, bytes: tree.bytes },
        note: input.note,
      });
      room.leaves.keep(ctx.tx, file.id, 1, tree, sha256, staged);
      rows.putProjection(ctx.tx, {
        file: file.id,
        version: 0,
        state: 'pending',
        signature: null,
        reason: null,
        foreign: null,
        attempts: 0,
        at: ctx.clock.now(),
      });
      ctx.emit('box', 'workspace-changed', { workspace: workspace.name, path: file.path, change: 'new' });
      ctx.undoWith({ call: ctx.callId });
      ctx.raise(file.label);
      ctx.tx.afterCommit(() => {
        room.documents.remember(file.id, 1, tree);
        room.committed(file);
      });
      return {
        path: file.path,
        document: file.id,
        version: 1,
        added: tree.lines,
        removed: 0,
        changed: [],
        label: shownLabel(file.label),
      };
    },
  });
}

/** A document whose file could never be written is not begun. Folders that are not there yet are made with the file. */
async function refuseDetour(root: string, names: readonly string[], docPath: string): Promise<void> {
  let at = root;
  for (const name of names) {
    at = join(at, name);
    const stat = await statOf(at, docPath);
    if (!stat) return;
    if (stat.isSymbolicLink())
      throw fail('DOC_PATH_OUTSIDE', { path: docPath, reason: 'a folder on the way is a link' });
    if (!stat.isDirectory()) throw fail('DOC_PATH_INVALID', { reason: `${name} is a file, not a folder` });
  }
}
