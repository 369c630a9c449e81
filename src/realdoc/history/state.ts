import type { Reader } from '../../common/index.ts';
import * as rows from '../repository/index.ts';
import type { OpRow } from '../rows.ts';

/** Whether a document was there at a version. Before its first version it was not. */
export function stateAt(db: Reader, file: string, version: number): 'live' | 'deleted' {
  if (version < 1) return 'deleted';
  // Where versions were thinned out, one row stands for several: the newest kept one tells.
  const deed = rows.newestDeed(db, file, version);
  return deed ? stateAfter(db, { file, ...deed }) : 'live';
}

/** The same, from the version itself. */
export function stateAfter(db: Reader, op: Pick<OpRow, 'file' | 'source' | 'args'>): 'live' | 'deleted' {
  if (op.source === 'delete') return 'deleted';
  if (op.source !== 'undo' && op.source !== 'redo' && op.source !== 'rollback') return 'live';
  const { state, versions } = JSON.parse(op.args) as { state?: 'live' | 'deleted'; versions?: number[] };
  if (state !== undefined) return state;
  // Written before the state was kept with the version: only the undo of a creation took a document away.
  const tookBirth = op.source === 'undo' && versions?.includes(1) && rows.opAt(db, op.file, 1)?.source === 'create';
  return tookBirth ? 'deleted' : 'live';
}
