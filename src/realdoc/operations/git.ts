import { fail } from '../../common/index.ts';
import { type AnyOperation, closed, DocPath, operation, PATHS, Type, Version } from '../../protocol/index.ts';
import { gitBundle } from '../git/bundle.ts';
import { type TakenIn, takeIn } from '../git/take-in.ts';
import { textFacts } from '../kinds/kind.ts';
import { parseFolderPath } from '../projection/paths.ts';
import type { RealDoc } from '../realdoc.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';
import { TextTree } from '../text/tree.ts';
import { appendTexts, type NewText } from '../versions.ts';
import { documentsBelow } from './below.ts';
import { CHANGING, NEW_DOCUMENT_ERRORS, READING } from './heads.ts';
import { beginDocument, prepareDocument } from './new-document.ts';
import { type DocumentBlobs, OFFER_ERRORS, offerVersion } from './offering.ts';
import { FolderPath, Sha256, VersionMade } from './shapes.ts';

const MAX_DOCUMENTS = 5000;
const EXAMPLE = '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03';

/** The way out with everything, and the way in: nobody is locked in. */
export function gitOperations(room: RealDoc, blobs: DocumentBlobs): AnyOperation[] {
  return [exportOperation(room, blobs), cloneOperation(room, blobs)];
}

function exportOperation(room: RealDoc, blobs: DocumentBlobs): AnyOperation {
  return operation({
    id: 'doc.export',
    since: 1,
    summary: {
      en: 'Put a version, or the whole history as a git bundle, up for download',
      zh: '导出某一版本,或以 git bundle 导出完整历史',
    },
    useWhen: ['documents shall leave the box with their history', 'another program shall read every version'],
    avoidWhen: ['some lines are enough: use doc.read'],
    input: closed({
      /** A document; for `git` also a folder or a workspace. */
      path: FolderPath,
      /** `file`: the exact bytes of one version. `git`: every version, as a file that `git clone` opens. */
      form: Type.Enum(['file', 'git']),
      /** For `file`: `v12`, a time (ISO 8601) or the name of a tag; left out: the newest. */
      at: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    }),
    output: closed({
      path: Type.String(),
      form: Type.Enum(['file', 'git']),
      /** Newest version of a single document. */
      version: Type.Optional(Version),
      documents: Type.Integer({ minimum: 1 }),
      versions: Type.Integer({ minimum: 1 }),
      /** Commit that the bundle's main branch ends with. */
      commit: Type.Optional(Type.String()),
      sha256: Sha256,
      bytes: Type.Integer({ minimum: 0 }),
      /** Path for GET with the same credential; good until nobody used it for a day. */
      url: Type.String(),
    }),
    ...READING,
    audited: true,
    errors: [...OFFER_ERRORS, 'DOC_TOO_MANY'],
    surfaces: ['ws', 'rest', 'cli'],
    positional: ['path', 'form'],
    examples: [
      { note: 'the history of a document', input: { path: 'office/minutes.md', form: 'git' } },
      { note: 'everything', input: { path: 'office', form: 'git' } },
      { note: 'one version', input: { path: 'office/minutes.md', form: 'file', at: 'v3' } },
    ],
    facts: (_ctx, input) => ({ targets: [{ kind: 'document', id: input.path, name: input.path }] }),
    read: async (ctx, input) => {
      const { path, form } = input;
      if (form === 'file') {
        return { form, documents: 1, versions: 1, ...(await offerVersion(room, blobs, ctx, input)) };
      }
      if (input.at !== undefined)
        throw fail('INPUT_INVALID', { pointer: '/at', reason: 'a git bundle has every version' });
      const files = (await documentsBelow(room, ctx.db, path, MAX_DOCUMENTS + 1)).filter((file) => file.head > 0);
      if (files.length === 0) throw fail('DOC_NOT_FOUND', { path, near: [] });
      const count = files.length;
      if (count > MAX_DOCUMENTS) throw fail('DOC_TOO_MANY', { path, count, limit: MAX_DOCUMENTS });
      for (const file of files) ctx.raise(file.label);
      const single = files.length === 1 && files[0]!.path === path ? files[0] : undefined;
      const bundle = await gitBundle({
        db: ctx.db,
        documents: room.documents,
        contents: room.contents,
        files,
        below: single ? single.rel.slice(0, single.rel.lastIndexOf('/') + 1) : belowOf(path),
        tags: files.flatMap((file) => tagsOf(ctx.db, file, single !== undefined)),
        signal: ctx.signal,
      });
      const kept = await blobs.put(bundle.bytes);
      const { versions, head } = bundle;
      return {
        path,
        form,
        ...(single ? { version: single.head } : {}),
        documents: files.length,
        versions,
        commit: head,
        ...kept,
        url: `${PATHS.blobs}${kept.sha256}`,
      };
    },
  });
}

function belowOf(path: string): string {
  const { rel } = parseFolderPath(path);
  return rel === '' ? '' : `${rel}/`;
}

/** In a history of several documents a tag says of which one it is. */
function tagsOf(db: Parameters<typeof rows.tagsOf>[0], file: FileRow, isSingle: boolean) {
  return rows
    .tagsOf(db, file.id)
    .map(({ name, version }) => ({ name: isSingle ? name : `${file.rel}/${name}`, file: file.id, version }));
}

function cloneOperation(room: RealDoc, blobs: DocumentBlobs): AnyOperation {
  return operation({
    id: 'doc.clone',
    since: 1,
    summary: {
      en: 'Make a document with all the versions that a file has in a git history',
      zh: '用 git 历史中某文件的全部版本建立文档',
    },
    useWhen: ['a text was kept in git so far; the bundle was uploaded with PUT /api/uploads/<sha256>'],
    avoidWhen: ['only the newest state matters: use doc.add'],
    input: closed({
      path: DocPath,
      /** A bundle as `git bundle create FILE --all` writes it. */
      sha256: Sha256,
      /** Path of the file in the git history. */
      file: Type.String({ minLength: 1, maxLength: 4096 }),
      /** Branch or tag; left out: where HEAD is. */
      ref: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    }),
    output: VersionMade,
    ...CHANGING,
    errors: [
      ...NEW_DOCUMENT_ERRORS,
      'DOC_READ_ONLY_KIND',
      'DOC_BUNDLE_INVALID',
      'BLOB_NOT_FOUND',
      'BLOB_FAILED',
      'CANCELLED',
    ],
    surfaces: ['ws', 'rest', 'cli'],
    positional: ['path', 'sha256', 'file'],
    examples: [
      { note: 'a law that was kept in git', input: { path: 'office/law.md', sha256: EXAMPLE, file: 'texts/law.md' } },
    ],
    facts: (_ctx, input) => ({
      targets: [{ kind: 'document', id: input.path, name: input.path }],
      effect: { en: `Make ${input.path} from a git history`, zh: `从 git 历史新建 ${input.path}` },
    }),
    prepare: async (ctx, input) => {
      const taken = await takeIn(await blobs.bytes(input.sha256), input.file, input.ref, ctx.signal);
      const { bytes } = taken.first;
      return {
        taken,
        begun: await prepareDocument(room, ctx, input.path, { facts: textFacts(bytes), why: null, bytes }),
      };
    },
    apply: (ctx, input, { taken, begun }) => {
      const made = beginDocument(room, ctx, begun, noteOf(taken.first.message));
      const first = rows.fileById(ctx.tx, made.document)!;
      const later = taken.later.map(({ past, change }): NewText => {
        const { commit, author, at, message } = past;
        const args = { git: { commit, author, at, file: input.file } };
        return { source: 'import', change, args, note: noteOf(message) };
      });
      const file = appendTexts(ctx, first, later);
      const tree = TextTree.of(taken.last, room.leaves.load);
      ctx.tx.afterCommit(() => room.documents.remember(file.id, file.head, tree));
      return { ...made, version: file.head, added: tree.lines };
    },
  });
}

function noteOf(message: TakenIn['first']['message']): string | undefined {
  const [title] = message.split('\n');
  return title === undefined || title.trim() === '' ? undefined : title.trim().slice(0, 500);
}
