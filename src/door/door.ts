import {
  type Clock,
  type Database,
  fail,
  isJinguError,
  JinguError,
  type Logger,
  newId,
  type Tx,
} from '../common/index.ts';
import {
  type ActionFacts,
  type AnyOperation,
  actorOf,
  type Caller,
  type InvokeRequest,
  type InvokeResult,
  joinLabels,
  type Label,
  needsKey,
  PUBLIC_SYSTEM,
  type ReadContext,
  type WriteContext,
} from '../protocol/index.ts';
import type { ApprovalRow, Approvals, Card, ExactAction } from './approvals.ts';
import { digestOf } from './digest.ts';
import type { EventLog } from './event-log.ts';
import { type Idempotency, type KeyScope, keyScope, storedResult } from './idempotency.ts';
import type { AuditPort, IdentityPort, PolicyPort } from './ports.ts';
import { type Registry, schemaHash } from './registry.ts';
import { withoutSecrets } from './secrets.ts';
import { explainMismatch, matches } from './validate.ts';

const WAIT_DEFAULT_MS = 30_000;
const WAIT_MOST_MS = 600_000;

export interface InvokeOptions {
  signal?: AbortSignal;
  /** Parts of a streamed answer. */
  onPart?: (part: unknown) => void;
}

export interface DoorOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  registry: Registry;
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
interface Call {
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
  policyHash: string;
  approval: ApprovalRow | undefined;
}

/**
 * The only way to run an operation. One pipeline for a tap, a command, a model's tool call and a program:
 * current? -> declared? -> valid? -> in scope? -> known key? -> facts -> policy -> approval -> prepare -> apply in one
 * transaction with audit record, idempotency result and events (or intent -> perform -> outcome).
 */
export class Door {
  readonly #o: DoorOptions;
  readonly #running = new Map<string, Promise<InvokeResult>>();

  constructor(options: DoorOptions) {
    this.#o = options;
  }

  /**
   * Runs one operation for one caller. Throws a catalogued JinguError and nothing else; after an error nothing was
   * changed, except with UNKNOWN_OUTCOME. The answer is given after the commit is durable.
   */
  async invoke(caller: Caller, request: InvokeRequest, options: InvokeOptions = {}): Promise<InvokeResult> {
    const callId = newId('call', this.#o.clock.now());
    try {
      return await this.#invoke(caller, request, options, callId);
    } catch (error) {
      if (isJinguError(error)) throw error;
      if (options.signal?.aborted) throw fail('CANCELLED');
      this.#o.log.error({ callId, operation: request.operation, error: describe(error) }, 'operation-failed');
      throw fail('INTERNAL', { callId }, error);
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
    try {
      const caller = this.#o.identity.rebuild(JSON.parse(row.caller!) as Caller);
      const request = { operation: row.operation!, input: JSON.parse(row.input!), idempotencyKey: row.key! };
      const call = this.#open(caller, request, {}, newId('call', this.#o.clock.now()));
      // An outside effect of this approval was under way when the box went down: it is shown, never repeated.
      const before = call.scope && this.#o.idempotency.find(call.scope, call.inputHash);
      if (before && before.state !== 'parked') throw fail('UNKNOWN_OUTCOME', { callId: before.call_id });
      call.approval = row;
      await this.#once(call);
    } catch (error) {
      const why = isJinguError(error) ? error : fail('INTERNAL', {}, error);
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

  async #invoke(caller: Caller, request: InvokeRequest, options: InvokeOptions, callId: string): Promise<InvokeResult> {
    const call = this.#open(caller, request, options, callId);
    const { op } = call;
    if (!caller.scopes.includes(op.scope)) {
      throw await this.#refused(call, fail('SCOPE_MISSING', { operation: op.id, scope: op.scope }));
    }
    if (this.#o.recovery !== undefined && op.effect !== 'read')
      throw fail('RECOVERY_MODE', { reason: this.#o.recovery });
    if (needsKey(op) && !request.dryRun && !call.scope) throw fail('IDEMPOTENCY_KEY_MISSING', { operation: op.id });
    if (request.dryRun) return await this.#plan(call);
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
      policyHash: '',
      approval: undefined,
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

  async #once(call: Call): Promise<InvokeResult> {
    const stored = call.scope && !call.approval ? this.#o.idempotency.find(call.scope, call.inputHash) : undefined;
    if (stored) {
      const answer = this.#replay(stored);
      if (answer) return answer;
    }
    await this.#decide(call);
    if (call.op.read) return await this.#read(call);
    if (call.op.apply) return await this.#apply(call);
    return await this.#perform(call);
  }

  /** The stored answer of a key, an error for one that cannot be given, or nothing when the call may run again. */
  #replay(row: NonNullable<ReturnType<Idempotency['find']>>): InvokeResult | undefined {
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
        throw this.#parkedError(row.approval_id!);
    }
  }

  #parkedError(approvalId: string): JinguError {
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

  async #decide(call: Call): Promise<void> {
    const { op, caller } = call;
    call.facts = (await op.facts?.(this.#context(call), call.input)) ?? { targets: [] };
    const approved = call.approval !== undefined;
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
    if (approved) this.#assertSameAction(call);
    else if (decision.verdict === 'ask') throw await this.#park(call, decision.ruleIds);
  }

  /** Recomputed from live values: a changed argument, document version, label or policy voids the approval. */
  #assertSameAction(call: Call): void {
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
      diffHash: digestOf(facts.diff ?? ''),
      label: caller.label,
      policyHash: call.policyHash,
      caller: { personId: caller.personId, agent: caller.agent, taskId: caller.taskId },
    };
  }

  async #park(call: Call, ruleIds: readonly string[]): Promise<JinguError> {
    const { op, caller, scope } = call;
    if (!scope) return fail('IDEMPOTENCY_KEY_MISSING', { operation: op.id });
    const card: Card = {
      title: op.summary.en,
      operation: op.id,
      risk: op.risk,
      targets: call.facts.targets,
      ruleIds,
      ...(call.facts.effect ? { effect: call.facts.effect } : { effect: op.summary }),
      ...(call.facts.diff === undefined ? {} : { diff: call.facts.diff }),
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
      this.#record(tx, call, 'approval-requested', { approvalId: parked.id, actionHash: parked.action_hash });
      return parked;
    });
    return this.#parkedError(row.id);
  }

  async #waitFor(call: Call, pending: JinguError, timeoutMs = WAIT_DEFAULT_MS): Promise<InvokeResult> {
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
    const row = this.#o.idempotency.find(call.scope!, call.inputHash);
    const answer = row && this.#replay(row);
    if (!answer) throw pending;
    return answer;
  }

  async #plan(call: Call): Promise<InvokeResult> {
    const { op } = call;
    if (!op.dryRun && !op.plan && !op.facts)
      throw fail('INPUT_INVALID', { pointer: '/dryRun', reason: `${op.id} has no dry run` });
    const ctx = this.#context(call);
    call.facts = (await op.facts?.(ctx, call.input)) ?? { targets: [] };
    const prepared = await op.prepare?.(ctx, call.input);
    const plan = (await op.plan?.(ctx, call.input, prepared)) ?? { ...call.facts };
    return { output: null, callId: call.callId, plan, label: call.label };
  }

  async #read(call: Call): Promise<InvokeResult> {
    const { op } = call;
    const output = await op.read!(this.#context(call), call.input);
    if (op.audited) await this.#o.db.write((tx) => this.#record(tx, call, 'read', { output: summaryOf(op, output) }));
    return this.#result(call, output, undefined);
  }

  async #apply(call: Call): Promise<InvokeResult> {
    const { op, scope } = call;
    const { db, idempotency, identity } = this.#o;
    let prepared: unknown;
    try {
      prepared = await op.prepare?.(this.#context(call), call.input);
      return await db.write((tx) => {
        // The caller may have been revoked while it prepared; and the same key may have won on another device.
        identity.assertCurrent(call.caller);
        const raced = scope && !call.approval ? idempotency.findIn(tx, scope, call.inputHash) : undefined;
        const answer = raced && this.#replay(raced);
        if (answer) return answer;
        const undo: { input?: Record<string, unknown> } = {};
        const output = op.apply!(this.#writeContext(call, tx, undo), call.input, prepared);
        return this.#commit(tx, call, 'call', output, undo.input);
      });
    } catch (error) {
      throw isJinguError(error) ? await this.#refused(call, error) : error;
    }
  }

  async #perform(call: Call): Promise<InvokeResult> {
    const { op, scope } = call;
    const { db, idempotency } = this.#o;
    const prepared = await op.prepare?.(this.#context(call), call.input);
    await db.write((tx) => {
      this.#o.identity.assertCurrent(call.caller);
      if (scope) idempotency.put(tx, scope, { inputHash: call.inputHash, callId: call.callId, state: 'running' });
      this.#record(tx, call, 'intent', {});
    });
    let output: unknown;
    try {
      output = await op.perform!(this.#context(call), call.input, prepared);
    } catch (error) {
      const why = isJinguError(error) ? error : fail('INTERNAL', { callId: call.callId }, error);
      await db.write((tx) => {
        const unknown = why.code === 'UNKNOWN_OUTCOME';
        this.#record(tx, call, 'outcome', { outcome: unknown ? 'unknown' : 'failed', code: why.code });
        if (!scope) return;
        // A clean failure leaves the key free: the same call may be made again.
        if (unknown) idempotency.put(tx, scope, { inputHash: call.inputHash, callId: call.callId, state: 'unknown' });
        else if (call.approval) {
          idempotency.put(tx, scope, {
            inputHash: call.inputHash,
            callId: call.callId,
            state: 'failed',
            outcome: { code: why.code, details: why.details },
          });
        } else idempotency.drop(tx, scope);
      });
      throw error;
    }
    return await db.write((tx) => {
      const undo: { input?: Record<string, unknown> } = {};
      op.settle?.(this.#writeContext(call, tx, undo), call.input, output);
      return this.#commit(tx, call, 'outcome', output, undo.input);
    });
  }

  /** Audit record, idempotency result and approval end, in the transaction of the change. */
  #commit(
    tx: Tx,
    call: Call,
    type: 'call' | 'outcome',
    output: unknown,
    undoInput: Record<string, unknown> | undefined,
  ): InvokeResult {
    const { op, scope } = call;
    const { seq } = this.#record(tx, call, type, {
      outcome: 'done',
      outputHash: digestOf(withoutSecrets(op.output, output)),
    });
    const result = this.#result(call, output, undoInput);
    if (scope) {
      const outcome = { ...result, output: withoutSecrets(op.output, output) };
      this.#o.idempotency.put(tx, scope, { inputHash: call.inputHash, callId: call.callId, state: 'done', outcome });
    }
    if (call.approval) this.#o.approvals.finish(tx, call.approval, 'executed', { callId: call.callId, auditSeq: seq });
    return result;
  }

  #result(call: Call, output: unknown, undoInput: Record<string, unknown> | undefined): InvokeResult {
    const { op } = call;
    const undo = undoInput && op.undo !== 'none' ? { operation: op.undo.by, input: undoInput } : undefined;
    return { output, callId: call.callId, label: call.label, ...(undo ? { undo } : {}) };
  }

  /** Writes the refusal in a transaction of its own (a rollback would erase the evidence) and hands the error back. */
  async #refused(call: Call, error: JinguError): Promise<JinguError> {
    await this.#o.db.write((tx) =>
      this.#record(tx, call, 'refused', { code: error.code, rule: error.details['ruleId'] ?? null }),
    );
    return error;
  }

  #record(tx: Tx, call: Call, type: string, more: Record<string, unknown>): { seq: number } {
    const { op, facts } = call;
    return this.#o.audit.append(tx, {
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
        ...(facts.diff === undefined ? {} : { diffHash: digestOf(facts.diff) }),
        ...(call.approval ? { approvalId: call.approval.id } : {}),
        ...more,
      },
    });
  }

  #context(call: Call): ReadContext {
    const { db, clock, log } = this.#o;
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
    };
  }

  #writeContext(call: Call, tx: Tx, undo: { input?: Record<string, unknown> }): WriteContext {
    return {
      ...this.#context(call),
      db: tx,
      tx,
      emit: (topic, kind, data) => this.#o.events.emit(tx, topic, kind, data),
      undoWith: (input) => {
        undo.input = input;
      },
    };
  }
}

/** Numbers and ids of an audited read; never its text. */
function summaryOf(op: AnyOperation, output: unknown): Record<string, unknown> {
  const visible = withoutSecrets(op.output, output);
  const kept: Record<string, unknown> = { hash: digestOf(visible) };
  for (const name of ['model', 'zone', 'usage'] as const) {
    const value = (visible as Record<string, unknown> | null)?.[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
