import { fail } from '../../common/index.ts';
import type { Contents, Shown } from '../kinds/content.ts';
import type { ResolveOptions } from '../office/kind.ts';
import type { FileRow } from '../rows.ts';
import { diffNumbers } from '../text/diff.ts';
import { indexLines, numberLines } from '../text/line-index.ts';
import { readTarget } from './address.ts';
import type { OfferedPlace, PlacePorts } from './place.ts';
import { asBase, carryToHead, type EditPlan, type PlanPorts } from './plan.ts';
import { refuseBroad } from './rewrite.ts';
import { shownBetween } from './shown-change.ts';
import { linesIn, regionOf } from './target.ts';
import { parsePlace, type Verb } from './verbs.ts';

/** What planning an edit of an Office file needs of the room. */
export interface PackagePorts extends PlanPorts {
  contents: Contents;
}

/** The same as `planEdit` for an Office file: the lines are those of the view, the splices those of its parts. */
export async function planPackage(
  ports: PackagePorts,
  file: FileRow,
  base: number,
  verbs: readonly Verb[],
  places: PlacePorts,
  options: ResolveOptions,
): Promise<EditPlan> {
  const { db, documents, contents } = ports;
  const baseTree = documents.read(db, file, base);
  asBase(db, file, base, baseTree);
  const shownBase = await contents.shown(file, base, baseTree);
  const at = { path: file.path, version: base, tree: shownBase.tree };
  const plain: Verb[] = [];
  for (const verb of verbs) plain.push(await withoutCandidates(verb, (ref) => places.candidate(at, ref)));
  try {
    const aims = await contents.resolve(file, baseTree, plain, options);
    const head = file.head === base ? shownBase : await shownHead(ports, file);
    const views = { base: shownBase, head, at: file.head };
    const plan = await carryToHead(ports, { file, base, baseTree, aims, views });
    return await opened(ports, plan, head);
  } catch (error) {
    throw withVersion(error, base);
  }
}

/** The same as `planRewrite`: lines that stay as they are are not touched, not even their spelling. */
export function planPackageRewrite(
  ports: PackagePorts,
  file: FileRow,
  input: { base: number; from: number; to: number; text: string },
  places: PlacePorts,
  options: ResolveOptions,
): Promise<EditPlan> {
  return rewritten(ports, file, input).then((verbs) => planPackage(ports, file, input.base, verbs, places, options));
}

async function rewritten(
  { db, documents, contents }: PackagePorts,
  file: FileRow,
  input: { base: number; from: number; to: number; text: string },
): Promise<Verb[]> {
  const baseTree = documents.read(db, file, input.base);
  asBase(db, file, input.base, baseTree);
  const { tree } = await contents.shown(file, input.base, baseTree);
  const lines = linesIn({ path: file.path, version: input.base, tree }, input);
  refuseBroad(tree, lines, file, input.base);
  const region = regionOf(tree, lines);
  const text = input.text.replace(/\r?\n$/, '').replaceAll('\r\n', '\n');
  const fresh = text === '' ? [] : text.split('\n');
  const now = Buffer.from(fresh.map((line) => `${line}\n`).join(''));
  const { a, b, distinct } = numberLines(indexLines(tree.slice(region.from, region.to)), indexLines(now));
  const verbs = diffNumbers(a, b, distinct).map(({ aFrom, aTo, bFrom, bTo }): Verb => {
    const range = `${lines.from + aFrom}-${lines.from + aTo - 1}`;
    const texts = fresh.slice(bFrom, bTo);
    if (aFrom === aTo) {
      const after = lines.from + aFrom - 1;
      return { put: after === 0 ? '<1' : `>${after}`, text: texts };
    }
    return texts.length === 0 ? { cut: range } : { set: range, text: texts };
  });
  if (verbs.length > 0) return verbs;
  throw fail('DOC_NO_CHANGE', { path: file.path, version: input.base, lines: [] });
}

async function shownHead({ db, documents, contents }: PackagePorts, file: FileRow): Promise<Shown> {
  return contents.shown(file, file.head, documents.read(db, file, file.head));
}

/** What was planned is opened as an Office program would, before anything is written. */
async function opened({ contents }: PackagePorts, plan: EditPlan, head: Shown): Promise<EditPlan> {
  const after = await contents.check(plan.file, plan.before, plan.after);
  return { ...plan, shown: shownBetween(head, after) };
}

/** The guest knows lines; which version they are of is said here. */
function withVersion(error: unknown, version: number): unknown {
  const { code, details } = (error ?? {}) as { code?: string; details?: Record<string, unknown> };
  if (code === undefined || !details || !NEEDS_VERSION.has(code)) return error;
  return fail(code as 'DOC_LINE_UNKNOWN', { ...details, version }, error);
}

const NEEDS_VERSION = new Set([
  'DOC_ADDRESS_UNKNOWN',
  'DOC_AMBIGUOUS',
  'DOC_GUARD_FAILED',
  'DOC_LINE_UNKNOWN',
  'DOC_TEXT_NOT_FOUND',
  'DOC_UNSAFE_SPAN',
]);

/** `#3` as the line, or the characters of it, that were shown under this number: the guest knows no callers. */
async function withoutCandidates(verb: Verb, candidate: (ref: number) => Promise<OfferedPlace>): Promise<Verb> {
  const range = async (address: string): Promise<string> => {
    const target = readTarget(address);
    if (!target || !('candidate' in target)) return address;
    const { line, chars } = await candidate(target.candidate);
    return chars ? `${line}:${chars.from}-${chars.to}` : `${line}`;
  };
  const place = async (text: string): Promise<string> => {
    if (!isCandidate(text)) return text;
    const { isAfter, anchor } = parsePlace(text);
    return (isAfter ? '>' : '<') + (await range(anchor)).replace(/:.*/, '');
  };
  if ('set' in verb) return { ...verb, set: await range(verb.set) };
  if ('cut' in verb) return { ...verb, cut: await range(verb.cut) };
  if ('put' in verb) return { ...verb, put: await place(verb.put) };
  if ('move' in verb) return { ...verb, move: await range(verb.move), to: await place(verb.to) };
  return verb.sub.range === undefined ? verb : { ...verb, sub: { ...verb.sub, range: await range(verb.sub.range) } };
}

function isCandidate(place: string): boolean {
  return /^[<>]#[1-9]\d*$/.test(place);
}
