import type { Static, TSchema } from 'typebox';
import type { ErrorCode } from '../common/index.ts';
import type { Integrity } from './labels.ts';
import type { Scope } from './scopes.ts';

export interface Text {
  en: string;
  zh: string;
}

/**
 * The declaration of one capability, from which the WebSocket, REST, CLI, agent tools, OpenAPI, AsyncAPI and the
 * reference are all derived. `id` is `noun.verb` and stable for ever.
 */
export interface OperationContract<I extends TSchema = TSchema, O extends TSchema = TSchema> {
  id: string;
  since: number;
  summary: Text;
  /** When a person or a model should pick this one; read by small models, so keep each to one short sentence. */
  useWhen?: readonly string[];
  avoidWhen?: readonly string[];
  /** Closed objects (`closed`), with length and count limits on everything. */
  input: I;
  output: O;
  effect: 'read' | 'write' | 'send' | 'exec' | 'admin';
  risk: 'low' | 'medium' | 'high';
  /** `always`: the caller must say `confirm: true`. It never stands in for an approval. */
  confirmation: 'never' | 'policy' | 'always';
  /** `never-retry`: keyed too, but the far side cannot deduplicate, so an unclear end is UNKNOWN_OUTCOME. */
  idempotency: 'natural' | 'key' | 'never-retry';
  undo: { by: string } | 'none';
  dryRun?: boolean;
  scope: Scope;
  /** Least integrity of everything that decided the call (guard G3). Left out: 0 for reads, 1 for the rest. */
  minIntegrity?: Integrity;
  /** A read that leaves an audit record all the same (model runs, exports). Every other effect always does. */
  audited?: true;
  /** Codes it may answer beside those of the door. */
  errors: readonly ErrorCode[];
  /** Where it appears; left out means on all. `agent` offers it as a tool. */
  surfaces?: readonly ('ws' | 'rest' | 'cli' | 'agent')[];
  /** CLI: names of input members given as positional words, in order. */
  positional?: readonly string[];
  examples: readonly { note: string; input: unknown }[];
}

/** What the contracts of most reads have in common. */
export const PLAIN_READ = {
  effect: 'read',
  risk: 'low',
  confirmation: 'never',
  idempotency: 'natural',
  undo: 'none',
} as const;

export type InputOf<C extends OperationContract> = Static<C['input']>;
export type OutputOf<C extends OperationContract> = Static<C['output']>;

/** Effects beyond `read` need an idempotency key in the envelope. */
export function needsKey(contract: OperationContract): boolean {
  return contract.effect !== 'read';
}
