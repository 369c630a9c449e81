import type { ActionFacts } from '../protocol/index.ts';

export type ApprovalState =
  | 'pending'
  | 'approved'
  | 'denied'
  | 'answered'
  | 'expired'
  | 'withdrawn'
  | 'executed'
  | 'void';

export interface QuestionOption {
  id: string;
  label: string;
  diff?: string;
}

/** What a person is shown. Facts come from the box; `prose` is the model's and stands apart. */
export interface Card {
  title: string;
  operation?: string;
  risk?: string;
  effect?: { en: string; zh: string };
  targets?: ActionFacts['targets'];
  diff?: string;
  destination?: ActionFacts['destination'];
  question?: string;
  options?: QuestionOption[];
  freeText?: boolean;
  prose?: string;
  ruleIds?: readonly string[];
}

export interface ApprovalRow {
  id: string;
  rev: number;
  kind: 'approve' | 'ask';
  state: ApprovalState;
  person: string;
  task: string | null;
  operation: string | null;
  key: string | null;
  caller: string | null;
  input: string | null;
  action: string | null;
  action_hash: string | null;
  card: string;
  created_at: number;
  expires_at: number;
  answer: string | null;
  note: string | null;
  answered_by: string | null;
  answered_at: number | null;
  outcome: string | null;
}

/** The exact action a person says yes to; its hash is recomputed from live values before execution. */
export interface ExactAction {
  boxId: string;
  operation: string;
  schemaHash: string;
  inputHash: string;
  targets: { kind: string; id: string; version: number | null; label: unknown }[];
  diffHash: string;
  label: unknown;
  policyHash: string;
  caller: { personId: string | null; agent: string | null; taskId: string | null };
}
