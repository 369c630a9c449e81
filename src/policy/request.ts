import type { ActionFacts, AnyOperation, Caller, Label } from '../protocol/index.ts';

/** What the door asks about one call. Everything here was computed by the box. */
export interface PolicyRequest {
  caller: Caller;
  contract: Pick<AnyOperation, 'id' | 'effect' | 'risk' | 'minIntegrity' | 'undo' | 'scope'>;
  facts: ActionFacts;
  /** Join of everything that decided the call. */
  contextLabel: Label;
  /** A person entitled to it approved exactly this action. */
  approved: boolean;
  /** The approval or ticket this call stands on was used before (guard G11). */
  spent?: boolean;
  now: number;
}

/** `ask`: not allowed as it is, but allowed once a person has approved exactly this action. */
export type Verdict = 'allow' | 'deny' | 'ask';

export interface Decision {
  verdict: Verdict;
  /** Cedar policies that decided, `base/<id>` or `org/<id>`. On `ask`, those that would permit with approval. */
  ruleIds: string[];
  /** Guards that denied; on `ask`, those that an approval lifts. */
  guardIds: string[];
  policyHash: string;
  reason: string;
}
