import { fail } from '../../common/index.ts';
import type { Caller, ReadContext } from '../../protocol/index.ts';
import type { Documents } from '../documents.ts';
import type { FileRow } from '../rows.ts';
import type { Change } from '../text/splice.ts';
import type { TextTree } from '../text/tree.ts';
import { carryLines } from './carry-lines.ts';
import { type EditPlan, linesFrom } from './plan.ts';
import { mergeSpans, type ShownMemory } from './shown.ts';
import type { LineSpan } from './target.ts';

/** Lines and characters shown in one error; the rest comes with the next try. */
const MAX_LINES = 200;
const MAX_CHARS = 64_000;

/**
 * Whose edits must rest on lines that were shown. A model makes up line numbers, so an agent must have seen whatever
 * it changes or holds on to. A program with a token may have a model behind it, but knows the text from elsewhere as
 * often: it is stopped only where it would change several lines at once and names none of their text. People see the
 * document on their screen.
 */
export function mustHaveSeen(caller: Caller, span: LineSpan): boolean {
  if (caller.kind === 'agent' || caller.agent !== null) return true;
  return caller.kind === 'token' && span.to > span.from;
}

/**
 * Throws DOC_UNSEEN_RANGE, with the lines, if the plan touches lines that were never shown to the caller: not at its
 * base, and not at any other version from which they are carried to the base unchanged. The lines in the error count
 * as shown, so the same call may be made again.
 */
export async function refuseUnseen(
  documents: Documents,
  shown: ShownMemory,
  { caller, signal }: Pick<ReadContext, 'caller' | 'signal'>,
  plan: EditPlan,
): Promise<void> {
  const { file, base } = plan;
  const baseTree = plan.views?.base.tree ?? plan.baseTree;
  const spans = plan.aims.flatMap((aim) => (aim.unproven && mustHaveSeen(caller, aim.unproven) ? [aim.unproven] : []));
  if (spans.length === 0) return;
  const carrying = (to: number): Promise<Change> => documents.carryingChangeInTurns(file, base, to, signal);
  const unseen = await unseenOf(
    file,
    { base, tree: baseTree },
    mergeSpans(spans),
    shown.shown(caller, file.id),
    carrying,
  );
  if (unseen.length === 0) return;
  const lines = unseen.flatMap(({ from, to }) => linesFrom(baseTree, from, Math.min(to, from + MAX_LINES - 1)));
  let chars = 0;
  const shownNow = lines.slice(0, MAX_LINES).filter(({ text }, i) => {
    chars += text.length;
    return chars <= MAX_CHARS || i === 0;
  });
  throw fail('DOC_UNSEEN_RANGE', {
    path: file.path,
    version: base,
    unseen: unseen.slice(0, 50).map(({ from, to }) => `${from}-${to}`),
    lines: shownNow,
    more: unseen.reduce((sum, { from, to }) => sum + to - from + 1, 0) - shownNow.length,
  });
}

async function unseenOf(
  file: FileRow,
  { base, tree }: { base: number; tree: TextTree },
  spans: LineSpan[],
  versions: readonly [number, readonly LineSpan[]][],
  carrying: (version: number) => Promise<Change>,
): Promise<LineSpan[]> {
  let left = spans;
  for (const [version, known] of versions) {
    if (left.length === 0) break;
    // Lines of a package are made anew for each version: only what was shown at the base itself counts.
    if (version !== base && file.kind !== 'text') continue;
    const net = await carrying(version);
    left = left.flatMap((span) => without(tree, net, span, known));
  }
  return mergeSpans(left);
}

/** The lines of `span` that are not in `known` once they are carried over `net`. */
function without(tree: TextTree, net: Change, span: LineSpan, known: readonly LineSpan[]): LineSpan[] {
  const carried = carryLines(tree, span, net);
  if (carried) {
    const { from, to } = carried;
    if (known.some((k) => k.from <= from && to <= k.to)) return [];
    if (!known.some((k) => k.from <= to && from <= k.to)) return [span];
  }
  if (span.from >= span.to) return [span];
  const middle = Math.floor((span.from + span.to) / 2);
  return [
    ...without(tree, net, { from: span.from, to: middle }, known),
    ...without(tree, net, { from: middle + 1, to: span.to }, known),
  ];
}
