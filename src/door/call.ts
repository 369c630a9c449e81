import type { Database, Tx } from '../common/index.ts';
import {
  type ActionFacts,
  type AnyOperation,
  actorOf,
  type Caller,
  joinLabels,
  type Label,
  type ReadContext,
  type WriteContext,
} from '../protocol/index.ts';
import type { ApprovalRow } from './approval-records.ts';
import type { Approvals } from './approvals.ts';
import { digestOf } from './digest.ts';
import type { EndedOptions } from './ended.ts';
import type { EventLog } from './event-log.ts';
import type { Idempotency, KeyScope } from './idempotency.ts';
import type { AuditPort, IdentityPort, PolicyPort } from './ports.ts';
import { withoutSecrets } from './secrets.ts';

export interface DoorOptions extends EndedOptions {
  db: Database;
  events: EventLog;
  approvals: Approvals;
  idempotency: Idempotency;
  audit: AuditPort;
  policy: PolicyPort;
  identity: IdentityPort;
  /** Why nothing but reads is served now (settings that could not be used); undefined in ordinary life. */
  recovery?: string | undefined;
}

/** One call on its way through the door. */
export interface Call {
  op: AnyOperation;
  caller: Caller;
  input: unknown;
  inputHash: string;
  callId: string;
  scope: KeyScope | undefined;
  signal: AbortSignal;
  onPart: (part: unknown) => void;
  label: Label;
  facts: ActionFacts;
  /** The exact change, where a person sees it or has seen it. */
  diff: string | undefined;
  policyHash: string;
  approval: ApprovalRow | undefined;
  /** What is to be done once it is over. */
  ends: (() => Promise<void>)[];
}

/** Does what was asked for with `onEnd`. */
export async function end(call: Call): Promise<void> {
  for (const one of call.ends.splice(0)) await one();
}

/** Who, what and on what, as one audit record of this call; digests, never content. */
export function record(
  audit: AuditPort,
  tx: Tx,
  call: Call,
  type: string,
  more: Record<string, unknown>,
): { seq: number } {
  const { op, facts } = call;
  return audit.append(tx, {
    type,
    actor: actorOf(call.caller),
    ...(call.policyHash ? { policyHash: call.policyHash } : {}),
    body: {
      callId: call.callId,
      operation: op.id,
      effect: op.effect,
      inputHash: call.inputHash || digestOf(withoutSecrets(op.input, call.input)),
      targets: facts.targets.map(({ kind, id, name, version }) => ({
        kind,
        id,
        ...(name ? { name } : {}),
        ...(version ? { version } : {}),
      })),
      ...(facts.zone ? { zone: facts.zone } : {}),
      ...(call.approval ? { approvalId: call.approval.id } : {}),
      ...(call.approval && call.diff !== undefined ? { diffHash: digestOf(call.diff) } : {}),
      ...more,
    },
  });
}

export function readContext(o: DoorOptions, call: Call): ReadContext {
  const { db, clock, log } = o;
  return {
    caller: call.caller,
    callId: call.callId,
    db,
    clock,
    log,
    signal: call.signal,
    raise: (label) => {
      call.label = joinLabels(call.label, label);
    },
    stream: call.onPart,
    onEnd: (end) => call.ends.push(end),
  };
}

export function writeContext(
  o: DoorOptions,
  call: Call,
  tx: Tx,
  undo: { input?: Record<string, unknown> },
): WriteContext {
  return {
    ...readContext(o, call),
    db: tx,
    tx,
    emit: (topic, kind, data) => o.events.emit(tx, topic, kind, data),
    undoWith: (input) => {
      undo.input = input;
    },
  };
}
