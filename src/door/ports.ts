import type { Tx } from '../common/index.ts';
import type { ActionFacts, Actor, AnyOperation, Caller, Label } from '../protocol/index.ts';

/** What the door asks of `audit`: a record in the caller's own transaction. */
export interface AuditPort {
  append(
    tx: Tx,
    record: { type: string; actor: Actor | null; policyHash?: string; body: Record<string, unknown> },
  ): { seq: number };
}

/** What the door asks of `policy`: a pure decision over facts. */
export interface PolicyPort {
  decide(request: {
    caller: Caller;
    contract: Pick<AnyOperation, 'id' | 'effect' | 'risk' | 'minIntegrity' | 'undo' | 'scope'>;
    facts: ActionFacts;
    contextLabel: Label;
    approved: boolean;
    now: number;
  }): {
    verdict: 'allow' | 'deny' | 'ask';
    ruleIds: readonly string[];
    guardIds: readonly string[];
    policyHash: string;
    reason: string;
  };
}

/** What the door asks of `identity`. */
export interface IdentityPort {
  boxId: string;
  /** Throws if the caller's device, person or session was revoked since it was built. */
  assertCurrent(caller: Caller): void;
  /** Builds the caller of a parked call anew from today's records; throws if it may no longer act. */
  rebuild(caller: Caller): Caller;
  /** The local operator, who sees every open approval. */
  operatorId: string;
}
