import { fail, isJinguError } from '../../common/index.ts';
import { type AnyOperation, closed, DocPath, LabelSchema, operation, Type, Version } from '../../protocol/index.ts';
import { candidatesOf } from '../edit/candidates.ts';
import { narrow, scoreLines } from '../edit/narrow.ts';
import { linesFrom } from '../edit/plan.ts';
import { findAll } from '../edit/search.ts';
import { spansOf } from '../edit/spans.ts';
import type { Doc } from '../formats/ask.ts';
import { headingAbove, outlineOf } from '../kinds/outline.ts';
import type { ViewLine } from '../office/kind.ts';
import { giveWay } from '../pace.ts';
import type { RealDoc } from '../realdoc.ts';
import type { FileRow } from '../rows.ts';
import type { TextTree } from '../text/tree.ts';
import { documentsBelow } from './below.ts';
import { READING } from './heads.ts';
import { DocumentId, FolderPath, Line, shownLabel } from './shapes.ts';

const MAX_DOCUMENTS = 500;
/** Texts above this are searched for the words as they stand, not scored line by line. */
const SCORED_BYTES = 4 * 1024 * 1024;
const MAX_OUTLINE = 500;
/** Levels of keys; headings and symbols come all. */
const OUTLINE_DEPTH = 2;
const CANDIDATES = 40;
const READ_ERRORS = [
  'DOC_NOT_FOUND',
  'DOC_DELETED',
  'DOC_PATH_INVALID',
  'DOC_READ_ONLY_KIND',
  'DOC_TOO_LARGE',
  'DOC_WORKSPACE_NOT_FOUND',
] as const;
export function findingOperations(room: RealDoc): AnyOperation[] {
  return [find(room), outline(room), candidates(room)];
}

interface Hit {
  file: string;
  path: string;
  version: number;
  line: number;
  text: string;
  score: number;
}

function find(room: RealDoc): AnyOperation {
  return operation({
    id: 'doc.find',
    since: 1,
    summary: {
      en: 'Find lines by words, in a document, a folder or a workspace',
      zh: '按关键词在文档、文件夹或工作区中查找行',
    },
    useWhen: ['the document or the line is not known yet'],
    input: closed({
      path: FolderPath,
      words: Type.String({ minLength: 1, maxLength: 500 }),
      max: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    }),
    output: closed({
      candidates: Type.Array(
        closed({ ref: Type.Integer({ minimum: 1 }), path: DocPath, version: Version, line: Line, text: Type.String() }),
      ),
      documents: Type.Integer({ minimum: 0 }),
      /** False: there are more documents or matches than were looked at, or some cannot be read. */
      complete: Type.Boolean(),
    }),
    ...READING,
    errors: READ_ERRORS,
    positional: ['path', 'words'],
    examples: [{ note: 'in the whole workspace', input: { path: 'office', words: 'notice period' } }],
    read: async (ctx, input) => {
      const max = input.max ?? 10;
      const files = await documentsBelow(room, ctx.db, input.path, MAX_DOCUMENTS + 1);
      const hits: Hit[] = [];
      let isWhole = files.length <= MAX_DOCUMENTS;
      files.splice(MAX_DOCUMENTS);
      for (const file of files) {
        let found: Hit[] = [];
        try {
          found = search(file, (await room.shown(file)).tree, input.words, max);
        } catch (error) {
          // One document that cannot be read keeps nobody from the others.
          if (files.length === 1 || !isJinguError(error)) throw error;
          isWhole = false;
        }
        if (found.length > 0) ctx.raise(file.label);
        hits.push(...found);
        if (ctx.signal.aborted) throw fail('CANCELLED');
        await giveWay();
      }
      hits.sort((a, b) => b.score - a.score || (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line));
      const best = hits.slice(0, max);
      room.seen.offer(
        ctx.caller,
        best.map(({ file, version, line }, i) => ({ ref: i + 1, file, version, line })),
      );
      const shown = best.map(({ score: _, file: __, ...hit }, i) => ({ ref: i + 1, ...hit }));
      return {
        candidates: shown,
        documents: files.length,
        complete: isWhole && hits.length <= max,
      };
    },
  });
}

/** Lines with the words as they stand come first, then lines that share the most telling ones. */
function search(file: FileRow, tree: TextTree, words: string, max: number): Hit[] {
  const hits = new Map<number, Hit>();
  const add = (line: number, text: string, score: number): void => {
    if (!hits.has(line)) hits.set(line, { file: file.id, path: file.path, version: file.head, line, text, score });
  };
  for (const at of findAll(tree, Buffer.from(words), 0, tree.bytes, max)) {
    const line = tree.lineAt(at);
    add(line, linesFrom(tree, line, line, 500)[0]?.text ?? '', 1000);
  }
  if (tree.bytes <= SCORED_BYTES) {
    const lines = tree.toBuffer().toString('utf8').split('\n');
    const scores = scoreLines(
      words,
      lines.map((text) => ({ text })),
    );
    const best = scores.map((score, i) => ({ score, i })).filter((row) => row.score > 0);
    best.sort((a, b) => b.score - a.score || a.i - b.i);
    for (const { score, i } of best.slice(0, max)) add(i + 1, lines[i]!.replace(/\r$/, '').slice(0, 500), score);
  }
  return [...hits.values()];
}

function outline(room: RealDoc): AnyOperation {
  return operation({
    id: 'doc.outline',
    since: 1,
    summary: { en: 'Headings, keys or symbols of a document with their lines', zh: '文档的标题、键或符号及其行号' },
    useWhen: ['a long document: find the section first'],
    input: closed({ path: DocPath }),
    output: closed({
      path: DocPath,
      version: Version,
      total: Type.Integer(),
      entries: Type.Array(
        closed({
          line: Line,
          level: Type.Number(),
          title: Type.String(),
          /** The last line of what the entry heads. */
          to: Type.Optional(Line),
          /** What a verb or `section` may say instead of the lines. */
          address: Type.Optional(Type.String()),
        }),
      ),
      elided: Type.Integer({ minimum: 0 }),
    }),
    ...READING,
    errors: READ_ERRORS,
    positional: ['path'],
    examples: [{ note: 'the sections', input: { path: 'office/contract.md' } }],
    read: async (ctx, input) => {
      const file = await room.locate(input.path);
      const { tree, places } = await room.shown(file);
      const inFormat = file.kind === 'text' ? await room.formats.outline(docOf(file, tree), OUTLINE_DEPTH) : undefined;
      const all =
        inFormat ??
        (places && outlineOfView(places.lines)) ??
        outlineOf(tree.slice(0, SCORED_BYTES).toString('utf8'), file.path);
      ctx.raise(file.label);
      return {
        path: file.path,
        version: file.head,
        total: tree.lines,
        entries: all.slice(0, MAX_OUTLINE),
        elided: Math.max(0, all.length - MAX_OUTLINE),
      };
    },
  });
}

/** The headings of an Office file, each with the lines up to the next one of its level or above. */
function outlineOfView(lines: readonly ViewLine[]): { line: number; level: number; title: string; to: number }[] {
  return lines.flatMap(({ level, text, prefix, part }, i) => {
    if (level === undefined) return [];
    const next = lines.findIndex((line, j) => j > i && (line.part !== part || (line.level ?? level + 1) <= level));
    const title = text.slice(prefix?.length ?? 0).trim();
    return title === '' ? [] : [{ line: i + 1, level, title, to: next < 0 ? lines.length : next }];
  });
}

function candidates(room: RealDoc): AnyOperation {
  return operation({
    id: 'doc.candidates',
    since: 1,
    summary: { en: 'The lines an edit can mean, in a form to copy from', zh: '可供修改的候选行(便于逐字复制)' },
    useWhen: ['a small model shall choose the line to change by copying it'],
    input: closed({
      path: DocPath,
      /** What shall be changed; narrows long documents and decides whether headings are offered. */
      query: Type.Optional(Type.String({ minLength: 1, maxLength: 4000 })),
      max: Type.Optional(Type.Integer({ minimum: 1, maximum: CANDIDATES })),
      /** Also the spans of this line that occur in it once. */
      spansOf: Type.Optional(Line),
    }),
    output: closed({
      path: DocPath,
      document: DocumentId,
      version: Version,
      candidates: Type.Array(
        closed({
          ref: Type.Integer({ minimum: 1 }),
          line: Line,
          prefix: Type.String(),
          text: Type.String(),
          /** The row, key, section or symbol that begins on the line. */
          address: Type.Optional(Type.String()),
        }),
      ),
      /** Candidates in the document; more than are given if it was narrowed. */
      total: Type.Integer({ minimum: 0 }),
      spans: Type.Optional(Type.Array(Type.String())),
      label: LabelSchema,
    }),
    ...READING,
    errors: [...READ_ERRORS, 'DOC_LINE_UNKNOWN'],
    positional: ['path', 'query'],
    examples: [
      { note: 'for an instruction', input: { path: 'office/handbook.md', query: 'Lunch now ends at 13:00.' } },
    ],
    read: async (ctx, input) => {
      const file = await room.locate(input.path);
      const { tree } = await room.shown(file);
      const text = tree.slice(0, SCORED_BYTES).toString('utf8');
      const all = candidatesOf(text, { instruction: input.query, path: file.path });
      const above = headingAbove(outlineOf(text, file.path));
      ctx.raise(file.label);
      const narrowed = narrow(all, input.query, input.max ?? CANDIDATES, above);
      const lines = narrowed.map(({ line }) => line);
      const addresses = file.kind === 'text' ? await room.formats.lineAddresses(docOf(file, tree), lines) : new Map();
      const offered = narrowed.map((c, i) => {
        const address = addresses.get(c.line) as string | undefined;
        return { ref: i + 1, ...c, ...(address === undefined ? {} : { address }) };
      });
      const { id, head } = file;
      room.seen.offer(
        ctx.caller,
        offered.map(({ ref, line }) => ({ ref, file: id, version: head, line })),
      );
      return {
        path: file.path,
        document: file.id,
        version: file.head,
        candidates: offered,
        total: all.length,
        ...(input.spansOf === undefined ? {} : { spans: spansAt(tree, file, input.spansOf) }),
        label: shownLabel(file.label),
      };
    },
  });
}

function docOf(file: FileRow, tree: TextTree): Doc {
  return { path: file.path, version: file.head, source: tree };
}

function spansAt(tree: TextTree, file: FileRow, line: number): string[] {
  const [shown] = linesFrom(tree, line, line);
  if (!shown) throw fail('DOC_LINE_UNKNOWN', { path: file.path, version: file.head, line, total: tree.lines });
  // The marker is no part of what may be replaced; the text alone is not CSV, so the name does not matter.
  const [candidate] = candidatesOf(shown.text, { path: file.path, instruction: 'heading header' });
  return spansOf(candidate?.text ?? shown.text);
}
