import { fail } from '../../common/index.ts';
import {
  type AnyOperation,
  closed,
  DocPath,
  operation,
  type ReadContext,
  type Static,
  Type,
  Version,
  type WriteContext,
} from '../../protocol/index.ts';
import { type Advisory, adviseOn } from '../edit/advisory.ts';
import { parseScript, type Script } from '../edit/line-form.ts';
import { type EditPlan, planEdit } from '../edit/plan.ts';
import { planPackage } from '../edit/plan-package.ts';
import { Verb } from '../edit/verbs.ts';
import type { RealDoc } from '../realdoc.ts';
import { WRITING } from './heads.ts';
import { EDIT_ERRORS, editFacts, officeOptions, planFor, shownPlan, upToDate, withPath } from './planned.ts';
import { Note, VersionMade } from './shapes.ts';
import { writeVersion } from './written.ts';

const MAX_DOCUMENTS = 200;

/** A list, or the same in the line form (`set 12` and `+new text` on lines of their own). */
const Verbs = Type.Union([
  Type.Array(Verb, { minItems: 1, maxItems: 200 }),
  Type.String({ minLength: 5, maxLength: 4_000_000 }),
]);
/** Write changes of a Word document as tracked ones; left out: as the document itself asks for. */
const Track = Type.Boolean();
const One = closed({ path: DocPath, base: Version, verbs: Verbs, track: Type.Optional(Track) });
type One = Static<typeof One>;

/** One document (`path`, `base`, `verbs`) or several (`edits`). */
const EditInput = closed({
  path: Type.Optional(DocPath),
  base: Type.Optional(Version),
  verbs: Type.Optional(Verbs),
  track: Type.Optional(Track),
  /** Several documents, each once, all or nothing: one call, one undo. */
  edits: Type.Optional(Type.Array(One, { minItems: 1, maxItems: MAX_DOCUMENTS })),
  note: Type.Optional(Note),
});
/** For several documents the answers in the order of `edits`. */
const EditOutput = Type.Union([VersionMade, closed({ versions: Type.Array(VersionMade) })]);

interface Ready extends One {
  plan: EditPlan;
  verbList: readonly Verb[];
  advisory: Advisory | undefined;
}

/**
 * Edit documents at exact places. All or nothing, over all documents of the call: an older `base` is carried over
 * exactly, or refused with the data to try again.
 */
export function editOperation(room: RealDoc): AnyOperation {
  // What the facts were told of is what is prepared: one plan a call. It may be older than the head by then, as any
  // plan may; `apply` carries it over or refuses.
  const plans = new WeakMap<object, Promise<Ready[]>>();
  return operation({
    id: 'doc.edit',
    since: 1,
    summary: { en: 'Edit documents at exact lines', zh: '按行精确修改文档' },
    useWhen: [
      'the lines to change are known from doc.read, doc.find or doc.candidates',
      'several documents must change together or not at all',
    ],
    avoidWhen: ['a whole passage is rephrased: use doc.rewrite'],
    input: EditInput,
    output: EditOutput,
    ...WRITING,
    errors: EDIT_ERRORS,
    positional: ['path'],
    examples: EXAMPLES,
    facts: async (ctx, input) => {
      const ready = planned(room, ctx, input);
      plans.set(input, ready);
      return editFacts((await ready).map(({ plan }) => plan));
    },
    prepare: (ctx, input) => plans.get(input) ?? planned(room, ctx, input),
    plan: (_ctx, input, ready) => {
      const shown = ready.map(({ plan, advisory }) => ({ ...shownPlan(plan), ...(advisory ? { advisory } : {}) }));
      if (input.edits === undefined) return shown[0]!;
      return { documents: shown, targets: editFacts(ready.map(({ plan }) => plan)).targets };
    },
    apply: (ctx, input, ready) => {
      plans.delete(input);
      ctx.undoWith({ call: ctx.callId });
      const versions = ready.map((one) => applyOne(room, ctx, one, input.note));
      return input.edits === undefined ? versions[0]! : { versions };
    },
  });
}

const EXAMPLES = [
  {
    note: 'a place in the terms of the format: a cell, a key, a section, a symbol, characters of a line',
    input: { path: 'office/prices.csv', base: 2, verbs: [{ set: 'B7', text: ['12.50'], was: '11.90' }] },
  },
  {
    note: 'change one line that must still hold its old words',
    input: { path: 'office/contract.md', base: 41, verbs: [{ set: '12', text: ['通知期为 60 天。'], was: '30 天' }] },
  },
  {
    note: 'replace a word in one line',
    input: { path: 'office/minutes.md', base: 3, verbs: [{ sub: { line: 7, find: 'Tuesday', replace: 'Thursday' } }] },
  },
  {
    note: 'the same in the line form',
    input: { path: 'office/minutes.md', base: 3, verbs: 'sub 7 "Tuesday" -> "Thursday"\nput >9\n+- Coffee' },
  },
  {
    note: 'two documents together, or neither',
    input: {
      edits: [
        { path: 'office/minutes.md', base: 3, verbs: 'sub 7 "Tuesday" -> "Thursday"' },
        { path: 'office/invitation.md', base: 8, verbs: 'sub 2 "Tuesday" -> "Thursday"' },
      ],
    },
  },
];

function editsOf({ path, base, verbs, track, edits }: Static<typeof EditInput>): One[] {
  const single = [path, base, verbs, track].filter((part) => part !== undefined).length;
  if (edits !== undefined && single === 0) {
    const twice = edits.findIndex((edit, i) => edits.findIndex((other) => other.path === edit.path) < i);
    if (twice < 0) return edits;
    const reason = 'each document once; several verbs of one document belong into one list';
    throw fail('INPUT_INVALID', { pointer: `/edits/${twice}/path`, reason });
  }
  if (edits === undefined && path !== undefined && base !== undefined && verbs !== undefined)
    return [{ path, base, verbs, ...(track === undefined ? {} : { track }) }];
  throw fail('INPUT_INVALID', {
    pointer: '',
    reason: 'give path, base and verbs of one document, or edits of several',
  });
}

async function planned(room: RealDoc, ctx: ReadContext, input: Static<typeof EditInput>): Promise<Ready[]> {
  const out: Ready[] = [];
  for (const edit of editsOf(input)) {
    const { path, base, verbs } = edit;
    const verbList = typeof verbs === 'string' ? scriptFor(verbs, path, base) : verbs;
    const plan = await planFor(
      room,
      ctx,
      path,
      (file) => {
        const places = room.places(ctx, file);
        const ports = { db: ctx.db, documents: room.documents, contents: room.contents, signal: ctx.signal };
        if (file.kind !== 'package') return planEdit(ports, file, base, verbList, places);
        return planPackage(ports, file, base, verbList, places, officeOptions(room, edit.track));
      },
      verbList,
    );
    out.push({ ...edit, plan, verbList, advisory: await adviseOn(room.checkSyntax, plan) });
    if (ctx.signal.aborted) throw fail('CANCELLED');
  }
  return out;
}

function scriptFor(text: string, path: string, base: number): Verb[] {
  const script = parsed(text, path);
  if ((script.path !== undefined && script.path !== path) || (script.base !== undefined && script.base !== base)) {
    const reason = 'its first line names another document or version than the call';
    throw fail('DOC_VERB_INVALID', { verb: 1, reason, path });
  }
  return script.verbs;
}

function parsed(text: string, path: string): Script {
  try {
    return parseScript(text);
  } catch (error) {
    throw withPath(error, path);
  }
}

function applyOne(
  room: RealDoc,
  ctx: WriteContext,
  { plan, verbs, track, advisory }: Ready,
  note: string | undefined,
): Static<typeof VersionMade> {
  const now = upToDate(room, ctx, plan);
  const next = {
    source: 'edit' as const,
    base: plan.base,
    change: now.change,
    args: { verbs, ...(track === undefined ? {} : { track }) },
    note,
  };
  const made = writeVersion(room, ctx, now.file, next, now.after, now.shown);
  return advisory ? { ...made, advisory } : made;
}
