export {
  type ApprovalRow,
  type ApprovalState,
  Approvals,
  type Card,
  type QuestionOption,
} from './approvals.ts';
export type { DoorOptions } from './call.ts';
export { Door, type InvokeOptions } from './door.ts';
export type { EndedCall } from './ended.ts';
export { EventLog } from './event-log.ts';
export { Idempotency } from './idempotency.ts';
export { doorMigrations } from './migrations.ts';
export { approvalOperations } from './operations/approval.ts';
export { registryOperations } from './operations/operation.ts';
export type { AuditPort, IdentityPort, PolicyPort } from './ports.ts';
export { contractOf, offeredOn, Registry } from './registry.ts';
export { type TextDelta, type TextHandle, TextStreams } from './text-streams.ts';
export { type Cursor, type FollowSink, Topics } from './topics.ts';
export { explainMismatch, matches } from './validate.ts';
