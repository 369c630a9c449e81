import { fail, type Reader } from '../../common/index.ts';
import { type Documents, refuseOpaque } from '../documents.ts';
import { aimsInStored, knowEncoding, readable, transcodedOf } from '../formats/encoding/transcode.ts';
import { andThen } from '../history/along.ts';
import { asAt, type Shown } from '../kinds/content.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';
import type { Range } from '../text/map.ts';
import { type Change, countNewlines } from '../text/splice.ts';
import type { TextTree } from '../text/tree.ts';
import { type PlacePorts, resolvePlaces } from './place.ts';
import { placeAfter, rebaseAims, type Stale } from './rebase.ts';
import { resolveVerbs } from './resolve.ts';
import type { ShownChange } from './shown-change.ts';
import type { Aim } from './target.ts';
import type { Verb } from './verbs.ts';

/** An edit that is ready: what it means at the base, and what that is at the head it was prepared against. */
export interface EditPlan {
  file: FileRow;
  base: number;
  baseTree: TextTree;
  aims: Aim[];
  /** What happened from the base to the head. */
  net: Change;
  change: Change;
  before: TextTree;
  after: TextTree;
  /** Of an Office file: the lines that base and head are shown as, for errors; `at` is the version of the head. */
  views?: { base: Shown; head: Shown; at: number };
  /** The change as people read it, where that is another than the change of the stored text. */
  shown?: ShownChange;
}

/** What planning an edit needs of the room and of the call that waits for it. */
export interface PlanPorts {
  db: Reader;
  documents: Documents;
  signal?: AbortSignal | undefined;
}

/** Resolves verbs at `base` and carries them to the head. Throws every error of an edit; has no effect. */
export async function planEdit(
  ports: PlanPorts,
  file: FileRow,
  base: number,
  verbs: readonly Verb[],
  places: PlacePorts,
): Promise<EditPlan> {
  refuseOpaque(file);
  const { db, documents } = ports;
  const baseTree = documents.read(db, file, base);
  const seen = asBase(db, file, base, baseTree).utf8 ? undefined : transcodedOf(baseTree);
  const at = { path: file.path, version: base, tree: seen?.tree ?? baseTree };
  const resolved = resolveVerbs(at, verbs, await resolvePlaces(at, verbs, places));
  const aims = seen ? aimsInStored(file.path, baseTree, seen, resolved) : resolved;
  return await carryToHead(ports, { file, base, baseTree, aims });
}

/** Carries what was aimed at in the base to the head of the plan, however many versions lie between. */
export async function carryToHead({ db, documents, signal }: PlanPorts, plan: Aimed): Promise<EditPlan> {
  const { file, base } = plan;
  return carry(db, documents, plan, await documents.carryingChangeInTurns(file, base, file.head, signal));
}

/** The document as it was at the base. Throws DOC_STALE_TARGET where that is of another kind than what is there now. */
export function asBase(db: Reader, file: FileRow, base: number, baseTree: TextTree): FileRow {
  const then = asAt(file, base, baseTree);
  if (then.kind === file.kind) return then;
  const { path, head } = file;
  const lines = { verb: 1, from: 1, to: 1, was: [], current: [] };
  throw fail('DOC_STALE_TARGET', { path, base, version: head, ...lines, since: sinceOf(db, file, base) });
}

/**
 * The same plan against the head that `db` sees now: inside the transaction other versions may have come first. Only these
 * are composed there. Throws PrepareAgain where they are very many.
 */
export function carryOn(db: Reader, documents: Documents, plan: EditPlan, file: FileRow): EditPlan {
  const since = documents.carryingChange(db, file, plan.file.head, file.head);
  return carry(db, documents, { ...plan, file }, andThen(plan.net, since));
}

type Aimed = Pick<EditPlan, 'file' | 'base' | 'baseTree' | 'aims' | 'views'>;

/** `net`: what happened from the base to the head. */
function carry(db: Reader, documents: Documents, plan: Aimed, net: Change): EditPlan {
  const { file, base, baseTree, aims, views } = plan;
  const before = base === file.head ? baseTree : documents.read(db, file, file.head);
  const rebased = rebaseAims(aims, baseTree, net);
  if ('stale' in rebased) throw staleTarget(db, plan, before, rebased.stale);
  const { change } = rebased;
  if (change.length === 0) {
    const lines = aims.flatMap((aim) => linesAt(plan, before, placeAfter(aim.region, net))).slice(0, MAX_IN_ERROR);
    throw fail('DOC_NO_CHANGE', { path: file.path, version: file.head, lines });
  }
  const after = before.apply(change);
  // Letters in the encoding of the base would be others in that of the head.
  if (asBase(db, file, base, baseTree).utf8 !== file.utf8 && aims[0] && hasForeign(change)) {
    throw staleTarget(db, plan, before, { aim: aims[0], now: placeAfter(aims[0].region, net) });
  }
  if (!file.utf8) {
    if (!transcodedOf(baseTree)) refuseForeignText(file, change);
    knowEncoding(baseTree, before);
    knowEncoding(baseTree, after);
  }
  return { file, base, baseTree, aims, net, change, before, after, ...(views ? { views } : {}) };
}

/** UTF-8 put into a text of an encoding that nobody knows would be unreadable there. */
function refuseForeignText(file: FileRow, change: Change): void {
  if (hasForeign(change)) throw fail('DOC_ENCODING', { path: file.path });
}

function hasForeign(change: Change): boolean {
  return change.some((s) => s.ins.some((byte) => byte >= 128));
}

/** Lines of the addressed text that one error shows. */
const MAX_IN_ERROR = 20;

function linesAt(plan: Pick<EditPlan, 'file' | 'views'>, tree: TextTree, { from, to }: Range): ShownLine[] {
  if (plan.file.kind === 'package') {
    const { views } = plan;
    return views && views.at === plan.file.head ? linesOfView(views.head, { from, to }) : [];
  }
  const first = tree.lineAt(from);
  const last = to > from ? tree.lineAt(to - 1) : first;
  return linesFrom(tree, first, Math.min(last, first + MAX_IN_ERROR - 1));
}

/** Lines of an Office file that stand on these bytes of its stored text. */
function linesOfView({ tree, places }: Shown, { from, to }: Range): ShownLine[] {
  const numbers = (places?.lines ?? []).flatMap((line, i) => {
    const start = places!.starts[line.part]!;
    return start + line.from < to && from < start + line.to ? [i + 1] : [];
  });
  return numbers.slice(0, MAX_IN_ERROR).flatMap((n) => linesFrom(tree, n, n));
}

function staleTarget(
  db: Reader,
  plan: Pick<EditPlan, 'file' | 'base' | 'baseTree' | 'views'>,
  head: TextTree,
  stale: Stale,
): Error {
  const { file, base, baseTree, views } = plan;
  const { aim, now } = stale;
  const current = linesAt(plan, head, now);
  return fail('DOC_STALE_TARGET', {
    path: file.path,
    verb: aim.verb,
    base,
    version: file.head,
    from: aim.lines.from,
    to: aim.lines.to,
    was: linesFrom(
      views?.base.tree ?? baseTree,
      aim.lines.from,
      Math.min(aim.lines.to, aim.lines.from + MAX_IN_ERROR - 1),
    ),
    current,
    since: sinceOf(db, file, base),
  });
}

function sinceOf(db: Reader, file: FileRow, base: number) {
  const since = rows.newestOps(db, file.id, file.head + 1, 5).filter((op) => op.version > base);
  return since.map(({ version, source, actor: { personId, agent } }) => ({ version, source, by: personId, agent }));
}

export interface ShownLine {
  n: number;
  text: string;
}

/** Up to this many bytes, lines are read together. */
const TOGETHER = 256 * 1024;

/** Lines as people see them, without line ends; long ones are cut. */
export function linesFrom(tree: TextTree, from: number, to: number, maxChars = 2000): ShownLine[] {
  const out: ShownLine[] = [];
  const first = Math.max(1, from);
  const last = Math.min(to, tree.lines);
  if (last < first) return out;
  const show = (n: number, bytes: Buffer): void => {
    const text = readable(tree, bytes.subarray(0, 4 * maxChars)).replace(/\r?\n$/, '');
    out.push({ n, text: text.length > maxChars ? `${text.slice(0, maxChars)}…` : text });
  };
  let start = tree.offsetOfLine(first);
  const end = tree.offsetOfLine(last + 1);
  if (end - start <= TOGETHER) {
    const all = tree.slice(start, end);
    for (let n = first, at = 0; n <= last; n++) {
      const newline = all.indexOf(10, at);
      const stop = newline < 0 ? all.length : newline + 1;
      show(n, all.subarray(at, stop));
      at = stop;
    }
    return out;
  }
  for (let n = first; n <= last; n++) {
    const next = tree.offsetOfLine(n + 1);
    show(n, tree.slice(start, Math.min(next, start + 4 * maxChars)));
    start = next;
  }
  return out;
}

const AROUND = 2;
const MAX_SHOWN = 200;

/** The new lines around each change, numbered as they are now, so that the next edit needs no new read. */
export function changedLines(after: TextTree, change: Change): ShownLine[] {
  const ranges: { from: number; to: number }[] = [];
  let shift = 0;
  let lines = 0;
  for (const s of change) {
    // Of a change of ten thousand places only the first are shown, so only those are looked for.
    if (lines >= MAX_SHOWN) break;
    const at = s.at + shift;
    const line = after.lineAt(at);
    const from = Math.max(1, line - AROUND);
    const to = line + countNewlines(s.ins.subarray(0, -1)) + AROUND;
    const last = ranges.at(-1);
    if (last && from <= last.to + 1) last.to = Math.max(last.to, to);
    else {
      lines += last ? last.to - last.from + 1 : 0;
      ranges.push({ from, to });
    }
    shift += s.ins.length - s.del.length;
  }
  const out: ShownLine[] = [];
  for (const { from, to } of ranges)
    out.push(...linesFrom(after, from, Math.min(to, from + MAX_SHOWN - out.length - 1), 500));
  return out;
}
