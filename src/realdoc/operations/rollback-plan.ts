import { fail, type Reader } from '../../common/index.ts';
import type { Label } from '../../protocol/index.ts';
import type { ShownChange } from '../edit/shown-change.ts';
import { resolveVersion } from '../history/at.ts';
import { nameAt, ownRel } from '../history/names.ts';
import { isNewSince, pointOf } from '../history/point.ts';
import { stateAt } from '../history/state.ts';
import { otherKind } from '../kinds/content.ts';
import { parseFolderPath } from '../projection/paths.ts';
import type { RealDoc } from '../realdoc.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';
import type { Change } from '../text/splice.ts';
import type { TextTree } from '../text/tree.ts';
import { lookAtNames, refuseTakenNames } from './names.ts';
import { needsSettling, settle, stillSettled } from './settling.ts';

/** Documents that one rollback changes at most: all of them change in one transaction. */
const MAX_DOCUMENTS = 2000;
/** Documents whose changed lines are in the answer. */
export const SHOWN_WHOLE = 20;

/** What leads one document back to how it was. */
export interface Step {
  file: FileRow;
  /** The version whose text comes back; 0: the document was not there, so it goes. */
  to: number;
  /** What differs, for people; empty for what has no lines. */
  change: Change;
  /** False where only the beginning of what differs was looked at. */
  isAll: boolean;
  /** The text stays as it is; only whether the document is there changes. */
  isSame: boolean;
  state: 'live' | 'deleted';
  /** The name that comes back with it, where a folder goes back. */
  rel?: string;
  label: Label;
  before: TextTree;
  after: TextTree;
  /** Of an Office file: the change as people read it. */
  seen?: ShownChange;
}

export interface Plan {
  steps: Step[];
  isOne: boolean;
  /** Files that were first seen later but lay on the share before: nobody's new documents. */
  left: string[];
}

/** The plan with its Office files as people read them; of more than a screenful only the first. */
export async function viewed(room: RealDoc, planning: Promise<Plan>): Promise<Plan> {
  const plan = await planning;
  const steps: Step[] = [];
  for (const [i, step] of plan.steps.entries()) {
    const isDue = i < SHOWN_WHOLE && needsSettling(step.file, step);
    const { seen } = isDue ? await settle(room, step.file, { ...step, isVersion: true }) : step;
    steps.push(seen ? { ...step, seen } : step);
  }
  return { ...plan, steps };
}

export async function planned(room: RealDoc, { path, to }: { path: string; to: string }): Promise<Plan> {
  const { workspace: name, rel } = parseFolderPath(path);
  const workspace = room.workspace(name);
  const isFolder = rel === '' || path.endsWith('/') || (await isFolderPath(room, workspace.id, rel));
  if (!isFolder) {
    const file = await room.locate(path, { deleted: true });
    const step = stepTo(room, room.db, file, versionOf(room.db, file, to));
    if (!step) throw fail('DOC_NO_CHANGE', { path: file.path, version: file.head, equal: to });
    refuseTakenNames(room.db, [step]);
    return { steps: [step], isOne: true, left: [] };
  }
  // What is on the share is taken in first, so that a save nobody noticed yet is not written over.
  await room.scan(workspace);
  const prefix = rel === '' ? '' : `${rel}/`;
  const point = pointOf(room.db, { path, workspace: workspace.id, prefix }, to);
  const found =
    'tag' in point
      ? rows.filesTagged(room.db, workspace.id, prefix, point.tag, MAX_DOCUMENTS + 1)
      : changedSince(room.db, workspace.id, prefix, point.moment);
  if (found.length > MAX_DOCUMENTS) throw fail('DOC_TOO_MANY', { path, count: found.length, limit: MAX_DOCUMENTS });
  if (found.length === 0 && 'tag' in point)
    throw fail('DOC_VERSION_UNKNOWN', { path, version: to, head: 'no such tag' });
  const steps: Step[] = [];
  const left: string[] = [];
  for (const { id, version } of found) {
    let file = rows.fileById(room.db, id)!;
    if (file.state === 'live') file = await room.locate(file.path, { deleted: true });
    if (version === 0 && 'at' in point && !isNewSince(room.db, file, point.at)) left.push(file.path);
    else steps.push(...[stepTo(room, room.db, file, version, true) ?? []].flat());
  }
  if (steps.length === 0) throw fail('DOC_NO_CHANGE', { path, version: to, left });
  await lookAtNames(room, renamesIn(steps));
  refuseTakenNames(room.db, steps);
  return { steps, isOne: false, left };
}

/** Documents of a folder that changed since a moment, those that have left it too, with their versions then. */
function changedSince(db: Reader, workspace: string, prefix: string, moment: rows.Moment) {
  const here = rows.filesSince(db, workspace, prefix, moment, MAX_DOCUMENTS + 1);
  const ids = new Set([...here, ...rows.filesMovedFrom(db, workspace, prefix, moment)]);
  return [...ids].map((id) => ({ id, version: rows.versionAtMoment(db, id, moment) }));
}

export function renamesIn(steps: readonly Step[]): { file: FileRow; rel: string }[] {
  return steps.flatMap(({ file, rel }) => (rel === undefined ? [] : [{ file, rel }]));
}

async function isFolderPath(room: RealDoc, workspace: string, rel: string): Promise<boolean> {
  const exact = rows.fileAt(room.db, workspace, rel);
  return exact?.state !== 'live' && rows.hasFilesBelow(room.db, workspace, `${rel}/`);
}

function versionOf(db: Reader, file: FileRow, to: string): number {
  const before = /^before-(task|call):(.+)$/.exec(to);
  if (!before) return resolveVersion(db, file, to);
  const ops = before[1] === 'task' ? rows.opsOfTask(db, before[2]!) : rows.opsOfCall(db, before[2]!);
  const first = ops.find((op) => op.file === file.id);
  if (!first) throw fail('DOC_VERSION_UNKNOWN', { path: file.path, version: to, head: file.head });
  return first.version - 1;
}

/** `undefined` if the document is so already. A document alone keeps its name; of a folder names come back too. */
function stepTo(room: RealDoc, db: Reader, file: FileRow, to: number, isOfMany = false): Step | undefined {
  const state = stateAt(db, file.id, to);
  const goes = state === 'deleted';
  const target = goes ? file.head : to;
  const seen = room.documents.glance(db, file, file.head, target);
  const isSame = seen.isAll && seen.change.length === 0;
  const then = isOfMany && !goes ? nameAt(db, file, to) : ownRel(file);
  const names = then === ownRel(file) ? {} : { rel: then };
  if (isSame && state === file.state && names.rel === undefined) return undefined;
  const before = room.documents.read(db, file, file.head);
  // The text is as it was, and so is what is known of who could have written it.
  const label = (goes ? undefined : rows.labelAt(db, file.id, to)) ?? file.label;
  // The text as it was, not the change applied: nothing of it has to be fetched to know what it is.
  const after = isSame ? before : room.documents.read(db, file, target);
  const step = { file, to, ...seen, isSame, state, ...names, label, before, after };
  return file.kind === 'opaque' || otherKind(file.kind, after) ? { ...step, change: [] } : step;
}

/** The step against the head that the transaction sees; what came in meanwhile is rolled back with the rest. */
export function upToDate(room: RealDoc, db: Reader, isOfMany: boolean, step: Step): Step | undefined {
  const file = rows.fileById(db, step.file.id);
  if (!file) throw fail('DOC_NOT_FOUND', { path: step.file.path, near: [] });
  return file.head === step.file.head ? { ...step, file } : anew(room, db, file, step.to, isOfMany);
}

function anew(room: RealDoc, db: Reader, file: FileRow, to: number, isOfMany: boolean): Step | undefined {
  const step = stepTo(room, db, file, to, isOfMany);
  return step && needsSettling(file, step) ? { ...step, ...stillSettled(file, undefined) } : step;
}
