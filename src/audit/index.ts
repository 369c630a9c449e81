export { AuditLog, type AuditLogOptions, CHECKPOINT_EVENTS, CHECKPOINT_MS } from './audit-log.ts';
export type { NoteSigner, SignedCheckpoint } from './note.ts';
export { type AuditRoom, auditOperations } from './operations.ts';
export { type AuditEntry, type AuditInput, INTENT, OUTCOME } from './record.ts';
export { auditHeadIn, auditMigrations } from './repository.ts';
export { ExportVerifier, type Report as AuditReport } from './verify.ts';
