import { fail } from '../../common/index.ts';
import {
  type ActionFacts,
  type AnyOperation,
  closed,
  joinLabels,
  operation,
  type Static,
  Type,
  type WriteContext,
} from '../../protocol/index.ts';
import { ownRel } from '../history/names.ts';
import { otherKind } from '../kinds/content.ts';
import type { RealDoc } from '../realdoc.ts';
import type { FileRow } from '../rows.ts';
import { unifiedOf } from '../text/change-diff.ts';
import { WRITING } from './heads.ts';
import { freeNames, giveName, takeName } from './names.ts';
import { type Plan, planned, renamesIn, SHOWN_WHOLE, type Step, upToDate, viewed } from './rollback-plan.ts';
import { FolderPath, Note, VersionMade } from './shapes.ts';
import { targetOf } from './targets.ts';
import { writeVersion } from './written.ts';

/** Lines of diff in facts and dry runs, all documents together. */
const MAX_DIFF_LINES = 2000;
/** Brings back how a document, a folder or a whole workspace was. One transaction; history goes on, nothing is lost. */
export function rollbackOperation(room: RealDoc): AnyOperation {
  const plans = new WeakMap<object, Promise<Plan>>();
  return operation({
    id: 'doc.rollback',
    since: 1,
    summary: {
      en: 'Bring back how a document, a folder or a workspace was, as new versions',
      zh: '将文档、文件夹或整个工作区恢复到以前的状态(生成新版本)',
    },
    useWhen: [
      'a document shall read again as it did at some version, time or tag',
      'a folder or a whole workspace shall be as it was before a task or at some time',
    ],
    avoidWhen: ['one edit shall be taken back and later ones stay: use doc.undo'],
    input: closed({
      /** A document, a folder or a workspace. */
      path: FolderPath,
      /** `v12` (of one document), a time (ISO 8601), the name of a tag, `before-task:<id>` or `before-call:<id>`. */
      to: Type.String({ minLength: 1, maxLength: 140 }),
      note: Type.Optional(Note),
    }),
    output: Type.Union([VersionMade, closed({ versions: Type.Array(VersionMade), left: Type.Array(Type.String()) })]),
    ...WRITING,
    errors: [
      'DOC_NOT_FOUND',
      'DOC_VERSION_UNKNOWN',
      'DOC_PRUNED',
      'DOC_NO_CHANGE',
      'DOC_QUOTA',
      'DOC_CONFLICT',
      'DOC_TOO_MANY',
      'DOC_PATH_INVALID',
      'DOC_WORKSPACE_NOT_FOUND',
      'DOC_READ_ONLY_KIND',
      'DOC_BUSY',
    ],
    positional: ['path', 'to'],
    examples: [
      { note: 'as it was in version 3', input: { path: 'office/minutes.md', to: 'v3' } },
      { note: 'a whole folder as before a task', input: { path: 'office/contracts', to: 'before-task:task_0abc' } },
    ],
    facts: async (_ctx, input) => {
      const plan = viewed(room, planned(room, input));
      plans.set(input, plan);
      return factsOf(await plan, input.path);
    },
    prepare: (_ctx, input) => plans.get(input) ?? viewed(room, planned(room, input)),
    plan: (_ctx, _input, plan) => shown(plan),
    apply: (ctx, input, plan) => {
      ctx.undoWith({ call: ctx.callId });
      // Should it be planned again, then with what is there by then.
      plans.delete(input);
      const steps = plan.steps.flatMap((step) => upToDate(room, ctx.tx, !plan.isOne, step) ?? []);
      freeNames(ctx, renamesIn(steps));
      // What goes comes first: it may hold the name of what comes back.
      const ordered = [...steps].sort((a, b) => Number(a.state === 'live') - Number(b.state === 'live'));
      const made = ordered.map((step) => applyStep(room, ctx, step, input.note));
      if (plan.isOne && made[0]) return made[0];
      if (made.length === 0) throw fail('DOC_NO_CHANGE', { path: input.path, version: input.to });
      return { versions: made.map((m, i) => (i < SHOWN_WHOLE ? m : { ...m, changed: [] })), left: plan.left };
    },
  });
}

function applyStep(room: RealDoc, ctx: WriteContext, step: Step, note: string | undefined): Static<typeof VersionMade> {
  const { to, change, isAll, isSame, state, label, after, rel } = step;
  const rename = rel === undefined ? undefined : { from: ownRel(step.file), to: rel };
  const file = named(ctx, step);
  const args = { to, ...(state === 'deleted' ? { state } : {}), ...(rename ? { name: rename } : {}) };
  const next = {
    source: 'rollback' as const,
    base: to === 0 ? file.head : to,
    change,
    isAll,
    ...(isSame ? {} : { same: { version: to, bytes: after.bytes, newlines: after.newlines } }),
    args,
    note,
    label,
    state,
    rel: rel ?? file.rel,
  };
  return writeVersion(room, ctx, file, next, after, step.seen);
}

function named(ctx: WriteContext, { file, state, rel, isSame }: Step): FileRow {
  if (state === 'live' && file.state === 'deleted') return takeName(ctx, file, rel);
  return rel === undefined ? file : giveName(ctx, file, rel, isSame);
}

function factsOf({ steps }: Plan, path: string): ActionFacts {
  const goes = steps.filter((step) => step.state === 'deleted').length;
  const count = `${steps.length}${goes > 0 ? ` (${goes} of them go)` : ''}`;
  return {
    targets: steps.map((step) => targetOf(step.file)),
    label: joinLabels(...steps.map((step) => step.file.label)),
    diff: () =>
      hunksOf(steps)
        .map((step) => step.diff)
        .join(''),
    effect: { en: `Bring back how ${path} was; documents: ${count}`, zh: `恢复 ${path} 以前的状态,文档数:${count}` },
  };
}

interface Hunk {
  path: string;
  renamedTo?: string;
  from: number;
  to: number;
  state: string;
  diff: string;
}

/** What each document becomes, with its hunks as long as there is room for them. */
function hunksOf(steps: readonly Step[]): Hunk[] {
  let room = MAX_DIFF_LINES;
  return steps.map(({ file, to, state, seen, rel, ...stored }) => {
    const { before, after, change } = seen ?? stored;
    const names = { from: `${file.path} v${file.head}`, to: to === 0 ? '/dev/null' : `${file.path} v${to}` };
    const isLines = file.kind === 'text' && otherKind('text', stored.after) === undefined;
    const isShown = room > 0 && (isLines || seen !== undefined);
    const diff = isShown ? unifiedOf(before, after, change, names, Math.min(400, room)) : '';
    room -= diff.split('\n').length;
    return { path: ownPath(file), ...(rel === undefined ? {} : { renamedTo: rel }), from: file.head, to, state, diff };
  });
}

function ownPath(file: FileRow): string {
  return file.path.slice(0, file.path.length - file.rel.length) + ownRel(file);
}

function shown({ steps, left }: Plan): Record<string, unknown> {
  const hunks = hunksOf(steps);
  const documents = hunks.slice(0, 500);
  return {
    documents,
    elided: hunks.length - documents.length,
    left,
    targets: steps.slice(0, 500).map((step) => targetOf(step.file)),
  };
}
