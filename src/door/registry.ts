import { createHash } from 'node:crypto';
import { canonicalJson, fail, nearest } from '../common/index.ts';
import type { AnyOperation, Caller, Surface } from '../protocol/index.ts';

const ID = /^[a-z]+\.[a-z][a-zA-Z]*$/;

/**
 * Every capability of the box, declared once. Operations may be registered at run time; every surface reads the
 * registry at each call, so a new one is reachable at once.
 */
export class Registry {
  readonly #operations = new Map<string, AnyOperation>();
  #digest: string | undefined;

  /** Throws a plain Error on a declaration that breaks the contract: that is a programming fault, found at start. */
  register(...operations: readonly AnyOperation[]): void {
    for (const op of operations) {
      checkDeclaration(op);
      if (this.#operations.has(op.id)) throw new Error(`operation ${op.id} is declared twice`);
      this.#operations.set(op.id, op);
    }
    this.#digest = undefined;
  }

  /** Throws OPERATION_UNKNOWN, also for an operation this surface does not offer: existence is not leaked. */
  find(id: string, caller: Caller): AnyOperation {
    const op = this.#operations.get(id);
    if (op && offeredOn(op, caller.surface)) return op;
    const names = this.list().filter((o) => offeredOn(o, caller.surface));
    throw fail('OPERATION_UNKNOWN', {
      operation: id.slice(0, 100),
      nearest:
        nearest(
          id.slice(0, 100),
          names.map((o) => o.id),
        ) ?? 'operation.list',
    });
  }

  get(id: string): AnyOperation | undefined {
    return this.#operations.get(id);
  }

  list(): AnyOperation[] {
    return [...this.#operations.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Changes whenever a contract changes; clients keep what they described under it. */
  digest(): string {
    this.#digest ??= createHash('sha256')
      .update(canonicalJson(this.list().map(contractOf)))
      .digest('hex')
      .slice(0, 32);
    return this.#digest;
  }
}

/** The contract alone, as plain JSON (schemas are JSON Schema). */
export function contractOf(op: AnyOperation): Record<string, unknown> {
  const { facts, read, prepare, apply, perform, settle, plan, ...contract } = op;
  return JSON.parse(JSON.stringify(contract)) as Record<string, unknown>;
}

/** SHA-256 of input and output schema: part of an approval's action hash, so an update voids old approvals. */
export function schemaHash(op: AnyOperation): string {
  const schemas = JSON.parse(JSON.stringify({ input: op.input, output: op.output }));
  return createHash('sha256').update(canonicalJson(schemas)).digest('hex');
}

/** An empty list means: for the agent and the box itself only. */
export function offeredOn(op: AnyOperation, surface: Surface): boolean {
  if (op.surfaces === undefined || surface === 'internal') return true;
  switch (surface) {
    case 'ws':
      return op.surfaces.includes('ws');
    case 'rest':
    case 'v1':
      return op.surfaces.includes('rest');
    case 'console':
      return op.surfaces.includes('cli');
    case 'agent':
      return op.surfaces.length === 0 || op.surfaces.includes('agent');
  }
}

function checkDeclaration(op: AnyOperation): void {
  const wrong = (why: string) => new Error(`operation ${op.id}: ${why}`);
  if (!ID.test(op.id)) throw wrong('the id is not noun.verb');
  const ways = [op.read, op.apply, op.perform].filter(Boolean).length;
  if (ways !== 1) throw wrong('exactly one of read, apply, perform does the work');
  if ((op.effect === 'read') !== Boolean(op.read)) throw wrong('effect read goes with read() and only with it');
  if ((op.effect === 'read') !== (op.idempotency === 'natural')) throw wrong('everything but a read takes a key');
  if (op.effect !== 'read' && op.undo === 'none' && op.risk === 'low')
    throw wrong('no undo means at least medium risk');
  if (op.settle && !op.perform) throw wrong('settle() belongs to perform()');
}
