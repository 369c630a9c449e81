import { randomUUID } from 'node:crypto';
import Value from 'typebox/value';
import {
  type Clock,
  type Database,
  fail,
  type Reader,
  silentLogger,
  systemClock,
  type Tx,
} from '../../src/common/index.ts';
import {
  type AnyOperation,
  type Caller,
  type InvokeRequest,
  type InvokeResult,
  joinLabels,
  type Label,
  MOST_PREPARATIONS,
  PrepareAgain,
  PUBLIC_SYSTEM,
} from '../../src/protocol/index.ts';
import { deviceCaller } from './device-caller.ts';

export interface SeenEvent {
  topic: string;
  kind: string;
  data: Record<string, unknown>;
}

/**
 * A small stand-in for the door: validates input and output, then prepare and apply in one transaction of a real
 * store, or read. No policy, no approvals, no idempotency; the order of the real pipeline and its contexts are kept.
 */
export class MiniDoor {
  readonly events: SeenEvent[] = [];
  readonly calls: { operation: string; input: unknown; caller: Caller }[] = [];
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #operations = new Map<string, AnyOperation>();
  readonly #listeners = new Set<() => void>();

  constructor(db: Database, clock: Clock = systemClock) {
    this.#db = db;
    this.#clock = clock;
  }

  register(operations: readonly AnyOperation[]): void {
    for (const op of operations) this.#operations.set(op.id, op);
  }

  readonly invoke = async (caller: Caller, request: InvokeRequest): Promise<InvokeResult> => {
    const ends: (() => Promise<void>)[] = [];
    try {
      return await this.#invoke(caller, request, ends);
    } finally {
      for (const end of ends.splice(0)) await end();
    }
  };

  async #invoke(caller: Caller, request: InvokeRequest, ends: (() => Promise<void>)[]): Promise<InvokeResult> {
    const op = this.#operations.get(request.operation);
    if (!op) throw fail('OPERATION_UNKNOWN', { operation: request.operation, nearest: '' });
    if (!Value.Check(op.input, request.input)) {
      const [first] = Value.Errors(op.input, request.input);
      throw fail('INPUT_INVALID', { pointer: first?.instancePath ?? '', reason: first?.message ?? 'wrong' });
    }
    this.calls.push({ operation: request.operation, input: request.input, caller });
    const callId = `call_${randomUUID().replaceAll('-', '')}`;
    let label: Label = PUBLIC_SYSTEM;
    let undo: InvokeResult['undo'];
    const shared = {
      caller,
      callId,
      clock: this.#clock,
      log: silentLogger,
      signal: new AbortController().signal,
      raise: (l: Label) => {
        label = joinLabels(label, l);
      },
      stream: () => undefined,
      onEnd: (end: () => Promise<void>) => void ends.push(end),
    };
    const reading = { ...shared, db: this.#db as Reader };
    if (op.read) {
      const output: unknown = await op.read(reading, request.input);
      this.#checkOutput(op, output);
      return { output, callId, label };
    }
    await op.facts?.(reading, request.input);
    let prepared: unknown = await op.prepare?.(reading, request.input);
    if (request.dryRun) {
      const plan = op.plan ? await op.plan(reading, request.input, prepared) : undefined;
      return { output: null, callId, label, ...(plan ? { plan } : {}) };
    }
    const events: SeenEvent[] = [];
    const once = (): Promise<unknown> =>
      this.#db.write((tx: Tx) => {
        const result: unknown = op.apply?.(
          {
            ...shared,
            db: tx,
            tx,
            emit: (topic, kind, data) => events.push({ topic, kind, data }),
            undoWith: (input) => {
              if (op.undo !== 'none') undo = { operation: op.undo.by, input };
            },
          },
          request.input,
          prepared,
        );
        tx.afterCommit(() => {
          this.events.push(...events);
          for (const listener of this.#listeners) listener();
        });
        return result;
      });
    let output: unknown;
    for (let attempt = 1; ; attempt++) {
      try {
        output = await once();
        break;
      } catch (error) {
        for (const end of ends.splice(0)) await end();
        if (!(error instanceof PrepareAgain)) throw error;
        if (attempt === MOST_PREPARATIONS) throw error.reason;
        prepared = await op.prepare?.(reading, request.input);
      }
    }
    this.#checkOutput(op, output);
    return { output, callId, label, ...(undo ? { undo } : {}) };
  }

  /** Resolves with the first event, past or coming, that fits. */
  event(fits: (event: SeenEvent) => boolean): Promise<SeenEvent> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.events.find(fits);
        if (!found) return;
        this.#listeners.delete(look);
        resolve(found);
      };
      this.#listeners.add(look);
      look();
    });
  }

  #checkOutput(op: AnyOperation, output: unknown): void {
    if (Value.Check(op.output, output)) return;
    const [first] = Value.Errors(op.output, output);
    throw new Error(`${op.id} answered something its schema does not allow: ${first?.instancePath} ${first?.message}`);
  }
}

export function person(name = 'person_lin', more: Partial<Caller> = {}): Caller {
  return deviceCaller(name, {
    deviceId: 'device_phone',
    sessionId: 'session_1',
    roles: ['member', 'system-admin'],
    scopes: ['doc.read', 'doc.write', 'box.admin'],
    ...more,
  });
}

export function agentFor(task: string, name = 'person_lin'): Caller {
  return person(name, { kind: 'agent', surface: 'agent', agent: 'agent@box', taskId: task });
}
