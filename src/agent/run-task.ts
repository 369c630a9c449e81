import { fail, isJinguError, type Locale } from '../common/index.ts';
import type { InvokeResult } from '../protocol/index.ts';
import type { Think } from './brain.ts';
import type { LineEdit, Outcome, Proposal } from './edit/outcome.ts';
import type { CompleteResult, DocumentText, ModelPort } from './edit/ports.ts';
import type { Journal } from './journal.ts';
import type { QuestionOption, QuestionOutcome } from './ports.ts';
import type { TaskResult } from './records.ts';
import { askText, changedText, DECLINED, diffOf, refuseText } from './texts.ts';

/** The run cannot go on until a person has answered: a question of its own, or the approval of a parked call. */
export class Parked extends Error {
  readonly id: string;
  constructor(id: string) {
    super(`waits for ${id}`);
    this.id = id;
  }
}

export interface TaskEnd {
  result: TaskResult;
  summary: string;
  diff?: string;
  versions: { path: string; version: number }[];
}

export interface RunPorts {
  think: Think;
  signal: AbortSignal;
  locale: Locale;
  /** Puts a durable question and records its id in the journal, in one transaction. */
  ask(request: { title: string; question: string; options: QuestionOption[] }): Promise<string>;
  outcome(id: string): QuestionOutcome | undefined;
  /** Text that answers a question, streamed to whoever watches. */
  say(text: string): Promise<void>;
}

/** Of one document, and of all together, in bytes: what a small model's method can work through. */
const MOST_BYTES = 2 * 1024 * 1024;
const MOST_TOTAL = 8 * 1024 * 1024;
/** A document that moved on under the task is read again once; after that a person should look. */
const ROUNDS = 2;
const MOVED_ON: ReadonlySet<string> = new Set([
  'DOC_STALE_TARGET',
  'DOC_GUARD_FAILED',
  'DOC_NOT_FOUND',
  'DOC_DELETED',
  'DOC_VERSION_UNKNOWN',
  'DOC_LINE_UNKNOWN',
]);

/**
 * One task from its words to its end. Deterministic between journal steps, so a resumed run walks the same way. Throws
 * Parked, and what the door throws.
 */
export async function runTask(journal: Journal, ports: RunPorts): Promise<TaskEnd> {
  const { task } = journal;
  const instruction = [task.text, ...task.hints].join('\n');
  for (let round = 1; ; round++) {
    const documents = await readDocuments(journal);
    const thought = await ports.think({ instruction, documents, model: modelOf(journal), signal: ports.signal });
    try {
      return await carryOut(journal, ports, thought, documents);
    } catch (error) {
      if (round >= ROUNDS || !isJinguError(error) || !MOVED_ON.has(error.code)) throw error;
    }
  }
}

async function carryOut(
  journal: Journal,
  ports: RunPorts,
  thought: Awaited<ReturnType<Think>>,
  documents: readonly DocumentText[],
): Promise<TaskEnd> {
  const { locale } = ports;
  switch (thought.kind) {
    case 'apply':
      return await apply(journal, thought.proposal, documents, locale);
    case 'refuse':
      return { result: 'refused', summary: refuseText(thought.reason, thought.words, locale), versions: [] };
    case 'answer':
      await ports.say(thought.text);
      return { result: 'answered', summary: thought.text, versions: [] };
    case 'ask': {
      const picked = await askPerson(journal, ports, thought, documents);
      if (!picked) return { result: 'declined', summary: DECLINED[locale], versions: [] };
      return await apply(journal, picked, documents, locale);
    }
  }
}

async function apply(
  journal: Journal,
  proposal: Proposal,
  documents: readonly DocumentText[],
  locale: Locale,
): Promise<TaskEnd> {
  const verbs = proposal.edits.map(verbOf);
  const { output } = await journal.call(
    'doc.edit',
    { path: proposal.path, base: proposal.version, verbs },
    { changes: true },
  );
  const { version } = output as { version: number };
  const document = documents.find((d) => d.path === proposal.path);
  return {
    result: 'changed',
    summary: changedText(proposal, locale),
    ...(document ? { diff: diffOf(proposal, document) } : {}),
    versions: [{ path: proposal.path, version }],
  };
}

function verbOf(edit: LineEdit): object {
  switch (edit.kind) {
    case 'set':
      return { set: String(edit.line), text: edit.text.split('\n'), was: edit.was };
    case 'cut':
      return { cut: String(edit.line), was: edit.was };
    case 'put':
      return edit.after === 0
        ? { put: '<1', text: edit.text.split('\n') }
        : { put: `>${edit.after}`, text: edit.text.split('\n'), was: edit.anchor };
  }
}

/** The proposal a person picked, or undefined for none of them. */
async function askPerson(
  journal: Journal,
  ports: RunPorts,
  thought: Extract<Outcome, { kind: 'ask' }>,
  documents: readonly DocumentText[],
): Promise<Proposal | undefined> {
  const options = thought.options.map((proposal, i) => {
    const document = documents.find((d) => d.path === proposal.path);
    return {
      id: `option-${i + 1}`,
      label: labelOf(proposal),
      ...(document ? { diff: diffOf(proposal, document) } : {}),
    };
  });
  const request = { title: journal.task.text.slice(0, 200), question: askText(thought.reason, ports.locale), options };
  const id = journal.recorded<string>('question', request) ?? (await ports.ask(request));
  const outcome = ports.outcome(id);
  if (outcome?.state === 'pending') throw new Parked(id);
  if (outcome?.state !== 'answered') return undefined;
  return thought.options[options.findIndex((option) => option.id === outcome.answer)];
}

function labelOf({ path, edits }: Proposal): string {
  const [edit] = edits;
  if (!edit) return path;
  const text = edit.kind === 'cut' ? `− ${edit.was}` : edit.text;
  return `${path}:${edit.kind === 'put' ? edit.after + 1 : edit.line}  ${text}`.slice(0, 300);
}

const NO_ANSWER: CompleteResult = { text: '', usage: { promptTokens: 0, cachedTokens: 0, completionTokens: 0 } };

/** Model calls as journal steps, retried where the engine said that a retry helps. */
function modelOf(journal: Journal): ModelPort {
  return {
    async complete(request) {
      try {
        const { output } = await journal.call('model.complete', { temperature: 0, ...request });
        return output as CompleteResult;
      } catch (error) {
        // Words that came to no end or do not fit their grammar are no answer; the box is not broken by them.
        if (isJinguError(error) && error.code === 'OUTPUT_INVALID') return NO_ANSWER;
        throw error;
      }
    },
  };
}

interface Listed {
  documents: { path: string; kind: string; bytes: number }[];
  next?: string;
}
interface ReadPage {
  version: number;
  total: number;
  lines: { n: number; text: string; cut?: boolean }[];
}

async function readDocuments(journal: Journal): Promise<DocumentText[]> {
  const { task } = journal;
  const wanted =
    task.documents.length > 0 ? task.documents.map((path) => ({ path, bytes: 0 })) : await listText(journal);
  const out: DocumentText[] = [];
  let total = 0;
  for (const { path, bytes } of wanted) {
    total += bytes;
    if (bytes > MOST_BYTES || total > MOST_TOTAL) continue;
    const document = await readWhole(journal, path);
    if (document) out.push(document);
  }
  return out;
}

async function listText(journal: Journal): Promise<{ path: string; bytes: number }[]> {
  const found: { path: string; bytes: number }[] = [];
  let after: string | undefined;
  do {
    const { output } = await journal.call('doc.list', {
      workspace: journal.task.workspace,
      ...(after ? { after } : {}),
    });
    const page = output as Listed;
    found.push(...page.documents.filter((d) => d.kind === 'text'));
    after = page.next;
  } while (after !== undefined);
  return found;
}

/** All lines of one version; undefined when it went away meanwhile and was not asked for by name. */
async function readWhole(journal: Journal, path: string): Promise<DocumentText | undefined> {
  const lines: string[] = [];
  let version = 0;
  for (;;) {
    const at = version === 0 ? {} : { at: `v${version}` };
    let result: InvokeResult;
    try {
      result = await journal.call('doc.read', {
        path,
        ...(lines.length === 0 ? {} : { from: lines.length + 1 }),
        ...at,
      });
    } catch (error) {
      const isGone = isJinguError(error) && ['DOC_NOT_FOUND', 'DOC_DELETED', 'DOC_READ_ONLY_KIND'].includes(error.code);
      if (isGone && !journal.task.documents.includes(path)) return undefined;
      throw error;
    }
    const page = result.output as ReadPage;
    // A line too long to be shown whole cannot be rewritten whole.
    if (page.lines.some((line) => line.cut)) return undefined;
    version = page.version;
    lines.push(...page.lines.map((line) => line.text));
    if (lines.length >= page.total || page.lines.length === 0) return { path, version, lines };
    if (lines.length > 200_000) throw fail('TOO_LARGE', { bytes: lines.length, limit: 200_000 });
  }
}
