import { fail } from '../../common/index.ts';
import {
  type ActionFacts,
  type AnyOperation,
  closed,
  DocPath,
  operation,
  type ReadContext,
  type Static,
  Type,
  Version,
} from '../../protocol/index.ts';
import { parseScript } from '../edit/line-form.ts';
import { noteError } from '../edit/offered.ts';
import { carry, changedLines, type EditPlan, planEdit } from '../edit/plan.ts';
import { planRewrite } from '../edit/rewrite.ts';
import { refuseUnseen } from '../edit/seen.ts';
import { Verb } from '../edit/verbs.ts';
import type { RealDoc } from '../realdoc.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';
import { unifiedOf } from '../text/change-diff.ts';
import { Line, Note, VersionMade } from './shapes.ts';
import { writeVersion } from './written.ts';

const EditInput = closed({
  path: DocPath,
  base: Version,
  /** A list, or the same in the line form (`set 12` and `+new text` on lines of their own). */
  verbs: Type.Union([
    Type.Array(Verb, { minItems: 1, maxItems: 200 }),
    Type.String({ minLength: 5, maxLength: 4_000_000 }),
  ]),
  note: Type.Optional(Note),
});

export const EDIT_ERRORS = [
  'DOC_NOT_FOUND',
  'DOC_DELETED',
  'DOC_PATH_INVALID',
  'DOC_PATH_OUTSIDE',
  'DOC_WORKSPACE_NOT_FOUND',
  'DOC_READ_ONLY_KIND',
  'DOC_TOO_LARGE',
  'DOC_VERSION_UNKNOWN',
  'DOC_LINE_UNKNOWN',
  'DOC_VERB_INVALID',
  'DOC_STALE_TARGET',
  'DOC_AMBIGUOUS',
  'DOC_TEXT_NOT_FOUND',
  'DOC_GUARD_FAILED',
  'DOC_UNSEEN_RANGE',
  'DOC_ADDRESS_UNKNOWN',
  'DOC_NO_CHANGE',
  'DOC_ENCODING',
  'DOC_TOO_BROAD',
] as const;

/** Edit one document. All or nothing: an older `base` is carried over exactly, or refused with the data to try again. */
export function editOperation(room: RealDoc): AnyOperation {
  // What the facts were told of is what is prepared: one plan a call. It may be older than the head by then, as any
  // plan may; `apply` carries it over or refuses.
  const plans = new WeakMap<object, ReturnType<typeof planned>>();
  return operation({
    id: 'doc.edit',
    since: 1,
    summary: { en: 'Edit a document at exact lines', zh: '按行精确修改文档' },
    useWhen: ['the lines to change are known from doc.read, doc.find or doc.candidates'],
    avoidWhen: ['a whole passage is rephrased: use doc.rewrite'],
    input: EditInput,
    output: VersionMade,
    effect: 'write',
    risk: 'low',
    confirmation: 'policy',
    idempotency: 'key',
    undo: { by: 'doc.undo' },
    dryRun: true,
    scope: 'doc.write',
    errors: EDIT_ERRORS,
    positional: ['path'],
    examples: [
      {
        note: 'a place in the terms of the format: a cell, a key, a section, a symbol, characters of a line',
        input: { path: 'office/prices.csv', base: 2, verbs: [{ set: 'B7', text: ['12.50'], was: '11.90' }] },
      },
      {
        note: 'change one line that must still hold its old words',
        input: {
          path: 'office/contract.md',
          base: 41,
          verbs: [{ set: '12', text: ['通知期为 60 天。'], was: '30 天' }],
        },
      },
      {
        note: 'replace a word in one line',
        input: {
          path: 'office/minutes.md',
          base: 3,
          verbs: [{ sub: { line: 7, find: 'Tuesday', replace: 'Thursday' } }],
        },
      },
      {
        note: 'the same in the line form',
        input: { path: 'office/minutes.md', base: 3, verbs: 'sub 7 "Tuesday" -> "Thursday"\nput >9\n+- Coffee' },
      },
    ],
    facts: async (ctx, input) => {
      const plan = planned(room, ctx, input);
      plans.set(input, plan);
      return editFacts(await plan, input.path);
    },
    prepare: (ctx, input) => plans.get(input) ?? planned(room, ctx, input),
    plan: (_ctx, input, plan) => ({ ...shownPlan(plan, input.path) }),
    apply: (ctx, input, plan) => {
      const now = upToDate(room, ctx.tx, plan);
      ctx.undoWith({ call: ctx.callId });
      return writeVersion(
        room,
        ctx,
        now.file,
        { source: 'edit', base: plan.base, change: now.change, args: { verbs: input.verbs }, note: input.note },
        now.after,
      );
    },
  });
}

/** Rephrase a region: the caller gives the new text, the box finds the smallest change. */
export function rewriteOperation(room: RealDoc): AnyOperation {
  return operation({
    id: 'doc.rewrite',
    since: 1,
    summary: { en: 'Rewrite some lines of a document as a whole', zh: '整体改写文档中的若干行' },
    useWhen: ['a paragraph or section is rephrased'],
    avoidWhen: ['one line or word changes: use doc.edit'],
    input: closed({
      path: DocPath,
      base: Version,
      from: Line,
      to: Line,
      text: Type.String({ maxLength: 1_000_000 }),
      note: Type.Optional(Note),
    }),
    output: VersionMade,
    effect: 'write',
    risk: 'low',
    confirmation: 'policy',
    idempotency: 'key',
    undo: { by: 'doc.undo' },
    dryRun: true,
    scope: 'doc.write',
    errors: EDIT_ERRORS,
    positional: ['path'],
    examples: [
      {
        note: 'a shorter paragraph',
        input: { path: 'office/minutes.md', base: 3, from: 4, to: 6, text: 'All agreed.\nNo open points.' },
      },
    ],
    facts: async (ctx, input) => editFacts(await rewritten(room, ctx, input), input.path),
    prepare: (ctx, input) => rewritten(room, ctx, input),
    plan: (_ctx, input, plan) => ({ ...shownPlan(plan, input.path) }),
    apply: (ctx, input, plan) => {
      const now = upToDate(room, ctx.tx, plan);
      ctx.undoWith({ call: ctx.callId });
      const { from, to, text } = input;
      const next = {
        source: 'edit' as const,
        base: plan.base,
        change: now.change,
        args: { from, to, text },
        note: input.note,
      };
      return writeVersion(room, ctx, now.file, next, now.after);
    },
  });
}

async function rewritten(
  room: RealDoc,
  ctx: ReadContext,
  input: { path: string; base: number; from: number; to: number; text: string },
): Promise<EditPlan> {
  const file = await room.locate(input.path);
  try {
    const plan = planRewrite(ctx.db, room.documents, file, input);
    refuseUnseen(ctx.db, room.seen, ctx.caller, plan);
    return plan;
  } catch (error) {
    noteError(room.seen, ctx.caller, file, error);
    throw error;
  }
}

async function planned(room: RealDoc, ctx: ReadContext, input: Static<typeof EditInput>): Promise<EditPlan> {
  const file = await room.locate(input.path);
  const verbs = typeof input.verbs === 'string' ? scriptFor(input.verbs, input.path, input.base) : input.verbs;
  try {
    const plan = await planEdit(ctx.db, room.documents, file, input.base, verbs, room.places(ctx.caller, file));
    refuseUnseen(ctx.db, room.seen, ctx.caller, plan);
    return plan;
  } catch (error) {
    noteError(room.seen, ctx.caller, file, error, verbs);
    throw error;
  }
}

function scriptFor(text: string, path: string, base: number): Verb[] {
  const script = parseScript(text);
  if ((script.path !== undefined && script.path !== path) || (script.base !== undefined && script.base !== base)) {
    throw fail('DOC_VERB_INVALID', {
      verb: 1,
      reason: 'its first line names another document or version than the call',
    });
  }
  return script.verbs;
}

/** The plan against the head that the transaction sees: another call may have come first. */
export function upToDate(room: RealDoc, tx: ReadContext['db'], plan: EditPlan): EditPlan {
  const file = rows.fileById(tx, plan.file.id);
  if (!file) throw fail('DOC_NOT_FOUND', { path: plan.file.path, near: [] });
  if (file.state === 'deleted') throw fail('DOC_DELETED', { path: file.path, version: file.head });
  return file.head === plan.file.head ? { ...plan, file } : carry(tx, room.documents, { ...plan, file });
}

function diffOf(plan: EditPlan, path: string): string {
  const { head } = plan.file;
  const names = { from: `${path} v${head}`, to: `${path} v${head + 1}` };
  return unifiedOf(plan.before, plan.after, plan.change, names);
}

export function editFacts(plan: EditPlan, path: string): ActionFacts {
  const { file } = plan;
  return {
    targets: [targetOf(file)],
    label: file.label,
    diff: diffOf(plan, path),
    effect: { en: `Change ${path}`, zh: `修改 ${path}` },
  };
}

export function targetOf(file: FileRow): ActionFacts['targets'][number] {
  return { kind: 'document', id: file.id, name: file.path, version: file.head, label: file.label };
}

function shownPlan(plan: EditPlan, path: string): Record<string, unknown> {
  return {
    path,
    head: plan.file.head,
    diff: diffOf(plan, path),
    changed: changedLines(plan.after, plan.change),
    targets: [targetOf(plan.file)],
  };
}
