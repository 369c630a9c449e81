import {
  type AnyOperation,
  closed,
  DocPath,
  operation,
  type ReadContext,
  Type,
  Version,
} from '../../protocol/index.ts';
import type { EditPlan } from '../edit/plan.ts';
import { planPackageRewrite } from '../edit/plan-package.ts';
import { planRewrite } from '../edit/rewrite.ts';
import type { RealDoc } from '../realdoc.ts';
import { WRITING } from './heads.ts';
import { EDIT_ERRORS, editFacts, officeOptions, planFor, shownPlan, upToDate } from './planned.ts';
import { Line, Note, VersionMade } from './shapes.ts';
import { writeVersion } from './written.ts';

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
    ...WRITING,
    errors: EDIT_ERRORS,
    positional: ['path'],
    examples: [
      {
        note: 'a shorter paragraph',
        input: { path: 'office/minutes.md', base: 3, from: 4, to: 6, text: 'All agreed.\nNo open points.' },
      },
    ],
    facts: async (ctx, input) => editFacts([await rewritten(room, ctx, input)]),
    prepare: (ctx, input) => rewritten(room, ctx, input),
    plan: (_ctx, _input, plan) => shownPlan(plan),
    apply: (ctx, input, plan) => {
      const now = upToDate(room, ctx, plan);
      ctx.undoWith({ call: ctx.callId });
      const { from, to, text } = input;
      const next = {
        source: 'edit' as const,
        base: plan.base,
        change: now.change,
        args: { from, to, text },
        note: input.note,
      };
      return writeVersion(room, ctx, now.file, next, now.after, now.shown);
    },
  });
}

function rewritten(
  room: RealDoc,
  ctx: ReadContext,
  input: { path: string; base: number; from: number; to: number; text: string },
): Promise<EditPlan> {
  return planFor(room, ctx, input.path, (file) => {
    const ports = { db: ctx.db, documents: room.documents, contents: room.contents, signal: ctx.signal };
    if (file.kind !== 'package') return planRewrite(ports, file, input);
    return planPackageRewrite(ports, file, input, room.places(ctx, file), officeOptions(room));
  });
}
