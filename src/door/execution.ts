import { fail, isJinguError, type JinguError, type Tx } from '../common/index.ts';
import {
  type ActionFacts,
  type AnyOperation,
  type InvokeResult,
  MOST_PREPARATIONS,
  PrepareAgain,
} from '../protocol/index.ts';
import { type Call, type DoorOptions, end, readContext, record, writeContext } from './call.ts';
import { digestOf } from './digest.ts';
import type { KeyRow } from './idempotency.ts';
import { withoutSecrets } from './secrets.ts';

export interface ExecutionPorts {
  /** The stored answer of a key, an error for one that cannot be given, or nothing when the call may run again. */
  replay(row: KeyRow): InvokeResult | undefined;
  /** Puts a refusal on record and hands the error back. */
  refused(call: Call, error: JinguError): Promise<JinguError>;
}

/** What happens once policy has said yes: read, apply in one transaction, or perform between intent and outcome. */
export class Execution {
  readonly #o: DoorOptions;
  readonly #ports: ExecutionPorts;

  constructor(options: DoorOptions, ports: ExecutionPorts) {
    this.#o = options;
    this.#ports = ports;
  }

  async run(call: Call): Promise<InvokeResult> {
    if (call.op.read) return await this.#read(call);
    if (call.op.apply) return await this.#apply(call);
    return await this.#perform(call);
  }

  /** The exact plan of a dry run; nothing is changed. */
  async plan(call: Call): Promise<InvokeResult> {
    const { op } = call;
    if (!op.dryRun && !op.plan && !op.facts)
      throw fail('INPUT_INVALID', { pointer: '/dryRun', reason: `${op.id} has no dry run` });
    const ctx = readContext(this.#o, call);
    const prepared = await op.prepare?.(ctx, call.input);
    const plan = (await op.plan?.(ctx, call.input, prepared)) ?? (await shownFacts(call.facts));
    return { output: null, callId: call.callId, plan, label: call.label };
  }

  async #read(call: Call): Promise<InvokeResult> {
    const { op } = call;
    const output = await op.read!(readContext(this.#o, call), call.input);
    if (op.audited)
      await this.#o.db.write((tx) => record(this.#o.audit, tx, call, 'read', { output: summaryOf(op, output) }));
    return this.#result(call, output, undefined);
  }

  async #apply(call: Call): Promise<InvokeResult> {
    const { op, scope } = call;
    const { db, idempotency, identity } = this.#o;
    const once = async (): Promise<InvokeResult> => {
      const prepared = await op.prepare?.(readContext(this.#o, call), call.input);
      return await db.write((tx) => {
        // The caller may have been revoked while it prepared; and the same key may have won on another device.
        identity.assertCurrent(call.caller);
        const raced = scope && !call.approval ? idempotency.findIn(tx, scope, call.inputHash) : undefined;
        const answer = raced && this.#ports.replay(raced);
        if (answer) return answer;
        const undo: { input?: Record<string, unknown> } = {};
        const output = op.apply!(writeContext(this.#o, call, tx, undo), call.input, prepared);
        return this.#commit(tx, call, 'call', output, undo.input);
      });
    };
    for (let attempt = 1; ; attempt++) {
      try {
        return await once();
      } catch (error) {
        await end(call);
        if (error instanceof PrepareAgain && attempt < MOST_PREPARATIONS) continue;
        const why = error instanceof PrepareAgain ? error.reason : error;
        throw isJinguError(why) ? await this.#ports.refused(call, why) : why;
      }
    }
  }

  async #perform(call: Call): Promise<InvokeResult> {
    const { op, scope } = call;
    const { db, idempotency } = this.#o;
    const prepared = await op.prepare?.(readContext(this.#o, call), call.input);
    await db.write((tx) => {
      this.#o.identity.assertCurrent(call.caller);
      if (scope) idempotency.put(tx, scope, { inputHash: call.inputHash, callId: call.callId, state: 'running' });
      record(this.#o.audit, tx, call, 'intent', {});
    });
    let output: unknown;
    try {
      output = await op.perform!(readContext(this.#o, call), call.input, prepared);
    } catch (error) {
      const why = isJinguError(error) ? error : fail('INTERNAL', { callId: call.callId }, error);
      await db.write((tx) => {
        const unknown = why.code === 'UNKNOWN_OUTCOME';
        record(this.#o.audit, tx, call, 'outcome', { outcome: unknown ? 'unknown' : 'failed', code: why.code });
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
      op.settle?.(writeContext(this.#o, call, tx, undo), call.input, output);
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
    const { seq } = record(this.#o.audit, tx, call, type, {
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
}

/** Facts as the plan of an operation that has no other. */
async function shownFacts({ diff, ...facts }: ActionFacts): Promise<Record<string, unknown>> {
  return { ...facts, ...(diff ? { diff: await diff() } : {}) };
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
