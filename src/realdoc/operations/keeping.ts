import { fail } from '../../common/index.ts';
import { type AnyOperation, closed, DocPath, operation, Type, Version } from '../../protocol/index.ts';
import { refuseOpaque } from '../documents.ts';
import { resolveVersion } from '../history/at.ts';
import { type BlameLine, blame, linesOfText } from '../history/blame.ts';
import { lineage } from '../history/lineage.ts';
import { type Problem, verifyFile, verifyHistory } from '../history/verify.ts';
import { treeDigest } from '../leaf-store.ts';
import { Pace } from '../pace.ts';
import type { RealDoc } from '../realdoc.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';
import { everyDocumentBelow } from './below.ts';
import { READING } from './heads.ts';
import { FolderPath, Line } from './shapes.ts';
import { hasHistory, statusOperation } from './status.ts';
import { targetOf } from './targets.ts';

/** Looking after documents: what state they are in, whether all is sound, who wrote which line, names for versions. */
export function keepingOperations(room: RealDoc): AnyOperation[] {
  return [statusOperation(room), verify(room), replay(room), blameOperation(room), tag(room)];
}

function verify(room: RealDoc): AnyOperation {
  return operation({
    id: 'doc.verify',
    since: 1,
    summary: { en: 'Check the history of documents and their files', zh: '校验文档历史与共享文件' },
    input: closed({
      path: FolderPath,
      /** Also apply the whole log in scratch space and compare every stored text. */
      full: Type.Optional(Type.Boolean()),
    }),
    output: closed({
      ok: Type.Boolean(),
      documents: Type.Integer({ minimum: 0 }),
      versions: Type.Integer({ minimum: 0 }),
      problems: Type.Array(closed({ path: DocPath, version: Type.Integer(), problem: Type.String() })),
    }),
    ...READING,
    errors: ['DOC_NOT_FOUND', 'DOC_PATH_INVALID', 'DOC_WORKSPACE_NOT_FOUND'],
    positional: ['path'],
    examples: [{ note: 'a whole workspace', input: { path: 'office', full: true } }],
    read: async (ctx, input) => {
      const problems: Problem[] = [];
      let documents = 0;
      let versions = 0;
      for await (const file of everyDocumentBelow(room, ctx.db, input.path, hasHistory)) {
        problems.push(...(await verifyHistory(ctx.db, room.leaves, file, input.full ?? false)));
        problems.push(...(await verifyFile(ctx.db, file)));
        documents++;
        versions += file.head;
        if (ctx.signal.aborted) throw fail('CANCELLED');
      }
      return { ok: problems.length === 0, documents, versions, problems: problems.slice(0, 500) };
    },
  });
}

function replay(room: RealDoc): AnyOperation {
  return operation({
    id: 'doc.replay',
    since: 1,
    summary: {
      en: 'Apply the log of a document in scratch space and name the digest of the text',
      zh: '在临时空间重放文档日志并给出文本摘要',
    },
    input: closed({ path: DocPath, to: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })) }),
    output: closed({
      path: DocPath,
      version: Version,
      bytes: Type.Integer(),
      sha256: Type.String(),
      equal: Type.Boolean(),
    }),
    ...READING,
    errors: ['DOC_NOT_FOUND', 'DOC_VERSION_UNKNOWN', 'DOC_PRUNED', 'DOC_READ_ONLY_KIND', 'DOC_CORRUPT'],
    positional: ['path', 'to'],
    examples: [{ note: 'up to the newest version', input: { path: 'office/minutes.md' } }],
    read: async (ctx, input) => {
      const file = await room.locate(input.path, { deleted: true });
      const version = input.to === undefined ? file.head : resolveVersion(ctx.db, file, input.to);
      const way = lineage(ctx.db, file.id, version).reverse();
      const first = rows.firstText(ctx.db, file.id, way[0]!.upTo);
      if (!first) throw fail('DOC_CORRUPT', { path: file.path, version: 1, reason: 'the first text is missing' });
      let tree = room.leaves.open(first);
      const changes = way.flatMap(({ after, upTo }, i) =>
        rows.changesBetween(ctx.db, file.id, i === 0 ? first.version : after, upTo),
      );
      const pace = new Pace(ctx.signal);
      for (const change of changes) {
        tree = tree.apply(change);
        if (pace.isDue) await pace.turn();
      }
      const sha256 = await treeDigest(tree);
      const equal = sha256 === (await treeDigest(room.documents.at(file, version)));
      return { path: file.path, version, bytes: tree.bytes, sha256, equal };
    },
  });
}

function blameOperation(room: RealDoc): AnyOperation {
  return operation({
    id: 'doc.blame',
    since: 1,
    summary: { en: 'Who last changed each line', zh: '查看每行最后由谁修改' },
    input: closed({ path: DocPath, from: Type.Optional(Line), to: Type.Optional(Line) }),
    output: closed({
      path: DocPath,
      version: Version,
      lines: Type.Array(
        closed({
          line: Line,
          version: Version,
          at: Type.Integer(),
          source: Type.String(),
          personId: Type.Union([Type.String(), Type.Null()]),
          agent: Type.Union([Type.String(), Type.Null()]),
          taskId: Type.Union([Type.String(), Type.Null()]),
        }),
      ),
    }),
    ...READING,
    errors: ['DOC_NOT_FOUND', 'DOC_READ_ONLY_KIND', 'DOC_PATH_INVALID'],
    positional: ['path', 'from', 'to'],
    examples: [{ note: 'the first lines', input: { path: 'office/contract.md', from: 1, to: 20 } }],
    read: async (ctx, input) => {
      const file = await room.locate(input.path);
      refuseOpaque(file);
      const from = input.from ?? 1;
      const to = Math.min(input.to ?? from + 999, from + 1999);
      const asked = await linesOf(room, file, from, to);
      const found = await blame(ctx.db, room.documents, file, asked, ctx.signal);
      const ops = new Map([...new Set(found.map((b) => b.version))].map((v) => [v, rows.opAt(ctx.db, file.id, v)]));
      const lines = found.flatMap(({ line, version }) => {
        const op = ops.get(version);
        if (!op) return [];
        const { personId, agent, taskId } = op.actor;
        return [{ line, version, at: op.at, source: op.source, personId, agent, taskId }];
      });
      return { path: file.path, version: file.head, lines };
    },
  });
}

async function linesOf(room: RealDoc, file: FileRow, from: number, to: number): Promise<BlameLine[]> {
  const places = file.kind === 'package' ? (await room.shown(file)).places : undefined;
  if (!places) return linesOfText(room.documents.at(file, file.head), from, to);
  return places.lines.slice(from - 1, to).map((line, i) => {
    const start = places.starts[line.part]!;
    return { line: from + i, from: start + line.from, to: start + line.to };
  });
}

function tag(room: RealDoc): AnyOperation {
  return operation({
    id: 'doc.tag',
    since: 1,
    summary: { en: 'Give a version a name, or take the name away', zh: '为版本命名或移除名称' },
    input: closed({
      path: DocPath,
      name: Type.String({ minLength: 1, maxLength: 64, pattern: '^[\\p{L}][\\p{L}\\p{N} ._-]*$' }),
      version: Type.Optional(Version),
      remove: Type.Optional(Type.Boolean()),
    }),
    output: closed({ path: DocPath, name: Type.String(), version: Version, removed: Type.Boolean() }),
    effect: 'write',
    risk: 'low',
    confirmation: 'policy',
    idempotency: 'key',
    undo: { by: 'doc.tag' },
    scope: 'doc.write',
    errors: ['DOC_NOT_FOUND', 'DOC_VERSION_UNKNOWN', 'DOC_PRUNED', 'DOC_TAG_EXISTS', 'DOC_PATH_INVALID'],
    positional: ['path', 'name'],
    examples: [{ note: 'the signed text', input: { path: 'office/contract.md', name: 'signed', version: 7 } }],
    facts: async (_ctx, input) => ({ targets: [targetOf(await room.locate(input.path))] }),
    prepare: async (_ctx, input) => ({ id: (await room.locate(input.path, { deleted: true })).id }),
    apply: (ctx, input, { id }) => {
      const file = rows.fileById(ctx.tx, id);
      if (!file) throw fail('DOC_NOT_FOUND', { path: input.path, near: [] });
      const known = rows.tagsOf(ctx.tx, id).find((t) => t.name === input.name);
      if (input.remove) {
        if (!known) throw fail('DOC_VERSION_UNKNOWN', { path: file.path, version: input.name, head: file.head });
        rows.dropTag(ctx.tx, id, input.name);
        ctx.undoWith({ path: file.path, name: input.name, version: known.version });
        return { path: file.path, name: input.name, version: known.version, removed: true };
      }
      const version = input.version ?? file.head;
      if (version > file.head) throw fail('DOC_VERSION_UNKNOWN', { path: file.path, version, head: file.head });
      if (known) throw fail('DOC_TAG_EXISTS', { name: input.name, version: known.version });
      rows.putTag(ctx.tx, id, input.name, version);
      ctx.undoWith({ path: file.path, name: input.name, remove: true });
      return { path: file.path, name: input.name, version, removed: false };
    },
  });
}
