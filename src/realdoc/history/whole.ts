import type { Reader } from '../../common/index.ts';
import * as rows from '../repository/index.ts';
import type { TreeRow } from '../rows.ts';
import { unpackChange } from '../text/codec.ts';

/** The stored tree that is the text of a version: its own, or an earlier one, if nothing but names changed since. */
export function treeOfVersion(db: Reader, file: string, version: number): TreeRow | undefined {
  const row = rows.nearestTree(db, file, version);
  if (!row || row.sha256 === '') return undefined;
  const since = row.version === version ? [] : rows.splicesBetween(db, file, row.version, version);
  return since.every((splices) => unpackChange(splices).length === 0) ? row : undefined;
}
