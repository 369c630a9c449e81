import { fail, type JinguError } from '../common/index.ts';
import type { ApprovalRow, Card, ExactAction } from './approval-records.ts';
import { type Call, type DoorOptions, record } from './call.ts';
import { digestOf } from './digest.ts';
import { schemaHash } from './registry.ts';

const WAIT_DEFAULT_MS = 30_000;
const WAIT_MOST_MS = 600_000;

/** Calls that wait for a person: parked as rows, waited for if the caller wants to, carried out only unchanged. */
export class Parking {
  readonly #o: DoorOptions;

  constructor(options: DoorOptions) {
    this.#o = options;
  }

  /** How a parked call stands, as the error that says so. */
  errorOf(approvalId: string): JinguError {
    const row = this.#o.approvals.get(approvalId);
    switch (row?.state) {
      case 'pending':
      case 'approved':
        return fail('APPROVAL_PENDING', { approvalId, expiresInMs: Math.max(0, row.expires_at - this.#o.clock.now()) });
      case 'denied':
        return fail('APPROVAL_DENIED', { approvalId, ...(row.note ? { note: row.note } : {}) });
      case 'void': {
        const { error } = JSON.parse(row.outcome ?? '{}') as { error?: { code: string; message: string } };
        return fail('APPROVAL_VOID', {
          approvalId,
          reason: error?.message ?? 'it changed',
          ...(error ? { cause: error.code } : {}),
        });
      }
      default:
        return fail('APPROVAL_EXPIRED', { approvalId });
    }
  }

  /** Recomputed from live values: a changed argument, document version, label or policy voids the approval. */
  assertSame(call: Call): void {
    const row = call.approval!;
    const then = JSON.parse(row.action!) as ExactAction & { approvalId: string; nonce: string; expiresAt: number };
    const { approvalId, nonce, expiresAt } = then;
    const now = { ...this.#exactAction(call), approvalId, nonce, expiresAt };
    if (digestOf(now) === row.action_hash) return;
    const changed = Object.keys(now).filter(
      (k) => digestOf(now[k as keyof typeof now]) !== digestOf(then[k as keyof typeof then]),
    );
    throw fail('APPROVAL_VOID', { approvalId: row.id, reason: `changed since: ${changed.join(', ')}` });
  }

  /** Parks the call with everything a person needs to see; answers APPROVAL_PENDING. */
  async park(call: Call, ruleIds: readonly string[]): Promise<JinguError> {
    const { op, caller, scope } = call;
    if (!scope) return fail('IDEMPOTENCY_KEY_MISSING', { operation: op.id });
    const card: Card = {
      title: op.summary.en,
      operation: op.id,
      risk: op.risk,
      targets: call.facts.targets,
      ruleIds,
      ...(call.facts.effect ? { effect: call.facts.effect } : { effect: op.summary }),
      ...(call.diff === undefined ? {} : { diff: call.diff }),
      ...(call.facts.destination ? { destination: call.facts.destination } : {}),
    };
    const row = await this.#o.db.write((tx) => {
      const parked = this.#o.approvals.park(tx, {
        caller,
        operation: op.id,
        key: scope.key,
        input: call.input,
        action: this.#exactAction(call),
        card,
      });
      this.#o.idempotency.put(tx, scope, {
        inputHash: call.inputHash,
        callId: call.callId,
        state: 'parked',
        approvalId: parked.id,
      });
      record(this.#o.audit, tx, call, 'approval-requested', { approvalId: parked.id, actionHash: parked.action_hash });
      return parked;
    });
    return this.errorOf(row.id);
  }

  /** Resolves once the parked call is resolved, the time is over or the caller is gone. */
  async settled(call: Call, pending: JinguError, timeoutMs = WAIT_DEFAULT_MS): Promise<void> {
    const id = pending.details['approvalId'] as string;
    await new Promise<void>((resolve) => {
      const isOpen = (row: ApprovalRow | undefined) => row?.state === 'pending' || row?.state === 'approved';
      const done = () => {
        stop();
        cancel();
        call.signal.removeEventListener('abort', done);
        resolve();
      };
      const stop = this.#o.approvals.onResolved((row) => {
        if (row.id === id && !isOpen(row)) done();
      });
      const cancel = this.#o.clock.after(Math.min(timeoutMs, WAIT_MOST_MS), done);
      call.signal.addEventListener('abort', done, { once: true });
      if (!isOpen(this.#o.approvals.get(id))) done();
    });
  }

  #exactAction(call: Call): ExactAction {
    const { facts, caller, op } = call;
    return {
      boxId: this.#o.identity.boxId,
      operation: op.id,
      schemaHash: schemaHash(op),
      inputHash: call.inputHash,
      targets: facts.targets.map((t) => ({
        kind: t.kind,
        id: t.id,
        version: t.version ?? null,
        label: t.label ?? null,
      })),
      diffHash: digestOf(call.diff ?? ''),
      label: caller.label,
      policyHash: call.policyHash,
      caller: { personId: caller.personId, agent: caller.agent, taskId: caller.taskId },
    };
  }
}
