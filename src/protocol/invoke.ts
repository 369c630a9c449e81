import type { Label } from './labels.ts';

/** The envelope of every call, on every surface. */
export interface InvokeRequest {
  operation: string;
  input: unknown;
  idempotencyKey?: string;
  confirm?: boolean;
  dryRun?: boolean;
  /** Hold the answer until a parked call is resolved, at most `timeoutMs` (default 30 s, at most 10 min). */
  wait?: boolean;
  timeoutMs?: number;
  traceparent?: string;
}

export interface InvokeResult {
  output: unknown;
  callId: string;
  /** The stored outcome of an earlier call with the same key. */
  replayed?: true;
  /** Present on `dryRun`: what would happen. `output` is null then. */
  plan?: Record<string, unknown>;
  label: Label;
  /** How to take this call back. */
  undo?: { operation: string; input: Record<string, unknown> };
}
