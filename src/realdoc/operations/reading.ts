import { fail } from '../../common/index.ts';
import {
  type AnyOperation,
  closed,
  DocPath,
  LabelSchema,
  operation,
  type ReadContext,
  Type,
  Version,
} from '../../protocol/index.ts';
import { parseTarget } from '../edit/address.ts';
import { resolveTarget } from '../edit/place.ts';
import { linesFrom } from '../edit/plan.ts';
import { findAll } from '../edit/search.ts';
import { type Base, bare, lineHash } from '../edit/target.ts';
import { resolveVersion } from '../history/at.ts';
import { asAt } from '../kinds/content.ts';
import type { RealDoc } from '../realdoc.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';
import type { TextTree } from '../text/tree.ts';
import { FIRST_SCAN_MS } from './below.ts';
import { READING } from './heads.ts';
import { DocumentId, EolName, Line, shownLabel, WorkspaceName } from './shapes.ts';

const LINES_AT_ONCE = 200;
const MAX_LINES = 2000;
const MAX_CHARS = 64_000;

export function readingOperations(room: RealDoc): AnyOperation[] {
  return [list(room), read(room)];
}

function list(room: RealDoc): AnyOperation {
  return operation({
    id: 'doc.list',
    since: 1,
    summary: { en: 'List the documents of a workspace', zh: '列出工作区中的文档' },
    useWhen: ['the name of a document is not known'],
    input: closed({
      workspace: WorkspaceName,
      /** Only paths inside the workspace that begin so. */
      prefix: Type.Optional(Type.String({ maxLength: 1000 })),
      after: Type.Optional(Type.String({ maxLength: 4096 })),
      max: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
    }),
    output: closed({
      documents: Type.Array(
        closed({
          path: DocPath,
          document: DocumentId,
          /** 0 for files that are no text: they are known, not versioned. */
          version: Type.Integer({ minimum: 0 }),
          kind: Type.Enum(['text', 'package', 'opaque']),
          bytes: Type.Integer(),
          lines: Type.Integer(),
        }),
      ),
      next: Type.Optional(Type.String()),
      /** False while the folder is still being walked for the first time. */
      complete: Type.Boolean(),
    }),
    ...READING,
    errors: ['DOC_WORKSPACE_NOT_FOUND'],
    positional: ['workspace'],
    examples: [{ note: 'all of them', input: { workspace: 'office' } }],
    read: async (ctx, input) => {
      const workspace = room.workspace(input.workspace);
      if (!room.isScanned(workspace.id)) await room.waitFor(room.scan(workspace), FIRST_SCAN_MS);
      const max = input.max ?? 200;
      const found = rows.filesOf(ctx.db, workspace.id, input.prefix ?? '', input.after ?? '', max);
      for (const file of found) ctx.raise(file.label);
      const last = found.at(-1);
      return {
        documents: found.map((f) => ({
          path: f.path,
          document: f.id,
          version: f.head,
          kind: f.kind,
          bytes: f.bytes,
          // Of an Office file they are known once somebody reads it.
          lines: f.kind === 'package' ? 0 : f.newlines,
        })),
        ...(last && found.length === max ? { next: last.rel } : {}),
        complete: room.isScanned(workspace.id),
      };
    },
  });
}

function read(room: RealDoc): AnyOperation {
  return operation({
    id: 'doc.read',
    since: 1,
    summary: { en: 'Read lines of a document, at any version', zh: '读取文档的若干行(任意版本)' },
    useWhen: ['the text is needed before an edit', 'an older version shall be seen'],
    avoidWhen: ['only the place of some words is wanted: use doc.find'],
    input: closed({
      path: DocPath,
      from: Type.Optional(Line),
      to: Type.Optional(Line),
      /** The lines around this one, or around the first line that holds these words. */
      around: Type.Optional(Type.Union([Line, Type.String({ minLength: 1, maxLength: 200 })])),
      /** The lines of a place in the terms of the format: `# Heading`, `@Class.method`, `/key`, `B2:D9`, `#id`, `#3`. */
      section: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
      /** `v12`, a time (ISO 8601) or the name of a tag; left out: the newest. */
      at: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
      /** Adds to each line the hash that the `hash` guard compares. */
      hashes: Type.Optional(Type.Boolean()),
    }),
    output: closed({
      path: DocPath,
      document: DocumentId,
      version: Version,
      lines: Type.Array(
        closed({
          n: Line,
          text: Type.String(),
          hash: Type.Optional(Type.String()),
          cut: Type.Optional(Type.Boolean()),
        }),
      ),
      total: Type.Integer({ minimum: 0 }),
      /** Lines that are there but not in this answer. */
      elided: Type.Integer({ minimum: 0 }),
      label: LabelSchema,
      eol: EolName,
      /** False: the bytes are no UTF-8; they are shown as well as can be and stay as they are. */
      utf8: Type.Boolean(),
    }),
    ...READING,
    errors: [
      'DOC_NOT_FOUND',
      'DOC_DELETED',
      'DOC_PATH_INVALID',
      'DOC_PATH_OUTSIDE',
      'DOC_READ_ONLY_KIND',
      'DOC_TOO_LARGE',
      'DOC_VERSION_UNKNOWN',
      'DOC_PRUNED',
      'DOC_LINE_UNKNOWN',
      'DOC_ADDRESS_UNKNOWN',
      'DOC_ALIAS',
      'DOC_AMBIGUOUS',
      'DOC_PARSE_REFUSED',
      'DOC_SYNTAX',
      'DOC_VERB_INVALID',
    ],
    positional: ['path'],
    examples: [
      { note: 'a section', input: { path: 'office/minutes.md', section: '## Decisions' } },
      { note: 'the beginning', input: { path: 'office/minutes.md' } },
      { note: 'some lines of an old version', input: { path: 'office/minutes.md', from: 10, to: 20, at: 'v3' } },
    ],
    read: async (ctx, input) => {
      const file = await room.locate(input.path, { deleted: input.at !== undefined });
      const version = input.at === undefined ? file.head : resolveVersion(ctx.db, file, input.at);
      const { tree } = await room.shown(file, version);
      const { from, to } =
        input.section === undefined
          ? wanted(tree, file, version, input)
          : await sectionAt(room, ctx, file, { path: file.path, version, tree }, input);
      const lines = withinBudget(linesFrom(tree, from, to)).map((line) => withHash(tree, line, input.hashes === true));
      const label = rows.labelAt(ctx.db, file.id, version) ?? file.label;
      ctx.raise(label);
      const { eol, utf8 } = version === file.head ? file : asAt(file, version, room.documents.at(file, version));
      room.seen.noteLines(
        ctx.caller,
        file.id,
        version,
        lines.map((line) => line.n),
      );
      return {
        path: file.path,
        document: file.id,
        version,
        lines,
        total: tree.lines,
        elided: tree.lines - lines.length,
        label: shownLabel(label),
        eol,
        utf8,
      };
    },
  });
}

function wanted(
  tree: TextTree,
  file: FileRow,
  version: number,
  input: { from?: number; to?: number; around?: number | string },
): { from: number; to: number } {
  const total = tree.lines;
  if (input.around !== undefined) {
    const line = typeof input.around === 'number' ? input.around : lineWith(tree, input.around);
    if (line === undefined || line > total) {
      throw fail('DOC_LINE_UNKNOWN', { path: file.path, version, line: input.around, total });
    }
    return { from: Math.max(1, line - 20), to: Math.min(total, line + 20) };
  }
  const from = input.from ?? 1;
  if (from > Math.max(1, total)) throw fail('DOC_LINE_UNKNOWN', { path: file.path, version, line: from, total });
  const to = Math.min(input.to ?? from + LINES_AT_ONCE - 1, total, from + MAX_LINES - 1);
  return { from, to };
}

/** Lines of an address, from `from` on and no further than `to` if those are given too. */
async function sectionAt(
  room: RealDoc,
  ctx: ReadContext,
  file: FileRow,
  base: Base,
  input: { section?: string; from?: number; to?: number },
): Promise<{ from: number; to: number }> {
  const target = parseTarget(input.section!, 1);
  const { lines } = await resolveTarget(base, target, { verb: 1, act: 'show' }, room.places(ctx, file));
  const from = Math.max(lines.from, input.from ?? 1);
  return { from, to: Math.min(lines.to, input.to ?? lines.to, from + MAX_LINES - 1) };
}

function lineWith(tree: TextTree, words: string): number | undefined {
  const [at] = findAll(tree, Buffer.from(words), 0, tree.bytes, 1);
  return at === undefined ? undefined : tree.lineAt(at);
}

function withinBudget(lines: ShownLineValue[]): ShownLineValue[] {
  let left = MAX_CHARS;
  return lines.filter((line, i) => {
    left -= line.text.length + 1;
    return left >= 0 || i === 0;
  });
}

type ShownLineValue = { n: number; text: string };

function withHash(
  tree: TextTree,
  line: ShownLineValue,
  wantsHash: boolean,
): ShownLineValue & { hash?: string; cut?: boolean } {
  const bytes = wantsHash || line.text.endsWith('…') ? tree.line(line.n) : undefined;
  const isCut = bytes !== undefined && line.text.endsWith('…') && !bare(bytes).toString('utf8').endsWith('…');
  return { ...line, ...(bytes && wantsHash ? { hash: lineHash(bytes, 8) } : {}), ...(isCut ? { cut: true } : {}) };
}
