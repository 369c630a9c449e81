import { isJinguError } from '../../common/index.ts';
import type { Caller, ReadContext } from '../../protocol/index.ts';
import type { Documents } from '../documents.ts';
import type { FileRow } from '../rows.ts';
import { carryLines } from './carry-lines.ts';
import { type CandidateResolver, unknownAddress } from './place.ts';
import type { ShownMemory } from './shown.ts';
import type { LineSpan } from './target.ts';
import type { Verb } from './verbs.ts';

/** Finds `#3` in what was last offered to the caller, carried exactly to the base of the edit. */
export function offeredTo(
  documents: Documents,
  shown: ShownMemory,
  { db, caller, signal }: Pick<ReadContext, 'db' | 'caller' | 'signal'>,
  file: FileRow,
): CandidateResolver {
  return async (base, ref) => {
    const refuse = (reason: string): Error => unknownAddress(base, `#${ref}`, reason);
    const found = shown.candidate(caller, ref);
    if (!found) throw refuse('no candidate of this number was shown to you; doc.find shows them');
    if (found.file !== file.id) throw refuse('the candidate of this number is in another document');
    const { line, chars } = found;
    if (found.version === base.version) return { line, ...(chars ? { chars } : {}) };
    const at = documents.read(db, file, found.version);
    const isCarried = file.kind === 'text';
    const net = isCarried && (await documents.carryingChangeInTurns(file, found.version, base.version, signal));
    const carried = net && carryLines(at, { from: line, to: line }, net);
    if (!carried) throw refuse(`its line is another one in version ${base.version} than in ${found.version}`);
    return { line: carried.from, ...(chars ? { chars } : {}) };
  };
}

interface Numbered {
  n?: number;
  line?: number;
  nth?: number;
  column?: number;
}

/** Lines that an error shows count as shown, and its candidates may be named by number in the next try. */
export function noteError(
  shown: ShownMemory,
  caller: Caller,
  file: FileRow,
  error: unknown,
  verbs: readonly Verb[] = [],
): void {
  if (!isJinguError(error) || error.details['path'] !== file.path) return;
  const { details } = error;
  const version = Number(details['version']);
  const rows = (details['lines'] ?? details['current'] ?? details['nearest'] ?? details['candidates']) as unknown;
  if (Array.isArray(rows)) {
    const lines = (rows as Numbered[]).map(({ n, line }) => n ?? line).filter((n) => n !== undefined);
    shown.noteLines(caller, file.id, version, lines);
  }
  const span = /^(\d+)-(\d+)$/.exec(String(details['lines']));
  if (
    error.code === 'DOC_GUARD_FAILED' &&
    span &&
    typeof details['actual'] === 'string' &&
    details['guard'] === 'was'
  ) {
    const seen: LineSpan = { from: Number(span[1]), to: Number(span[2]) };
    // Long passages are cut in the error.
    if (details['actual'].length < 2000) shown.note(caller, file.id, version, [seen]);
  }
  // An address that several things share has places, and no candidates.
  if (error.code !== 'DOC_AMBIGUOUS' || !Array.isArray(rows)) return;
  const verb = verbs[Number(details['verb']) - 1];
  const size = verb && 'sub' in verb ? [...verb.sub.find].length : 0;
  const candidates = (rows as Required<Numbered>[]).map(({ nth, line, column }) => ({
    ref: nth,
    file: file.id,
    version,
    line,
    ...(size > 0 ? { chars: { from: column, to: column + size - 1 } } : {}),
  }));
  shown.offer(caller, candidates);
}
