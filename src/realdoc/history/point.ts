import { fail, type Reader } from '../../common/index.ts';
import type { Moment } from '../repository/index.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';

/** Where the history of some documents is rolled back to. */
export type Point = { moment: Moment; at: number } | { tag: string };

/**
 * `before-task:<id>` and `before-call:<id>` (before the first thing it did there), a time (ISO 8601), or the name of a
 * tag. Throws DOC_VERSION_UNKNOWN.
 */
export function pointOf(db: Reader, scope: { path: string; workspace: string; prefix: string }, to: string): Point {
  const before = /^before-(task|call):(.+)$/.exec(to);
  if (before) {
    const found = rows.firstOf(db, before[1] as 'task' | 'call', before[2]!, scope.workspace, scope.prefix);
    if (!found) throw fail('DOC_VERSION_UNKNOWN', { path: scope.path, version: to, head: 'none of it there' });
    return { moment: { beforeSeq: found.seq }, at: found.at };
  }
  if (/^\d{4}-\d\d-\d\d/.test(to)) {
    const at = Date.parse(to);
    if (!Number.isNaN(at)) return { moment: { at }, at };
  }
  if (/^v?\d{1,9}$/.test(to)) {
    throw fail('INPUT_INVALID', {
      pointer: '/to',
      reason: 'a version number is of one document; give a time or before-task',
    });
  }
  return { tag: to };
}

/**
 * True if a document that was not known at the moment was not there either: it was made in the box, or its file on the
 * share was written later. A file that lay on the share before the box first saw it is nobody's new document.
 */
export function isNewSince(db: Reader, file: FileRow, at: number): boolean {
  const first = rows.opAt(db, file.id, 1);
  if (first?.source === 'create') return true;
  const { mtimeNs } = JSON.parse(first?.args ?? '{}') as { mtimeNs?: string };
  return mtimeNs !== undefined && BigInt(mtimeNs) / 1_000_000n > BigInt(Math.floor(at));
}
