import { type AnyOperation, closed, DocPath, operation, Type, Version } from '../../protocol/index.ts';
import type { RealDoc } from '../realdoc.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';
import { documentsBelow } from './below.ts';
import { READING } from './heads.ts';
import { FolderPath } from './shapes.ts';

/** As many as one answer holds. */
const PAGE = 500;

export const hasHistory = (file: FileRow): boolean => file.head > 0;

/** How far the files on the share are. Of a folder it is told in pages, in the order of the paths. */
export function statusOperation(room: RealDoc): AnyOperation {
  return operation({
    id: 'doc.status',
    since: 1,
    summary: { en: 'Whether documents and their files on the share agree', zh: '查看文档与共享上的文件是否一致' },
    useWhen: ['it matters that the file on the share is up to date'],
    input: closed({
      path: FolderPath,
      /** Wait so long (milliseconds) for files that are to be written. */
      waitMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 60_000 })),
      /** `next` of the answer before: the documents after it. */
      after: Type.Optional(Type.String({ maxLength: 4096 })),
      max: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE })),
    }),
    output: closed({
      documents: Type.Array(
        closed({
          path: DocPath,
          version: Version,
          /** Version whose bytes the file holds; 0 if there is no file yet. */
          onShare: Type.Integer({ minimum: 0 }),
          state: Type.Enum(['written', 'pending', 'held', 'failed']),
          reason: Type.Optional(Type.String()),
          attempts: Type.Integer({ minimum: 0 }),
        }),
      ),
      /** There are more: ask again with it as `after`. Left out, these are the last. */
      next: Type.Optional(Type.String()),
    }),
    ...READING,
    errors: ['DOC_NOT_FOUND', 'DOC_PATH_INVALID', 'DOC_WORKSPACE_NOT_FOUND'],
    positional: ['path'],
    examples: [
      { note: 'one document', input: { path: 'office/minutes.md', waitMs: 2000 } },
      { note: 'a workspace, from where the last answer ended', input: { path: 'office', after: 'minutes.md' } },
    ],
    read: async (ctx, input) => {
      const max = input.max ?? PAGE;
      const list = () => documentsBelow(room, ctx.db, input.path, max + 1, hasHistory, input.after);
      let files = await list();
      if (input.waitMs) {
        await untilSettled(room, files.slice(0, max), input.waitMs);
        files = await list();
      }
      const page = files.slice(0, max);
      return {
        documents: page.map((file) => stateOf(room, file)),
        ...(files.length > max ? { next: page.at(-1)!.rel } : {}),
      };
    },
  });
}

async function untilSettled(room: RealDoc, files: readonly FileRow[], ms: number): Promise<void> {
  const waiting = new AbortController();
  const all = Promise.all(files.map((file) => room.projector.settle(file.id, waiting.signal)));
  await room.waitFor(all, ms).finally(() => waiting.abort());
}

function stateOf(room: RealDoc, file: FileRow) {
  const row = rows.projection(room.db, file.id);
  return {
    path: file.path,
    version: file.head,
    onShare: row?.signature ? row.version : 0,
    state: row?.state ?? ('pending' as const),
    ...(row?.reason ? { reason: row.reason } : {}),
    attempts: row?.attempts ?? 0,
  };
}
