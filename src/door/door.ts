import { fail, isJinguError, JinguError, newId } from '../common/index.ts';
import { type Caller, type InvokeRequest, type InvokeResult, needsKey, PUBLIC_SYSTEM } from '../protocol/index.ts';
import type { ApprovalRow } from './approval-records.ts';
import { type Call, type DoorOptions, end, readContext, record } from './call.ts';
import { digestOf } from './digest.ts';
import { tellEnded } from './ended.ts';
import { Execution } from './execution.ts';
import { type KeyRow, keyScope, storedResult } from './idempotency.ts';
import { Parking } from './parking.ts';
import { explainMismatch, matches } from './validate.ts';

export interface InvokeOptions {
  signal?: AbortSignal;
  /** Parts of a streamed answer. */
  onPart?: (part: unknown) => void;
}

/**
 * The only way to run an operation. One pipeline for a tap, a command, a model's tool call and a program:
 * current? -> declared? -> valid? -> in scope? -> known key? -> facts -> policy -> approval -> prepare -> apply in one
 * transaction with audit record, idempotency result and events (or intent -> perform -> outcome).
 */
export class Door {
  readonly #o: DoorOptions;
  readonly #parking: Parking;
  readonly #execution: Execution;
  readonly #running = new Map<string, Promise<InvokeResult>>();

  constructor(options: DoorOptions) {
    this.#o = options;
    this.#parking = new Parking(options);
    this.#execution = new Execution(options, {
      replay: (row) => this.#replay(row),
      refused: (call, error) => this.#refused(call, error),
    });
  }

  /**
   * Runs one operation for one caller. Throws a catalogued JinguError and nothing else; after an error nothing was
   * changed, except with UNKNOWN_OUTCOME. The answer is given after the commit is durable.
   */
  async invoke(caller: Caller, request: InvokeRequest, options: InvokeOptions = {}): Promise<InvokeResult> {
    const callId = newId('call', this.#o.clock.now());
    const began = this.#o.clock.monotonic();
    try {
      const result = await this.#invoke(caller, request, options, callId);
      tellEnded(this.#o, request.operation, began);
      return result;
    } catch (error) {
      const known = this.#known(error, request, options, callId);
      tellEnded(this.#o, request.operation, began, known);
      throw known;
    }
  }

  /** After a start: effects whose end is not known are said to be so, and approved calls are carried out. */
  async recover(): Promise<void> {
    const { db, idempotency, audit, approvals } = this.#o;
    await db.write((tx) => {
      for (const row of idempotency.running(tx)) {
        idempotency.put(tx, row, { inputHash: row.input_hash, callId: row.call_id, state: 'unknown' });
        audit.append(tx, {
          type: 'outcome',
          actor: null,
          body: { callId: row.call_id, operation: row.operation, outcome: 'unknown' },
        });
      }
    });
    await approvals.expire();
    for (const row of approvals.unfinished()) await this.executeApproved(row);
  }

  /** Carries out an approved call if it is still exactly what was approved. Never throws; the row says how it ended. */
  async executeApproved(row: ApprovalRow): Promise<void> {
    if (row.kind !== 'approve' || row.state !== 'approved') return;
    const began = this.#o.clock.monotonic();
    try {
      const caller = this.#o.identity.rebuild(JSON.parse(row.caller!) as Caller);
      const request = { operation: row.operation!, input: JSON.parse(row.input!), idempotencyKey: row.key! };
      const call = this.#open(caller, request, {}, newId('call', this.#o.clock.now()));
      // An outside effect of this approval was under way when the box went down: it is shown, never repeated.
      const before = call.scope && this.#o.idempotency.find(call.scope, call.inputHash);
      if (before && before.state !== 'parked') throw fail('UNKNOWN_OUTCOME', { callId: before.call_id });
      call.approval = row;
      await this.#once(call);
      tellEnded(this.#o, row.operation!, began);
    } catch (error) {
      const why = isJinguError(error) ? error : fail('INTERNAL', {}, error);
      tellEnded(this.#o, row.operation!, began, why);
      if (!isJinguError(error)) this.#o.log.error({ approval: row.id, error: describe(error) }, 'approved-call-failed');
      await this.#o.db.write((tx) => {
        this.#o.approvals.finish(tx, row, 'void', { error: why.toWire() });
        this.#o.audit.append(tx, {
          type: 'approval-void',
          actor: null,
          body: { approvalId: row.id, operation: row.operation, code: why.code },
        });
      });
    }
  }

  #known(error: unknown, request: InvokeRequest, options: InvokeOptions, callId: string): JinguError {
    if (isJinguError(error)) return error;
    if (options.signal?.aborted) return fail('CANCELLED');
    this.#o.log.error({ callId, operation: request.operation, error: describe(error) }, 'operation-failed');
    return fail('INTERNAL', { callId }, error);
  }

  async #invoke(caller: Caller, request: InvokeRequest, options: InvokeOptions, callId: string): Promise<InvokeResult> {
    const call = this.#open(caller, request, options, callId);
    const { op } = call;
    if (!caller.scopes.includes(op.scope)) {
      throw await this.#refused(call, fail('SCOPE_MISSING', { operation: op.id, scope: op.scope }));
    }
    if (this.#o.recovery !== undefined && op.effect !== 'read')
      throw fail('RECOVERY_MODE', { reason: this.#o.recovery });
    if (needsKey(op) && !request.dryRun && !call.scope) throw fail('IDEMPOTENCY_KEY_MISSING', { operation: op.id });
    if (request.dryRun) {
      try {
        await this.#decide(call, { dryRun: true });
        return await this.#execution.plan(call);
      } finally {
        await end(call);
      }
    }
    if (op.confirmation === 'always' && !request.confirm && caller.kind !== 'internal') {
      throw fail('CONFIRMATION_REQUIRED', { operation: op.id, impact: op.summary.en });
    }
    try {
      return await this.#joined(call);
    } catch (error) {
      if (request.wait && isJinguError(error) && error.code === 'APPROVAL_PENDING')
        return await this.#waitFor(call, error, request.timeoutMs);
      throw error;
    }
  }

  #open(caller: Caller, request: InvokeRequest, options: InvokeOptions, callId: string): Call {
    this.#o.identity.assertCurrent(caller);
    const op = this.#o.registry.find(request.operation, caller);
    const input = request.input ?? {};
    if (!matches(op.input, input)) throw explainMismatch(op.input, input);
    const key = request.idempotencyKey;
    return {
      op,
      caller,
      input,
      inputHash: needsKey(op) ? digestOf(input) : '',
      callId,
      scope: key !== undefined && needsKey(op) ? keyScope(caller, op.id, key) : undefined,
      signal: options.signal ?? new AbortController().signal,
      onPart: options.onPart ?? (() => {}),
      label: PUBLIC_SYSTEM,
      facts: { targets: [] },
      diff: undefined,
      policyHash: '',
      approval: undefined,
      ends: [],
    };
  }

  /** A second call with the key of one that is still running joins it instead of starting another. */
  async #joined(call: Call): Promise<InvokeResult> {
    if (!call.scope) return await this.#once(call);
    const id = JSON.stringify([call.scope.person, call.scope.operation, call.scope.key]);
    const running = this.#running.get(id);
    if (running !== undefined) {
      const result = await running;
      this.#o.idempotency.find(call.scope, call.inputHash);
      return { ...result, replayed: true };
    }
    const promise = this.#once(call);
    this.#running.set(id, promise);
    try {
      return await promise;
    } finally {
      this.#running.delete(id);
    }
  }

  async #waitFor(call: Call, pending: JinguError, timeoutMs: number | undefined): Promise<InvokeResult> {
    await this.#parking.settled(call, pending, timeoutMs);
    const row = this.#o.idempotency.find(call.scope!, call.inputHash);
    const answer = row && this.#replay(row);
    if (!answer) throw pending;
    return answer;
  }

  async #once(call: Call): Promise<InvokeResult> {
    const stored = call.scope && !call.approval ? this.#o.idempotency.find(call.scope, call.inputHash) : undefined;
    if (stored) {
      const answer = this.#replay(stored);
      if (answer) return answer;
    }
    try {
      await this.#decide(call);
      return await this.#execution.run(call);
    } finally {
      await end(call);
    }
  }

  /** The stored answer of a key, an error for one that cannot be given, or nothing when the call may run again. */
  #replay(row: KeyRow): InvokeResult | undefined {
    switch (row.state) {
      case 'done':
        return storedResult(row);
      case 'unknown':
      case 'running':
        throw fail('UNKNOWN_OUTCOME', { callId: row.call_id });
      case 'failed': {
        const { code, details } = JSON.parse(row.outcome ?? '{}') as {
          code: JinguError['code'];
          details: Record<string, unknown>;
        };
        throw new JinguError(code, details);
      }
      case 'parked':
        throw this.#parking.errorOf(row.approval_id!);
    }
  }

  /** Facts, then policy. A dry run never asks and never parks, but what policy denies it does not show either. */
  async #decide(call: Call, { dryRun = false } = {}): Promise<void> {
    const { op, caller } = call;
    call.facts = (await op.facts?.(readContext(this.#o, call), call.input)) ?? { targets: [] };
    const approved = call.approval !== undefined;
    if (approved) call.diff = await call.facts.diff?.();
    const decision = this.#o.policy.decide({
      caller,
      contract: op,
      facts: call.facts,
      contextLabel: caller.label,
      approved,
      now: this.#o.clock.now(),
    });
    call.policyHash = decision.policyHash;
    const ruleId = [...decision.guardIds, ...decision.ruleIds][0] ?? 'no-rule-permits';
    if (decision.verdict === 'deny') {
      throw await this.#refused(
        call,
        fail('POLICY_DENIED', { ruleId, rules: [...decision.guardIds, ...decision.ruleIds], reason: decision.reason }),
      );
    }
    if (dryRun) return;
    if (approved) this.#parking.assertSame(call);
    else if (decision.verdict === 'ask') {
      call.diff = await call.facts.diff?.();
      throw await this.#parking.park(call, decision.ruleIds);
    }
  }

  /** Writes the refusal in a transaction of its own (a rollback would erase the evidence) and hands the error back. */
  async #refused(call: Call, error: JinguError): Promise<JinguError> {
    await this.#o.db.write((tx) =>
      record(this.#o.audit, tx, call, 'refused', { code: error.code, rule: error.details['ruleId'] ?? null }),
    );
    return error;
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
