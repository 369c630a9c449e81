import { fail } from '../../common/index.ts';
import { type AnyOperation, closed, DocPath, operation, Type } from '../../protocol/index.ts';
import { textFacts } from '../kinds/kind.ts';
import type { RealDoc } from '../realdoc.ts';
import { NEW_DOCUMENT_ERRORS, WRITING } from './heads.ts';
import { beginDocument, prepareDocument } from './new-document.ts';
import { Note, VersionMade } from './shapes.ts';

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
    ...WRITING,
    errors: [...NEW_DOCUMENT_ERRORS, 'DOC_VERB_INVALID'],
    positional: ['path', 'text'],
    examples: [{ note: 'a short note', input: { path: 'office/note.md', text: '# Note\n' } }],
    facts: (_ctx, input) => ({
      targets: [{ kind: 'document', id: input.path, name: input.path }],
      diff: () => `--- /dev/null\n+++ ${input.path} v1\n${input.text.slice(0, 20_000).replaceAll(/^/gm, '+')}\n`,
      effect: { en: `Create ${input.path}`, zh: `新建 ${input.path}` },
    }),
    prepare: async (ctx, input) => {
      if (!input.text.isWellFormed() || input.text.includes('\0')) {
        throw fail('DOC_VERB_INVALID', { verb: 1, reason: 'the text holds half a character or a NUL' });
      }
      const bytes = Buffer.from(input.text);
      return await prepareDocument(room, ctx, input.path, { facts: textFacts(bytes), why: null, bytes });
    },
    apply: (ctx, input, prepared) => beginDocument(room, ctx, prepared, input.note),
  });
}
