import type { AnyOperation } from '../../protocol/index.ts';
import type { RealDoc } from '../realdoc.ts';
import { createOperation } from './creating.ts';
import { editOperation } from './editing.ts';
import { findingOperations } from './finding.ts';
import { historyOperations } from './history.ts';
import { importOperation } from './importing.ts';
import { keepingOperations } from './keeping.ts';
import { pruneOperation } from './pruning.ts';
import { readingOperations } from './reading.ts';
import { rewriteOperation } from './rewriting.ts';
import { rollbackOperation } from './rolling-back.ts';
import { undoOperations } from './undoing.ts';
import { workspaceStateOperations } from './workspace-state.ts';
import { workspaceOperations } from './workspaces.ts';

/** Every capability of the room. Touches nothing until a handler runs, so references can be made without a room. */
export function realdocOperations(room: RealDoc): AnyOperation[] {
  return [
    ...workspaceOperations(room),
    ...workspaceStateOperations(room),
    ...readingOperations(room),
    ...findingOperations(room),
    editOperation(room),
    rewriteOperation(room),
    ...undoOperations(room),
    rollbackOperation(room),
    ...historyOperations(room),
    ...keepingOperations(room),
    createOperation(room),
    importOperation(room),
    pruneOperation(room),
  ];
}
