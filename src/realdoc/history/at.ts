import { fail, type Reader } from '../../common/index.ts';
import * as rows from '../repository/index.ts';
import type { FileRow } from '../rows.ts';

/**
 * The version meant by `v12`, `12`, a time (ISO 8601: what was current then) or the name of a tag.
 * Throws DOC_VERSION_UNKNOWN.
 */
export function resolveVersion(db: Reader, file: FileRow, at: string): number {
  const unknown = (): Error => fail('DOC_VERSION_UNKNOWN', { path: file.path, version: at, head: file.head });
  const number = /^v?(\d{1,9})$/.exec(at);
  if (number) {
    const version = Number(number[1]);
    if (version < 1 || version > file.head) throw unknown();
    return version;
  }
  const tag = rows.tagsOf(db, file.id).find((t) => t.name === at);
  if (tag) return tag.version;
  if (/^\d{4}-\d\d-\d\d/.test(at)) {
    const time = Date.parse(at);
    const version = Number.isNaN(time) ? undefined : rows.newestVersionAtTime(db, file.id, time);
    if (version !== undefined) return version;
  }
  throw unknown();
}
