import type { Limits } from './rpc.ts';
import type { Role, Scope } from './scopes.ts';

/** Result of `session.connect`: everything a client needs to be right again after any absence. */
export interface Hello {
  /** The chosen protocol number. */
  protocol: number;
  server: { name: string; version: string; boxId: string };
  /** `signature` is by the identity key of the box over `helloText`. */
  session: { sessionId: string; expiresInMs: number; signature: string };
  /** Rights as granted by the box, whatever was asked for. */
  caller: { personId: string; personName: string; deviceId: string; roles: Role[]; scopes: Scope[] };
  /** Every operation id this caller's surface offers; details by `operation.describe`. */
  operations: string[];
  /** Digest of the registry: descriptions kept under it stay right while it is the same. */
  registry: string;
  /** Newest cursors of the topics most clients follow. */
  topics: { topic: string; epoch: string; seq: number }[];
  snapshot: {
    /** All open approvals and questions of this person, as `approval.list` shows them. */
    approvals: Record<string, unknown>[];
    /** Tasks that are not finished, as `task.list` shows them. */
    tasks: Record<string, unknown>[];
    health: 'ok' | 'degraded' | 'recovery';
  };
  /** Newest signed checkpoint of the audit log; the client keeps it and demands consistency next time. */
  auditHead: { note: string; size: number; root: string } | null;
  limits: Limits;
}
