import { fail } from '../../common/index.ts';
import { type AnyOperation, closed, DocPath, fromBase64, operation, Type, Version } from '../../protocol/index.ts';
import type { Stored } from '../kinds/content.ts';
import { refusalOf } from '../kinds/kind.ts';
import type { RealDoc } from '../realdoc.ts';
import { TextTree } from '../text/tree.ts';
import { gitOperations } from './git.ts';
import { NEW_DOCUMENT_ERRORS, READING, WRITING } from './heads.ts';
import { beginDocument, prepareDocument } from './new-document.ts';
import { type DocumentBlobs, OFFER_ERRORS, offerVersion } from './offering.ts';
import { Note, Sha256, VersionMade } from './shapes.ts';

const EXAMPLE = '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03';

/** Whole documents in and out as bytes. Not for the agent: a model has no files of its own. */
export function documentBlobOperations(room: RealDoc, blobs: DocumentBlobs): AnyOperation[] {
  return [download(room, blobs), add(room, blobs), ...gitOperations(room, blobs)];
}

function download(room: RealDoc, blobs: DocumentBlobs): AnyOperation {
  return operation({
    id: 'doc.download',
    since: 1,
    summary: { en: 'Put the exact bytes of a version up for download', zh: '提供某一版本的原始内容供下载' },
    avoidWhen: ['some lines are enough: use doc.read', 'its history shall come along: use doc.export'],
    input: closed({
      path: DocPath,
      /** `v12`, a time (ISO 8601) or the name of a tag; left out: the newest. */
      at: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    }),
    output: closed({
      path: DocPath,
      version: Version,
      sha256: Sha256,
      bytes: Type.Integer({ minimum: 0 }),
      /** Path for GET with the same credential; good until nobody used it for a day. */
      url: Type.String(),
    }),
    ...READING,
    audited: true,
    errors: OFFER_ERRORS,
    surfaces: ['ws', 'rest', 'cli'],
    positional: ['path'],
    examples: [
      { note: 'as it is now', input: { path: 'office/minutes.md' } },
      { note: 'as it was', input: { path: 'office/minutes.md', at: 'v3' } },
    ],
    facts: (_ctx, input) => ({ targets: [{ kind: 'document', id: input.path, name: input.path }] }),
    read: (ctx, input) => offerVersion(room, blobs, ctx, input),
  });
}

function add(room: RealDoc, blobs: DocumentBlobs): AnyOperation {
  return operation({
    id: 'doc.add',
    since: 1,
    summary: {
      en: 'Make a file a document of a workspace: a text, an Office file, a PDF, a picture, anything',
      zh: '将文件加入工作区成为文档:文本、Office 文件、PDF、图片等',
    },
    useWhen: ['the bytes were uploaded with PUT /api/uploads/<sha256>, or are small enough to come with the call'],
    avoidWhen: ['the text is at hand: use doc.create', 'the document is there already: use doc.edit'],
    input: closed({
      path: DocPath,
      /** Digest of an upload. */
      sha256: Type.Optional(Sha256),
      /** The bytes themselves instead, where they are few (0.75 MB, so that a call fits a frame): base64 with padding. */
      base64: Type.Optional(Type.String({ maxLength: 1_000_000 })),
      note: Type.Optional(Note),
    }),
    output: VersionMade,
    ...WRITING,
    errors: [...NEW_DOCUMENT_ERRORS, 'BLOB_NOT_FOUND', 'BLOB_FAILED'],
    surfaces: ['ws', 'rest', 'cli'],
    positional: ['path', 'sha256'],
    examples: [
      { note: 'a file from a phone', input: { path: 'office/offer.pdf', sha256: EXAMPLE } },
      { note: 'a small one with the call', input: { path: 'office/hello.txt', base64: 'aGVsbG8K' } },
    ],
    facts: (_ctx, input) => ({
      targets: [{ kind: 'document', id: input.path, name: input.path }],
      diff: async () => await diffOf(room, input.path, await storedOf(room, blobs, input)),
      effect: { en: `Add ${input.path} from an upload`, zh: `从上传内容新建 ${input.path}` },
    }),
    prepare: async (ctx, input) => await prepareDocument(room, ctx, input.path, await storedOf(room, blobs, input)),
    apply: (ctx, input, prepared) => beginDocument(room, ctx, prepared, input.note),
  });
}

/** What came, whatever it is. Bytes that come with the call are held only as long as it takes. */
async function storedOf(
  room: RealDoc,
  blobs: DocumentBlobs,
  { sha256, base64 }: { sha256?: string; base64?: string },
): Promise<Stored> {
  if ((sha256 === undefined) === (base64 === undefined)) {
    throw fail('INPUT_INVALID', { pointer: '', reason: 'give exactly one of sha256 and base64' });
  }
  if (sha256 !== undefined) return await room.contents.take(await blobs.bytes(sha256));
  const bytes = fromBase64(base64!);
  if (!bytes) throw fail('INPUT_INVALID', { pointer: '/base64', reason: 'it is no base64 with padding' });
  return await room.contents.take(Buffer.from(bytes));
}

async function diffOf(room: RealDoc, path: string, { facts, bytes, why }: Stored): Promise<string> {
  const head = `--- /dev/null\n+++ ${path} v1\n`;
  if (facts.kind === 'opaque') return `${head}+[${refusalOf(why) ? 'binary' : why} file, ${bytes.length} bytes]\n`;
  const { tree } = await room.contents.view({ path, kind: facts.kind }, TextTree.of(bytes));
  return `${head}${tree.slice(0, 20_000).toString('utf8').replaceAll(/^/gm, '+')}\n`;
}
