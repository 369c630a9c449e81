import type { Static, TSchema } from 'typebox';
import type { Clock, JinguError, Logger, Reader, Tx } from '../common/index.ts';
import type { Caller } from './caller.ts';
import type { OperationContract } from './contract.ts';
import type { Label } from './labels.ts';

/** What a handler may touch while it reads. Its room's services are closed over by the room's operations factory. */
export interface ReadContext {
  caller: Caller;
  callId: string;
  db: Reader;
  clock: Clock;
  log: Logger;
  signal: AbortSignal;
  /** Lowers the label of the answer: call it with the label of every document text, tool result or memory read. */
  raise(label: Label): void;
  /** Hands a part of a streamed answer to the caller, if its surface can stream; otherwise does nothing. */
  stream(part: unknown): void;
  /**
   * Runs `end` once the call is over, whether it did something or not, before its answer is given; also before it is
   * prepared once more. For what was laid out ahead and is not used. Must not throw.
   */
  onEnd(end: () => Promise<void>): void;
}

export interface WriteContext extends ReadContext {
  tx: Tx;
  /** Writes a durable state event in this transaction; published after the commit. `seq` has no gaps per topic. */
  emit(topic: string, kind: EventKind, data: Record<string, unknown>): void;
  /** Names how to take this very call back: input for the contract's `undo.by` operation. */
  undoWith(input: Record<string, unknown>): void;
}

/** One thing an action touches, as policy, approvals and audit see it. */
export interface Target {
  kind: 'document' | 'workspace' | 'task' | 'model' | 'device' | 'host' | 'approval' | 'box';
  id: string;
  name?: string;
  version?: number;
  label?: Label;
}

/** Facts about one call, computed by the box before it is decided. They enter the approval's action hash. */
export interface ActionFacts {
  targets: Target[];
  /** Labels of all that this call would move to a sink or base a decision on. */
  label?: Label;
  /**
   * The exact change as a unified diff, for the approval card and its hash. Asked for only where a person will see it or
   * has seen it, once a call: most calls are decided without.
   */
  diff?: () => string | Promise<string>;
  /** Network destination, if the call leaves the box. */
  destination?: { host: string; port: number; purpose: string };
  zone?: 'box' | 'site' | 'cloud';
  /** `false`: this call cannot leave the version or undo record that its contract promises (guard G8 denies it). */
  keepsUndo?: boolean;
  /** One line each language: what will happen. */
  effect?: { en: string; zh: string };
}

/**
 * Thrown by `apply` when what was prepared no longer holds and only `prepare` can tell what does. The door prepares once
 * more, a few times; then the caller gets `reason`.
 */
export class PrepareAgain extends Error {
  readonly reason: JinguError;

  constructor(reason: JinguError) {
    super(reason.message, { cause: reason });
    this.reason = reason;
  }
}

/** How often an operation is prepared for one call. */
export const MOST_PREPARATIONS = 5;

/**
 * A contract with its handlers. Exactly one of `read`, `apply`, `perform` does the work:
 * - `read` for effect `read`: no change anywhere.
 * - `prepare` (optional, async, no effect) then `apply` (sync, inside the one transaction with audit record,
 *   idempotency result and events).
 * - `prepare` (optional) then `perform` for effects outside the database: the audit intent is durable before it
 *   starts; `settle` (optional, sync) runs in the transaction that records the outcome.
 */
export interface Operation<I extends TSchema = TSchema, O extends TSchema = TSchema, P = unknown>
  extends OperationContract<I, O> {
  facts?(ctx: ReadContext, input: Static<I>): ActionFacts | Promise<ActionFacts>;
  read?(ctx: ReadContext, input: Static<I>): Static<O> | Promise<Static<O>>;
  prepare?(ctx: ReadContext, input: Static<I>): Promise<P> | P;
  apply?(ctx: WriteContext, input: Static<I>, prepared: P): Static<O>;
  perform?(ctx: ReadContext, input: Static<I>, prepared: P): Promise<Static<O>>;
  settle?(ctx: WriteContext, input: Static<I>, output: Static<O>): void;
  /** For `dryRun`: the plan as shown to a person. Left out: the facts are the plan. */
  plan?(ctx: ReadContext, input: Static<I>, prepared: P): Record<string, unknown> | Promise<Record<string, unknown>>;
}

/** Infers the schemas, so handlers are typed from the declaration beside them. */
export function operation<I extends TSchema, O extends TSchema, P = undefined>(
  op: Operation<I, O, P>,
): Operation<I, O, P> {
  return op;
}

/** What a room hands to the registry. */
// biome-ignore lint/suspicious/noExplicitAny: the registry holds operations of every shape; inputs are validated before handlers see them.
export type AnyOperation = Operation<any, any, any>;

/** Noun-verb, kebab-case (SURFACES of the protocol guide). A kind missing from `EVENT_SCOPES` is sent to nobody. */
export type EventKind = keyof typeof EVENT_SCOPES;

export const EVENT_SCOPES = {
  'task-start': 'task.read',
  'task-step': 'task.read',
  'task-state': 'task.read',
  'task-note': 'task.read',
  'task-end': 'task.read',
  'text-start': 'task.read',
  'text-end': 'task.read',
  'text-reset': 'task.read',
  'tool-start': 'task.read',
  'tool-end': 'task.read',
  'approval-requested': 'approval.answer',
  'approval-resolved': 'approval.answer',
  'approval-executed': 'approval.answer',
  'version-created': 'doc.read',
  'projection-state': 'doc.read',
  'workspace-changed': 'doc.read',
  'model-state': 'box.read',
  'pull-progress': 'box.read',
  'box-state': 'box.read',
  'guest-state': 'box.read',
  'pair-state': 'device.admin',
  'device-changed': 'device.admin',
  'audit-checkpoint': 'box.read',
} as const;

/** A durable state event as it travels and as it is stored. */
export interface BoxEvent {
  topic: string;
  epoch: string;
  seq: number;
  kind: EventKind;
  at: number;
  data: Record<string, unknown>;
}
