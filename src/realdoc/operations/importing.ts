import { fail, isJinguError } from '../../common/index.ts';
import { type AnyOperation, closed, DocPath, operation, Type, Version } from '../../protocol/index.ts';
import { adopt } from '../projection/adopt.ts';
import type { Finding } from '../projection/finding.ts';
import { look } from '../projection/look.ts';
import { lookAtDisplaced } from '../projection/look-displaced.ts';
import { parseDocPath } from '../projection/paths.ts';
import type { RealDoc } from '../realdoc.ts';
import * as rows from '../repository/index.ts';
import { CHANGING } from './heads.ts';
import { DocumentId } from './shapes.ts';

const Adopted = closed({
  path: DocPath,
  document: DocumentId,
  version: Version,
  change: Type.Enum(['new', 'changed', 'merged', 'deleted', 'moved', 'same', 'opaque']),
  /** Edits of ours that the save overrode; they are in the history. */
  conflicts: Type.Integer({ minimum: 0 }),
});

/** How what happened on the share becomes history. The watcher calls it as the box itself, so it is on record. */
export function importOperation(room: RealDoc): AnyOperation {
  return operation({
    id: 'doc.import',
    since: 1,
    summary: {
      en: 'Take in what is on the share: a new file, a save, a deletion',
      zh: '收录共享上的变化:新文件、保存、删除',
    },
    avoidWhen: ['the file was only just saved: the box notices by itself'],
    input: closed({
      path: DocPath,
      more: Type.Optional(Type.Array(DocPath, { maxItems: 64 })),
      /** What is not there has been away for a while, so it is no moment of a save. For the box itself. */
      gone: Type.Optional(Type.Boolean()),
      /** A file beside the document that our own swap displaced. For the box itself. */
      displaced: Type.Optional(
        closed({ name: Type.String({ maxLength: 255 }), folder: Type.String({ maxLength: 4096 }), base: Version }),
      ),
    }),
    output: closed({ documents: Type.Array(Adopted) }),
    ...CHANGING,
    minIntegrity: 1,
    errors: [
      'DOC_NOT_FOUND',
      'DOC_PATH_INVALID',
      'DOC_PATH_OUTSIDE',
      'DOC_NOT_A_FILE',
      'DOC_BUSY',
      'DOC_QUOTA',
      'DISK_FULL',
      'DOC_FILE_FAILED',
      'DOC_SHARE_AWAY',
    ],
    surfaces: ['ws', 'rest', 'cli'],
    positional: ['path'],
    examples: [{ note: 'after a copy onto the share', input: { path: 'office/minutes.md' } }],
    facts: (_ctx, input) => ({
      targets: [input.path, ...(input.more ?? [])].map((path) => ({ kind: 'document', id: path, name: path })),
      effect: { en: 'Take in what is on the share', zh: '收录共享上的内容' },
    }),
    prepare: async (ctx, input): Promise<Finding[]> => {
      const { db, documents, leaves, contents, clock, kernel, quota } = room;
      const eyes = { db, documents, leaves, contents, clock, kernel, quota, onEnd: ctx.onEnd };
      if (input.displaced) {
        if (ctx.caller.kind !== 'internal')
          throw fail('DOC_PATH_INVALID', { reason: 'only the box names displaced files' });
        const file = await room.locate(input.path, { deleted: true, look: false });
        const found = await lookAtDisplaced(eyes, file, input.displaced);
        return found ? [found] : [];
      }
      const findings: Finding[] = [];
      for (const path of [input.path, ...(input.more ?? [])]) {
        const name = parseDocPath(path);
        try {
          findings.push(await look(eyes, room.workspace(name.workspace), name, input.gone ?? false));
        } catch (error) {
          // In a batch one bad file (just deleted again, not readable) must not keep the others out.
          if (!input.more || !isJinguError(error)) throw error;
          room.log.warn({ code: error.code }, 'import-skipped');
        }
      }
      return findings;
    },
    apply: (ctx, _input, findings) => {
      const documents = findings.map((finding) => {
        const adopted = adopt(ctx, room.leaves, finding, room.documents);
        ctx.tx.afterCommit(() => {
          if (adopted.tree) room.documents.remember(adopted.document, adopted.version, adopted.tree);
          if (adopted.change !== 'merged' && adopted.change !== 'changed') return;
          room.projector.kick(adopted.document);
          const file = rows.fileById(room.db, adopted.document);
          if (file) room.noteVersion(file);
        });
        const { tree: _, ...shown } = adopted;
        return shown;
      });
      ctx.undoWith({ call: ctx.callId });
      return { documents };
    },
  });
}
