import type { Tx } from '../common/index.ts';
import type { Actor, EventKind } from '../protocol/index.ts';

/** What this room asks of `audit` and of the door's event log, for steps that no operation carries (pairing). */
export interface IdentityJournal {
  record(tx: Tx, record: { type: string; actor: Actor | null; body: Record<string, unknown> }): void;
  emit(tx: Tx, topic: string, kind: EventKind, data: Record<string, unknown>): void;
}
