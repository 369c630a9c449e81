import { fail, isJinguError } from '../../common/index.ts';
import { type ActionFacts, joinLabels, PrepareAgain, type ReadContext } from '../../protocol/index.ts';
import { noteError } from '../edit/offered.ts';
import { carryOn, changedLines, type EditPlan } from '../edit/plan.ts';
import { refuseUnseen } from '../edit/seen.ts';
import type { Verb } from '../edit/verbs.ts';
import { readChange } from '../formats/encoding/transcode.ts';
import type { ResolveOptions } from '../office/kind.ts';
import type { RealDoc } from '../realdoc.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';
import { unifiedOf } from '../text/change-diff.ts';
import { NOTHING } from '../text/splice.ts';
import { TextTree } from '../text/tree.ts';
import { targetOf } from './targets.ts';

export const EDIT_ERRORS = [
  'DOC_NOT_FOUND',
  'DOC_DELETED',
  'DOC_PATH_INVALID',
  'DOC_PATH_OUTSIDE',
  'DOC_WORKSPACE_NOT_FOUND',
  'DOC_READ_ONLY_KIND',
  'DOC_TOO_LARGE',
  'DOC_VERSION_UNKNOWN',
  'DOC_PRUNED',
  'DOC_LINE_UNKNOWN',
  'DOC_VERB_INVALID',
  'DOC_STALE_TARGET',
  'DOC_AMBIGUOUS',
  'DOC_TEXT_NOT_FOUND',
  'DOC_GUARD_FAILED',
  'DOC_UNSEEN_RANGE',
  'DOC_ADDRESS_UNKNOWN',
  'DOC_ALIAS',
  'DOC_PARSE_REFUSED',
  'DOC_SYNTAX',
  'DOC_NO_CHANGE',
  'DOC_QUOTA',
  'DOC_ENCODING',
  'DOC_TOO_BROAD',
  'DOC_UNSAFE_SPAN',
  'DOC_BUSY',
] as const;

/**
 * Plans a change of one document for a caller: `plan` says what it means, and what the caller never saw is shown
 * instead of changed. Lines in the errors count as shown from then on, and every error names the document.
 */
export async function planFor(
  room: RealDoc,
  ctx: ReadContext,
  path: string,
  plan: (file: FileRow) => Promise<EditPlan>,
  verbs?: readonly Verb[],
): Promise<EditPlan> {
  const file = await room.locate(path);
  return await naming(room, ctx, file, verbs, async () => {
    const ready = await plan(file);
    await refuseUnseen(room.documents, room.seen, ctx, ready);
    return ready;
  });
}

async function naming<T>(
  room: RealDoc,
  ctx: ReadContext,
  file: FileRow,
  verbs: readonly Verb[] | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const named = withPath(error, file.path);
    noteError(room.seen, ctx.caller, file, named, verbs);
    throw named;
  }
}

/** Errors of one document among several name it. */
export function withPath(error: unknown, path: string): unknown {
  if (!isJinguError(error) || error.details['path'] !== undefined) return error;
  return fail(error.code, { ...error.details, path }, error);
}

/** The plan against the head that the transaction sees: another call may have come first. */
export function upToDate(room: RealDoc, ctx: ReadContext, plan: EditPlan): EditPlan {
  const file = rows.fileById(ctx.db, plan.file.id);
  if (!file) throw fail('DOC_NOT_FOUND', { path: plan.file.path, near: [] });
  if (file.state === 'deleted') throw fail('DOC_DELETED', { path: file.path, version: file.head });
  if (file.head === plan.file.head) return { ...plan, file };
  // Whether a program opens what comes of it can only be tried outside of the transaction.
  if (file.kind !== plan.file.kind || file.kind === 'package') {
    throw new PrepareAgain(fail('DOC_BUSY', { path: file.path }));
  }
  try {
    return carryOn(ctx.db, room.documents, plan, file);
  } catch (error) {
    noteError(room.seen, ctx.caller, file, error);
    throw error;
  }
}

/** The sides of a plan as people read them; of an Office file that nobody has looked at anew, nothing. */
function asShown(plan: EditPlan): Pick<EditPlan, 'before' | 'after' | 'change'> {
  if (plan.file.kind === 'text' && !plan.file.utf8) return readChange(plan);
  if (plan.shown || plan.file.kind !== 'package') return plan.shown ?? plan;
  const before = plan.views?.head.tree ?? TextTree.of(NOTHING);
  return { before, after: before, change: [] };
}

function diffOf(plan: EditPlan): string {
  const { head, path } = plan.file;
  const names = { from: `${path} v${head}`, to: `${path} v${head + 1}` };
  const { before, after, change } = asShown(plan);
  return unifiedOf(before, after, change, names);
}

export function editFacts(plans: readonly EditPlan[]): ActionFacts {
  const paths = plans.map((plan) => plan.file.path);
  const shown = paths.slice(0, 5).join(', ') + (paths.length > 5 ? ` (${paths.length})` : '');
  return {
    targets: plans.map((plan) => targetOf(plan.file)),
    label: joinLabels(...plans.map((plan) => plan.file.label)),
    diff: () => plans.map(diffOf).join(''),
    effect: { en: `Change ${shown}`, zh: `修改 ${shown}` },
  };
}

/** What a dry run shows of one document. */
export function shownPlan(plan: EditPlan): Record<string, unknown> {
  const { file } = plan;
  const { after, change } = asShown(plan);
  return {
    path: file.path,
    head: file.head,
    diff: diffOf(plan),
    changed: changedLines(after, change),
    targets: [targetOf(file)],
  };
}

/** How changes are written into Office files that track them. `track` left out: as the document asks for. */
export function officeOptions(room: RealDoc, track?: boolean): ResolveOptions {
  const now = new Date(room.clock.now()).toISOString();
  return { author: 'Jingu', now, ...(track === undefined ? {} : { track }) };
}
